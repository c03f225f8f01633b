import keras
import numpy as np
import pytest

from kerasbert.training import SmoothedCrossentropy

GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(size=(6, 4)).astype("float32")
LABELS = np.array([0, 3, 1, 1, 2, 0])


@pytest.mark.parametrize("weights", [None, GENERATOR.random(6).astype("float32")])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", None])
def test_it_is_keras_loss_of_one_hot_labels(weights, reduction):
    ours = SmoothedCrossentropy(0.2, reduction=reduction)(LABELS, LOGITS, weights)
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2, reduction=reduction)
    np.testing.assert_allclose(ours, theirs(np.eye(4)[LABELS], LOGITS, weights), rtol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_it_is_pytorchs_loss_of_tokens_and_leaves_out_what_does_not_count(smoothing):
    torch = pytest.importorskip("torch")
    logits = GENERATOR.normal(size=(3, 5, 4)).astype("float32")
    labels = GENERATOR.integers(0, 4, (3, 5))
    labels[0, 2:] = labels[2, 0] = -100
    theirs = torch.nn.functional.cross_entropy(
        torch.tensor(logits.reshape(-1, 4)), torch.tensor(labels.reshape(-1)), label_smoothing=smoothing
    )
    np.testing.assert_allclose(SmoothedCrossentropy(smoothing)(labels, logits), theirs, rtol=1e-6)
    if not smoothing:
        keras_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)
        weights = GENERATOR.random((3, 5)).astype("float32")
        ours = SmoothedCrossentropy(0.0)(labels, logits, weights)
        np.testing.assert_allclose(ours, keras_loss(labels, logits, weights), rtol=1e-6)


def test_one_weight_to_a_row_weighs_all_its_tokens():
    logits = GENERATOR.normal(size=(3, 5, 4)).astype("float32")
    labels, weights = GENERATOR.integers(0, 4, (3, 5)), np.array([0.0, 1.0, 2.0], "float32")
    each = np.repeat(weights[:, None], 5, 1)
    loss = SmoothedCrossentropy()
    np.testing.assert_allclose(loss(labels, logits, weights), loss(labels, logits, each), rtol=1e-6)


def test_a_batch_without_labels_that_count_costs_nothing():
    assert float(SmoothedCrossentropy()(np.full((2,), -100), LOGITS[:2])) == 0.0


def test_its_config_and_its_range():
    loss = keras.losses.deserialize(keras.losses.serialize(SmoothedCrossentropy(0.3, ignore_class=7)))
    assert (loss.label_smoothing, loss.ignore_class) == (0.3, 7)
    with pytest.raises(ValueError, match=r"label_smoothing=1\.0"):
        SmoothedCrossentropy(1.0)
