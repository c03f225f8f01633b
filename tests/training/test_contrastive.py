import keras
import numpy as np
import pytest

from kerasbert.training import ContrastiveLoss, partner_accuracy


def test_it_is_the_cross_entropy_of_finding_the_partner():
    vectors = np.random.default_rng(0).normal(size=(10, 6)).astype("float32")
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = []
    for i in range(5):
        scores = np.array([unit[2 * i] @ unit[2 * j + 1] for j in range(5)]) / 0.05
        expected.append(-scores[i] + np.log(np.exp(scores).sum()))
    found = ContrastiveLoss(reduction=None)(np.arange(10), vectors)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    nearest = [np.argmax([unit[2 * i] @ unit[2 * j + 1] for j in range(5)]) == i for i in range(5)]
    np.testing.assert_array_equal(partner_accuracy(np.arange(10), vectors), nearest)


def test_an_equal_partner_is_no_wrong_answer():
    vectors = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    vectors[3] = vectors[1]
    without = ContrastiveLoss(reduction=None)(np.array([0, 1, 4, 5]), vectors[[0, 1, 4, 5]])
    found = ContrastiveLoss(reduction=None)(np.array([0, 1, 2, 1, 4, 5]), vectors)
    np.testing.assert_allclose(found[0], without[0], rtol=1e-5)


def test_its_config_and_its_temperature():
    loss = keras.losses.deserialize(keras.losses.serialize(ContrastiveLoss(temperature=0.2)))
    assert loss.temperature == 0.2
    with pytest.raises(ValueError, match="temperature=0"):
        ContrastiveLoss(temperature=0)
