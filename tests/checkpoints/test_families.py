"""Relatives of BERT: the same encoder under other names, there and back."""

import warnings

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import numpy as np
import transformers_models as models

import kerasbert
from kerasbert.layers.positions import relative_buckets

DISTILBERT_SIZES = {
    "vocab_size": 30,
    "dim": 8,
    "n_layers": 2,
    "n_heads": 2,
    "hidden_dim": 12,
    "max_position_embeddings": 20,
}
FAMILIES = {
    "Roberta": models.SIZES | {"pad_token_id": 1, "type_vocab_size": 1, "hidden_dropout_prob": 0.2},
    "DistilBert": DISTILBERT_SIZES,
    "Electra": models.SIZES | {"embedding_size": 6},
    "MPNet": models.SIZES | {"hidden_dropout_prob": 0.2},
    "Albert": models.SIZES | {"embedding_size": 6, "num_hidden_layers": 3},
}
_WITHOUT_NEXT_SENTENCE = [
    kind for kind in models.CLASSES if kind not in ("ForPreTraining", "ForNextSentencePrediction")
]
KINDS = {
    "Roberta": _WITHOUT_NEXT_SENTENCE,
    "DistilBert": _WITHOUT_NEXT_SENTENCE,
    "MPNet": _WITHOUT_NEXT_SENTENCE,
    "Albert": [kind for kind in models.CLASSES if kind != "ForNextSentencePrediction"],
    "Electra": ["Model", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering"],
}


@pytest.mark.slow_after(3)
@pytest.mark.parametrize(("family", "kind"), [(f, kind) for f, kinds in KINDS.items() for kind in kinds])
def test_every_head_there_and_back(tmp_path, family, kind):
    theirs = models.random_model(family, kind, **FAMILIES[family])
    models.save(theirs, tmp_path / "theirs")
    options = {} if kind == "Model" else {"tokenizer": None}
    ours = models.CLASSES[kind].from_preset(tmp_path / "theirs", **options)
    assert not ours.load_report.initialized
    assert not ours.load_report.ignored
    inputs = models.tokens(theirs, choices=2 if kind == "ForMultipleChoice" else None)
    models.check_equal_outputs(theirs, ours, inputs, at_tokens_only=True)
    ours.save_to_preset(tmp_path / "ours")
    again = models.load_strictly(family, kind, tmp_path / "ours")
    models.check_equal_tensors(theirs, again)
    dropouts = {"DistilBert": ["seq_classif_dropout"], "Albert": ["classifier_dropout_prob"]}
    for field in [*FAMILIES[family], *dropouts.get(family, [])]:
        assert getattr(again.config, field) == getattr(theirs.config, field), field


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("activation", ["gelu_new", "relu"])
def test_activation_and_untied_weights(tmp_path, family, activation):
    name = "activation" if family == "DistilBert" else "hidden_act"
    kind = "ForSequenceClassification" if family == "Electra" else "ForMaskedLM"
    fields = FAMILIES[family] | {"tie_word_embeddings": False}
    if family not in (
        "Roberta",
        "MPNet",
    ):  # whose masked language models compute gelu whatever the config says
        fields |= {name: activation}
    theirs = models.random_model(family, kind, **fields)
    models.save(theirs, tmp_path / "theirs")
    ours = models.CLASSES[kind].from_preset(tmp_path / "theirs", tokenizer=None)
    models.check_equal_outputs(theirs, ours, models.tokens(theirs), at_tokens_only=True)
    ours.save_to_preset(tmp_path / "ours")
    again = models.load_strictly(family, kind, tmp_path / "ours")
    models.check_equal_tensors(theirs, again, but=("lm_head.bias", "predictions.bias"))


@pytest.mark.parametrize(("family", "embedding_dim"), [("Electra", None), ("Albert", 8)])
def test_as_wide_as_its_embeddings(tmp_path, family, embedding_dim):
    theirs = models.random_model(family, "Model", **models.SIZES, embedding_size=8)
    models.save(theirs, tmp_path)
    encoder = kerasbert.BertEncoder.from_preset(tmp_path)
    assert encoder.config.embedding_dim == embedding_dim  # ALBERT projects even then
    models.check_equal_outputs(theirs, encoder, models.tokens(theirs))


def test_an_electra_discriminators_own_head_is_reported(tmp_path):
    theirs = models.random_model("Electra", "ForPreTraining", **FAMILIES["Electra"])
    models.save(theirs, tmp_path)
    with pytest.warns(UserWarning, match="no place for discriminator_predictions.* and 3 more"):
        encoder = kerasbert.BertEncoder.from_preset(tmp_path)
    inputs = models.tokens(theirs)
    expected = models.their_outputs(theirs.electra, inputs)["sequence_output"].detach().numpy()
    np.testing.assert_allclose(encoder(inputs)["sequence_output"], expected, atol=1e-5)


def test_a_roberta_masked_lm_with_another_activation_is_refused(tmp_path):
    theirs = models.random_model("Roberta", "ForMaskedLM", **FAMILIES["Roberta"], hidden_act="relu")
    models.save(theirs, tmp_path)
    with pytest.raises(ValueError, match="hidden_act='relu'"):
        kerasbert.BertMaskedLM.from_preset(tmp_path, tokenizer=None)


def test_a_new_classifier_on_a_distilbert_gets_a_new_pooler(tmp_path):
    theirs = models.random_model("DistilBert", "Model", **DISTILBERT_SIZES)
    models.save(theirs, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        task = kerasbert.BertTextClassifier.from_preset(tmp_path, labels=["a", "b"])
    assert np.std(task.encoder.pooler.dense.kernel) > 0.01
    assert task.encoder.config.pooler_activation == "relu"


def test_relative_positions_are_those_of_mpnet():
    bucket = models.transformers.models.mpnet.modeling_mpnet.MPNetEncoder.relative_position_bucket
    expected = bucket(models.torch.arange(-600, 601))
    np.testing.assert_array_equal(relative_buckets(32, 600), expected.numpy())


@pytest.mark.parametrize(
    ("family", "field"),
    [("MPNet", {"relative_attention_num_buckets": 16}), ("Albert", {"num_hidden_groups": 2})],
)
def test_what_a_family_has_no_weights_for_is_refused(tmp_path, family, field):
    theirs = models.random_model(family, "Model", **FAMILIES[family] | field)
    models.save(theirs, tmp_path)
    with pytest.raises(ValueError, match=f"`{next(iter(field))}` must be"):
        kerasbert.BertEncoder.from_preset(tmp_path)


def test_a_lone_order_of_sentences_has_no_class_in_transformers(tmp_path):
    theirs = models.random_model("Albert", "ForPreTraining", **FAMILIES["Albert"])
    models.save(theirs, tmp_path / "theirs")
    task = kerasbert.BertNextSentencePredictor.from_preset(tmp_path / "theirs", tokenizer=None)
    inputs = models.tokens(theirs)
    expected = models.their_outputs(theirs, inputs)["next_sentence"].detach().numpy()
    np.testing.assert_allclose(task(inputs), expected, atol=1e-5)
    with pytest.raises(ValueError, match="Albert family cannot have this `heads`"):
        task.save_to_preset(tmp_path / "ours")
