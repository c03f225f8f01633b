"""The loss that `compile()` chooses, and its gradients, against transformers'."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import numpy as np
import tensorflow as tf
import torch
import transformers_models as models

from kerasbert.checkpoints.families import ALBERT, BERT, MPNET
from kerasbert.checkpoints.huggingface import places_of

PROBLEMS = ("single_label_classification", "multi_label_classification", "regression")
CASES = [(kind, None) for kind in models.CLASSES if kind not in ("Model", "ForSequenceClassification")]
CASES += [("ForSequenceClassification", problem) for problem in PROBLEMS]
# Their argument -> our output.
LABELS = {
    "start_positions": "start",
    "end_positions": "end",
    "labels": "masked_lm",
    "next_sentence_label": "next_sentence",
}


def random_labels(kind, problem):
    """Labels of three rows of seven tokens, by their names."""
    random = np.random.default_rng(0)
    tokens = random.integers(0, 2, (3, 7))
    tokens[:, [0, 3]] = -100  # do not count
    if kind == "ForQuestionAnswering":
        return {name: random.integers(0, 5, 3) for name in ("start_positions", "end_positions")}
    if kind == "ForPreTraining":
        return {"labels": tokens, "next_sentence_label": random.integers(0, 2, 3)}
    if kind in ("ForMaskedLM", "ForTokenClassification"):
        return {"labels": tokens}
    if problem == "multi_label_classification":
        return {"labels": random.integers(0, 2, (3, 3)).astype("float32")}
    if problem == "regression":
        return {"labels": random.normal(size=(3, 3)).astype("float32")}
    return {"labels": random.integers(0, 2, 3)}


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(("kind", "problem"), CASES)
def test_loss_and_gradients(tmp_path, kind, problem):
    fields = {} if problem is None else {"problem_type": problem, "num_labels": 3}
    theirs = models.random_model("Bert", kind, **models.SIZES, **fields)
    models.save(theirs, tmp_path)
    ours = models.CLASSES[kind].from_preset(tmp_path)
    inputs = models.tokens(theirs, choices=2 if kind == "ForMultipleChoice" else None)
    labels = random_labels(kind, problem)

    named = {name: torch.tensor(value) for name, value in labels.items()}
    expected = models.their_outputs(theirs, inputs, **named)["loss"]
    y = {LABELS[name]: tf.constant(value) for name, value in labels.items()}
    compare(ours, theirs, inputs, y if len(y) > 1 else next(iter(y.values())), expected)


def test_masked_positions_alone(tmp_path):
    """Gathered before the product with the vocabulary: the same loss and gradients."""
    theirs = models.random_model("Bert", "ForPreTraining", **models.SIZES)
    models.save(theirs, tmp_path)
    ours = models.CLASSES["ForPreTraining"].from_preset(tmp_path)
    inputs = models.tokens(theirs)
    positions = np.array([[1, 2, 0, 0], [4, 5, 6, 0], [3, 0, 0, 0]])  # 0 where there is none
    ids = np.array([[3, 8, -100, -100], [1, 1, 9, -100], [5, -100, -100, -100]])
    labels = {"labels": np.full((3, 7), -100), "next_sentence_label": np.array([0, 1, 1])}
    for row, places, values in zip(labels["labels"], positions, ids, strict=True):
        row[places[values >= 0]] = values[values >= 0]

    named = {name: torch.tensor(value) for name, value in labels.items()}
    expected = models.their_outputs(theirs, inputs, **named)["loss"]
    y = {"masked_lm": tf.constant(ids), "next_sentence": tf.constant(labels["next_sentence_label"])}
    compare(ours, theirs, {**inputs, "mask_positions": tf.constant(positions)}, y, expected)


@pytest.mark.parametrize(
    ("family", "kind", "field"),
    [(MPNET, "ForSequenceClassification", {}), (ALBERT, "ForMaskedLM", {"embedding_size": 6})],
    ids=["MPNet", "Albert"],
)
def test_weights_that_all_blocks_share(tmp_path, family, kind, field):
    theirs = models.random_model(family.classes, kind, **models.SIZES, **field)
    models.save(theirs, tmp_path)
    ours = models.CLASSES[kind].from_preset(tmp_path, tokenizer=None)
    inputs, labels = models.tokens(theirs), random_labels(kind, None)
    expected = models.their_outputs(theirs, inputs, labels=torch.tensor(labels["labels"]))["loss"]
    compare(ours, theirs, inputs, tf.constant(labels["labels"]), expected, family, least=20)


def compare(ours, theirs, inputs, y, expected, family=BERT, least=30):
    """Compares losses, and the gradients of all weights."""
    expected.backward()
    ours.compile()
    with tf.GradientTape() as tape:
        loss = ours.compute_loss(inputs, y, ours(inputs))
    weights = ours.named_weights()
    gradients = dict(zip(weights, tape.gradient(loss, [w.value for w in weights.values()]), strict=True))

    np.testing.assert_allclose(loss, expected.detach().numpy(), rtol=1e-5)
    parameters = dict(theirs.named_parameters())
    places = places_of(family, ours.encoder.config, ours.head_names, prefix=family.prefix)
    compared = 0
    for path, gradient in gradients.items():
        place, theirs_gradient = places[path], parameters[places[path].name].grad
        assert (gradient is None) == (theirs_gradient is None), path
        if gradient is not None:
            found = place.from_ours(tf.convert_to_tensor(gradient).numpy())
            wanted = theirs_gradient.numpy()
            if path.endswith("token_embedding/embeddings"):  # PyTorch keeps the row of [PAD] as it is
                found, wanted = (np.delete(x, theirs.config.pad_token_id, 0) for x in (found, wanted))
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4, err_msg=path)
            compared += bool(np.abs(wanted).max() > 1e-3)
    assert compared > least  # most gradients are large enough to be wrong
