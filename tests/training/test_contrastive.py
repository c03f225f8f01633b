import keras
import numpy as np
import pytest

from kerasbert.training import ContrastiveLoss, partner_accuracy


def groups(numbers, size):
    """The numbers of texts as the loss takes them: at each text those of its group."""
    return np.repeat(np.reshape(numbers, (-1, size)), size, axis=0)


def loss_of_the_first(numbers, vectors, size=2):
    return float(ContrastiveLoss(1.0, reduction=None)(groups(numbers, size), vectors[numbers])[0])


def test_it_is_the_cross_entropy_of_finding_the_partner():
    vectors = np.random.default_rng(0).normal(size=(10, 6)).astype("float32")
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = []
    for i in range(5):
        scores = np.array([unit[2 * i] @ unit[2 * j + 1] for j in range(5)]) / 0.05
        expected.append(-scores[i] + np.log(np.exp(scores).sum()))
    numbers = groups(np.arange(10), 2)
    found = ContrastiveLoss(reduction=None)(numbers, vectors)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    nearest = [np.argmax([unit[2 * i] @ unit[2 * j + 1] for j in range(5)]) == i for i in range(5)]
    np.testing.assert_array_equal(partner_accuracy(numbers, vectors), nearest)


def test_an_equal_partner_is_no_wrong_answer():
    vectors = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    vectors[3] = vectors[1]
    without = ContrastiveLoss(reduction=None)(groups([0, 1, 4, 5], 2), vectors[[0, 1, 4, 5]])
    found = ContrastiveLoss(reduction=None)(groups([0, 1, 2, 1, 4, 5], 2), vectors)
    np.testing.assert_allclose(found[0], without[0], rtol=1e-5)


VECTORS = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


def test_another_partner_of_the_same_text_is_no_wrong_answer():
    alone = loss_of_the_first([0, 1, 4, 5], VECTORS)
    assert loss_of_the_first([0, 1, 0, 2, 4, 5], VECTORS) == pytest.approx(alone)
    # Nor where it is the partner of another text as well.
    assert loss_of_the_first([0, 1, 0, 2, 6, 2, 4, 5], VECTORS) == pytest.approx(alone)
    assert loss_of_the_first([0, 1, 6, 2, 4, 5], VECTORS) != pytest.approx(alone)


def test_the_text_itself_is_no_wrong_answer():
    alone = loss_of_the_first([0, 1, 4, 5], VECTORS)
    assert loss_of_the_first([0, 1, 1, 0, 4, 5], VECTORS) == pytest.approx(alone)


def test_negatives_of_triplets_are_wrong_answers_unless_they_are_right_ones():
    unit = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    scores = unit[0] @ unit[[1, 2, 4, 5]].T
    expected = np.log(np.exp(scores).sum()) - scores[0]
    assert loss_of_the_first([0, 1, 2, 3, 4, 5], VECTORS, 3) == pytest.approx(expected, rel=1e-4)
    # The negative of another row is a partner of the first text, so it does not count.
    scores = scores[:3]
    expected = np.log(np.exp(scores).sum()) - scores[0]
    assert loss_of_the_first([0, 1, 2, 3, 4, 1], VECTORS, 3) == pytest.approx(expected, rel=1e-4)


def test_its_config_and_its_temperature():
    loss = keras.losses.deserialize(keras.losses.serialize(ContrastiveLoss(temperature=0.2)))
    assert loss.temperature == 0.2
    with pytest.raises(ValueError, match="temperature=0"):
        ContrastiveLoss(temperature=0)
