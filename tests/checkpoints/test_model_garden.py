"""Checkpoints of TensorFlow's Model Garden, in every layout that its releases wrote."""

import dataclasses
import warnings

import model_garden_files as garden
import numpy as np
import pytest

import kerasbert
from kerasbert.checkpoints import open_checkpoint

ROOTS = ["encoder/", "model/", "model/encoder_network/", "model/layer_with_weights-0/", ""]


@pytest.fixture
def encoder(config):
    """Random weights, biases and norms too. gelu is the tanh form in the Model Garden."""
    return random_encoder(dataclasses.replace(config, activation="gelu_tanh"))


def random_encoder(config):
    encoder = kerasbert.BertEncoder(config)
    for i, weight in enumerate(encoder.weights):
        weight.assign(np.random.default_rng(i).normal(size=weight.shape))
    return encoder


def check_same_weights(found, expected):
    assert set(found) == set(expected)
    for path, value in found.items():
        np.testing.assert_array_equal(value, expected[path], err_msg=path)


def load(task_class, folder, **options):
    """Loads without the warning about other heads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        options |= {} if task_class is kerasbert.BertEncoder else {"tokenizer": None}
        return task_class.from_preset(folder, **options)


def names(tensors):
    return sorted(name + garden.END for name in tensors)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("embedding_dim", [None, 4])
@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("root", ROOTS)
def test_an_encoder_in_every_layout(tmp_path, encoder, root, numbered, embedding_dim):
    encoder = random_encoder(dataclasses.replace(encoder.config, embedding_dim=embedding_dim))
    tensors = garden.encoder_tensors(encoder, root, numbered)
    found = kerasbert.BertEncoder.from_preset(garden.write(tmp_path, encoder.config, tensors))
    assert found.config == encoder.config
    check_same_weights(found.weight_values(), encoder.weight_values())
    assert not found.load_report.ignored
    assert not found.load_report.renamed


def test_the_old_name_of_the_attentions_output(tmp_path, encoder):
    tensors = garden.encoder_tensors(encoder, old=True)
    found = kerasbert.BertEncoder.from_preset(garden.write(tmp_path, encoder.config, tensors))
    check_same_weights(found.weight_values(), encoder.weight_values())
    assert sorted(found.load_report.renamed) == names(n for n in tensors if "_attention_output_dense" in n)


def test_positions_are_extended(tmp_path, encoder):
    garden.write(tmp_path, encoder.config, garden.encoder_tensors(encoder))
    found = kerasbert.BertEncoder.from_preset(tmp_path, extend_positions_to=20)
    table = np.asarray(found.named_weights()["encoder/embeddings/position_embedding/embeddings"])
    assert table.shape == (20, 8)
    np.testing.assert_array_equal(
        table[:16], encoder.weight_values()["encoder/embeddings/position_embedding/embeddings"]
    )


def pretrainer_tensors(encoder, numbered, root, masked_lm, pooler, own_pooler=True):
    """An encoder beside the heads of pre-training, with what they share stored under their names."""
    own = f"{root}layer_with_weights-6/" if numbered else f"{root}_pooler_layer/"
    table = f"{root}{'layer_with_weights-0' if numbered else '_embedding_layer'}/embeddings"
    tensors = garden.encoder_tensors(encoder, root, numbered)
    assert table in tensors
    kept = {
        name: value
        for name, value in tensors.items()
        if name != table and (own_pooler or not name.startswith(own))
    }
    tensors = kept | garden.masked_lm_tensors(encoder, masked_lm) | garden.dense(pooler, 8, 8, seed=9)
    return tensors, own


PRETRAINERS = [
    (True, "encoder/", "masked_lm", "next_sentence..pooler_dense"),
    (False, "encoder/", "masked_lm", "next_sentence..pooler_dense"),
    (True, "model/encoder_network/", "model/masked_lm", "model/classification_heads/0/dense"),
    (False, "model/encoder_network/", "model/masked_lm", "model/classification_heads/0/dense"),
]


@pytest.mark.parametrize(("numbered", "root", "masked_lm", "pooler"), PRETRAINERS)
def test_the_heads_of_pretraining(tmp_path, encoder, numbered, root, masked_lm, pooler):
    tensors, own = pretrainer_tensors(encoder, numbered, root, masked_lm, pooler)
    logits = garden.dense("model/classification_heads/0/out_proj", 8, 2)
    garden.write(tmp_path, encoder.config, tensors | logits)
    assert open_checkpoint(tmp_path).heads == ("masked_lm", "next_sentence")
    with pytest.warns(UserWarning, match="no place for .* and 1 more"):  # the pooler that was never trained
        found = kerasbert.BertPretrainer.from_preset(tmp_path, tokenizer=None)
    assert sorted(found.load_report.ignored) == names([f"{own}bias", f"{own}kernel"])
    assert not found.load_report.initialized
    expected = encoder.weight_values() | {
        "encoder/pooler/dense/kernel": tensors[f"{pooler}/kernel"],
        "encoder/pooler/dense/bias": tensors[f"{pooler}/bias"],
        "masked_lm/dense/kernel": tensors[f"{masked_lm}/dense/kernel"],
        "masked_lm/dense/bias": tensors[f"{masked_lm}/dense/bias"],
        "masked_lm/layer_norm/gamma": tensors[f"{masked_lm}/layer_norm/gamma"],
        "masked_lm/layer_norm/beta": tensors[f"{masked_lm}/layer_norm/beta"],
        "masked_lm/output_bias": tensors[f"{masked_lm}/output_bias.Sbias"],
        "next_sentence/logits/kernel": logits["model/classification_heads/0/out_proj/kernel"],
        "next_sentence/logits/bias": logits["model/classification_heads/0/out_proj/bias"],
    }
    check_same_weights(found.weight_values(), expected)
    assert list(found.load_report.renamed) == names([f"{masked_lm}/embedding_table"])


@pytest.mark.parametrize(("classes", "pooled"), [(3, True), (2, False)])
def test_another_head_beside_the_masked_language_model(tmp_path, encoder, classes, pooled):
    tensors, _ = pretrainer_tensors(encoder, *PRETRAINERS[0])
    tensors = {n: v for n, v in tensors.items() if pooled or not n.startswith("next_sentence")}
    tensors |= garden.dense("model/classification_heads/0/out_proj", 8, classes)
    garden.write(tmp_path, encoder.config, tensors)
    assert open_checkpoint(tmp_path).heads == ("masked_lm",)


def test_without_the_last_layer_the_encoders_own_pooler_is_taken(tmp_path, encoder):
    tensors, _ = pretrainer_tensors(encoder, *PRETRAINERS[0])
    garden.write(tmp_path, encoder.config, tensors)
    assert open_checkpoint(tmp_path).heads == ("masked_lm",)
    found = load(kerasbert.BertEncoder, tmp_path)
    check_same_weights(found.weight_values(), encoder.weight_values())
    pooler = "next_sentence..pooler_dense"
    assert set(names([f"{pooler}/bias", f"{pooler}/kernel"])) < set(found.load_report.ignored)


def test_a_shared_pooler_is_found_under_the_heads_name(tmp_path, encoder):
    tensors, _ = pretrainer_tensors(encoder, *PRETRAINERS[0], own_pooler=False)
    garden.write(tmp_path, encoder.config, tensors)
    found = load(kerasbert.BertEncoder, tmp_path).weight_values()
    np.testing.assert_array_equal(
        found["encoder/pooler/dense/kernel"], tensors["next_sentence..pooler_dense/kernel"]
    )


def test_an_encoder_without_a_pooler(tmp_path, encoder):
    tensors = garden.encoder_tensors(encoder, numbered=False)
    garden.write(
        tmp_path, encoder.config, {n: v for n, v in tensors.items() if not n.startswith("encoder/_pooler")}
    )
    found = kerasbert.BertEncoder.from_preset(tmp_path)
    assert found.pooler is None
    assert not found.load_report.ignored


def test_the_masked_language_model_of_factorised_embeddings_is_left_out(tmp_path, encoder):
    encoder = random_encoder(dataclasses.replace(encoder.config, embedding_dim=4))
    tensors, _ = pretrainer_tensors(encoder, False, "encoder/", "masked_lm", "next_sentence..pooler_dense")
    tensors["masked_lm/dense/kernel"] = tensors["masked_lm/dense/kernel"][:, :4]
    garden.write(tmp_path, encoder.config, tensors)
    assert open_checkpoint(tmp_path).heads == ()
    check_same_weights(load(kerasbert.BertEncoder, tmp_path).weight_values(), encoder.weight_values())


FINE_TUNED = {
    "classifier": (kerasbert.BertTextClassifier, "out_proj", 2),
    "old classifier": (kerasbert.BertTextClassifier, "layer_with_weights-0", 3),
    "tokens": (kerasbert.BertTokenClassifier, "", 3),
    "span": (kerasbert.BertQuestionAnswerer, "layer_with_weights-0", 2),
}


@pytest.mark.parametrize("kind", FINE_TUNED)
@pytest.mark.parametrize("root", ["encoder/", "model/layer_with_weights-0/"])
def test_heads_of_fine_tuning(tmp_path, encoder, root, kind):
    task_class, name, classes = FINE_TUNED[kind]
    name = f"model/layer_with_weights-1/{name}".rstrip("/")
    logits = garden.dense(name, 8, classes)
    tensors = garden.encoder_tensors(encoder, root, numbered=kind != "span") | logits
    garden.write(tmp_path, encoder.config, tensors)
    found = task_class.from_preset(tmp_path, tokenizer=None)
    assert not found.load_report.initialized
    ours = f"{found.head_names[0]}/logits"
    expected = {f"{ours}/kernel": logits[f"{name}/kernel"], f"{ours}/bias": logits[f"{name}/bias"]}
    of_encoder = {n: v for n, v in encoder.weight_values().items() if n in found.named_weights()}
    check_same_weights(found.weight_values(), of_encoder | expected)
    if kind != "span":
        assert found.labels == tuple(f"LABEL_{i}" for i in range(classes))


@pytest.mark.parametrize("pooler", ["sentence_prediction..pooler_dense", "model/layer_with_weights-1/dense"])
def test_a_classifiers_own_pooler(tmp_path, encoder, pooler):
    own = garden.dense(pooler, 8, 8, seed=3)
    tensors = garden.encoder_tensors(encoder) | own
    tensors |= garden.dense("model/layer_with_weights-1/out_proj", 8, 3)
    garden.write(tmp_path, encoder.config, tensors)
    found = load(kerasbert.BertTextClassifier, tmp_path)
    np.testing.assert_array_equal(found.encoder.pooler.dense.kernel, own[f"{pooler}/kernel"])
    assert len(found.load_report.ignored) == 2


def test_what_has_two_readings_is_left_out_and_reported(tmp_path, encoder):
    head = "model/layer_with_weights-1/layer_with_weights-0"
    ambiguous = garden.dense(head, 8, 2)
    old_pretrainer = garden.dense(head, 8, 8) | garden.dense("model/layer_with_weights-2/dense", 8, 8)
    other_head = garden.dense("model/classification_heads/0/out_proj", 8, 2)
    other_head |= garden.dense("model/classification_heads/0/dense", 8, 8)
    for i, extra in enumerate((ambiguous, old_pretrainer, other_head)):
        garden.write(tmp_path / str(i), encoder.config, garden.encoder_tensors(encoder) | extra)
        assert open_checkpoint(tmp_path / str(i)).heads == ()
        with pytest.warns(UserWarning, match="Some weights were not loaded"):
            found = kerasbert.BertEncoder.from_preset(tmp_path / str(i))
        assert list(found.load_report.ignored) == names(extra)


def test_an_encoder_there_must_be_and_one_only(tmp_path, encoder):
    tensors = garden.encoder_tensors(encoder)
    garden.write(tmp_path / "none", encoder.config, {"model/dense/kernel": np.ones((2, 2), "float32")})
    garden.write(tmp_path / "two", encoder.config, tensors | garden.encoder_tensors(encoder, "other/"))
    with pytest.raises(ValueError, match=r"must hold one encoder of BERT.*encoders=\[\]"):
        kerasbert.BertEncoder.from_preset(tmp_path / "none")
    with pytest.raises(ValueError, match=r"encoders=\['encoder/', 'other/'\]"):
        kerasbert.BertEncoder.from_preset(tmp_path / "two")


def shorten(tensors, name):
    return tensors | {name: tensors[name][:5]}


def drop(tensors, name):
    return {n: v for n, v in tensors.items() if n != name}


DAMAGES = {
    "shape": (
        lambda t: shorten(t, "encoder/layer_with_weights-1/embeddings"),
        r"layer_with_weights-1/embeddings.*\(16, 8\).*\(5, 8\)",
    ),
    "missing": (
        lambda t: drop(t, "encoder/layer_with_weights-5/_output_dense/bias"),
        "must hold every weight.*layer_with_weights-5/_output_dense/bias",
    ),
    "cut": (lambda t: t, "complete TensorFlow"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_leaves_an_encoder_untouched(tmp_path, encoder, damage):
    change, message = DAMAGES[damage]
    before = encoder.weight_values()
    tensors = {name: value + 1 for name, value in garden.encoder_tensors(encoder).items()}
    garden.write(tmp_path, encoder.config, change(tensors), bookkeeping=False)
    if damage == "cut":
        data = tmp_path / "bert_model.ckpt-1.data-00000-of-00001"
        data.write_bytes(data.read_bytes()[:-100])
    with pytest.raises(ValueError, match=message):
        encoder.load_preset(tmp_path)
    check_same_weights(encoder.weight_values(), before)
