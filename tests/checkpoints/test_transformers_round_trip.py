"""transformers -> kerasbert -> transformers, for every head."""

import json

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import numpy as np
import transformers_models as models
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasbert
from kerasbert.checkpoints.huggingface import ACTIVATIONS

KINDS = list(models.CLASSES)


def round_trip(folder, kind, **fields):
    """Loads a random model of theirs, compares, writes it and lets them load it again."""
    theirs = models.random_model("Bert", kind, **fields)
    models.save(theirs, folder / "theirs")
    ours = models.CLASSES[kind].from_preset(folder / "theirs")
    assert not ours.load_report.initialized
    assert not ours.load_report.ignored
    inputs = models.tokens(theirs, choices=2 if kind == "ForMultipleChoice" else None)
    models.check_equal_outputs(theirs, ours, inputs)
    ours.save_to_preset(folder / "ours")
    again = models.load_strictly("Bert", kind, folder / "ours")
    # Without tied weights a second bias is stored, which nothing reads.
    unread = () if fields.get("tie_word_embeddings", True) else ("cls.predictions.bias",)
    models.check_equal_tensors(theirs, again, unread)
    return theirs, ours, again


@pytest.mark.parametrize("kind", KINDS)
def test_every_head_there_and_back(tmp_path, kind):
    round_trip(tmp_path, kind, **models.SIZES)


@st.composite
def configs(draw):
    """Small configs that differ in every field."""
    heads = draw(st.integers(1, 3))
    fields = {
        "vocab_size": draw(st.integers(6, 40)),
        "num_attention_heads": heads,
        "hidden_size": heads * draw(st.integers(4, 7)),  # a norm over one number is noise
        "num_hidden_layers": draw(st.integers(1, 3)),
        "intermediate_size": draw(st.integers(1, 20)),
        "max_position_embeddings": draw(st.integers(8, 40)),
        "type_vocab_size": draw(st.integers(1, 4)),
        "hidden_act": draw(
            st.sampled_from(["gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "tanh"])
        ),
        "layer_norm_eps": draw(st.sampled_from([1e-12, 1e-5, 1e-3, 0.1])),
        "hidden_dropout_prob": draw(st.sampled_from([0.0, 0.1, 0.4])),
        "attention_probs_dropout_prob": draw(st.sampled_from([0.0, 0.2])),
        "classifier_dropout": draw(st.sampled_from([None, 0.0, 0.3])),
        "initializer_range": draw(st.sampled_from([0.02, 0.5])),
        "chunk_size_feed_forward": draw(st.sampled_from([0, 1])),
        "tie_word_embeddings": draw(st.booleans()),
        "num_labels": draw(st.integers(1, 4)),
        "problem_type": draw(
            st.sampled_from([None, "single_label_classification", "multi_label_classification", "regression"])
        ),
    }
    return fields


# Fields that only some heads read; all others matter to every model. `chunk_size_feed_forward` says how, not
# what is computed.
READ_BY = {
    "tie_word_embeddings": ("ForMaskedLM", "ForPreTraining"),
    "classifier_dropout": ("ForSequenceClassification", "ForTokenClassification", "ForMultipleChoice"),
    "num_labels": ("ForSequenceClassification", "ForTokenClassification"),
    "problem_type": ("ForSequenceClassification",),
    "chunk_size_feed_forward": (),
}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None, derandomize=True, report_multiple_bugs=False)
@given(fields=configs())
def test_every_config_field_there_and_back(tmp_path_factory, kind, fields):
    if fields["num_labels"] == 1 and fields["problem_type"] == "single_label_classification":
        fields["problem_type"] = None
    if kind in ("ForTokenClassification", "ForQuestionAnswering"):
        fields["num_labels"] = 2  # a class alone is no task; a span has a start and an end
    theirs, _, again = round_trip(tmp_path_factory.mktemp("it"), kind, **fields)
    for name in fields:
        if kind in READ_BY.get(name, KINDS):
            one, two = (effective(model.config, name) for model in (theirs, again))
            assert one == two, name


def effective(config, name):
    """What a field of theirs comes to, where None stands for something else."""
    value = getattr(config, name)
    if name == "classifier_dropout" and value is None:
        return config.hidden_dropout_prob
    if name == "num_labels":
        return config.id2label
    if name == "problem_type" and value is None:
        return "regression" if config.num_labels == 1 else "single_label_classification"
    return ACTIVATIONS[value] if name == "hidden_act" else value


@pytest.mark.parametrize("kind", ["ForMaskedLM", "ForPreTraining", "ForQuestionAnswering"])
def test_a_config_of_the_first_years_names_no_class(tmp_path, kind):
    theirs = models.random_model("Bert", kind, **models.SIZES)
    models.save(theirs, tmp_path)
    path = tmp_path / "config.json"
    known = ["attention_probs_dropout_prob", "hidden_act", "hidden_dropout_prob", "initializer_range"]
    known += [*models.SIZES, "type_vocab_size"]  # as BioBERT's and BERT's own
    config = json.loads(path.read_text())
    path.write_text(json.dumps({name: config[name] for name in known}))
    ours = models.CLASSES[kind].from_preset(tmp_path)
    assert not ours.load_report.initialized
    models.check_equal_outputs(theirs, ours, models.tokens(theirs))


def test_a_chinese_bert(tmp_path, shared_data):
    theirs = models.random_model("Bert", "ForMaskedLM", **models.SIZES | {"vocab_size": 21128})
    theirs.save_pretrained(tmp_path)
    vocabulary = shared_data / "vocab" / "chinese_L-12_H-768_A-12.vocab.txt"
    (tmp_path / "vocab.txt").write_bytes(vocabulary.read_bytes())
    task = kerasbert.BertMaskedLM.from_preset(tmp_path)
    tokens = task.tokenizer(["，北京是[MASK]国的首都。"])
    assert [int(i) for i in tokens["token_ids"][0][:4]] == [101, 8024, 1266, 776]
    models.check_equal_outputs(theirs, task, {name: np.asarray(value) for name, value in tokens.items()})
