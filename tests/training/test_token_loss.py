import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbert.training import TokenAccuracy, TokenBinaryCrossentropy

Y = np.array([[1, -100, 0, -100], [0, -100, -100, -100]])
LOGITS = np.array([[0.3, 5.0, 2.0, -7.0], [-1.0, 3.0, 40.0, -40.0]], "float32")


def test_it_is_the_mean_over_the_tokens_that_count():
    p = 1 / (1 + np.exp(-np.array([0.3, 2.0, -1.0])))
    expected = -np.log([p[0], 1 - p[1], 1 - p[2]])
    np.testing.assert_allclose(TokenBinaryCrossentropy()(Y, LOGITS), expected.mean(), rtol=1e-6)
    weight = np.array([[2.0] * 4, [0.0] * 4])
    weighted = TokenBinaryCrossentropy()(Y, LOGITS, sample_weight=weight)
    np.testing.assert_allclose(weighted, 2 * expected[:2].sum() / 3, rtol=1e-6)
    assert float(TokenBinaryCrossentropy()(np.full_like(Y, -100), LOGITS)) == 0.0
    smoothed = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2)(
        Y[Y >= 0], LOGITS[Y >= 0]
    )
    np.testing.assert_allclose(TokenBinaryCrossentropy(label_smoothing=0.2)(Y, LOGITS), smoothed, rtol=1e-6)


def test_gradients_come_from_the_tokens_that_count():
    logits = tf.Variable(LOGITS)
    with tf.GradientTape() as tape:
        loss = TokenBinaryCrossentropy()(Y, logits)
    gradient = tape.gradient(loss, logits).numpy()
    p = 1 / (1 + np.exp(-LOGITS))
    np.testing.assert_allclose(gradient, np.where(Y >= 0, (p - Y) / 3, 0), atol=1e-7)


def test_its_config_and_the_accuracy():
    loss = keras.losses.deserialize(keras.losses.serialize(TokenBinaryCrossentropy(-1, label_smoothing=0.1)))
    assert (loss.ignore_class, loss.label_smoothing) == (-1, 0.1)
    with pytest.raises(ValueError, match="label_smoothing=1"):
        TokenBinaryCrossentropy(label_smoothing=1)
    accuracy = TokenAccuracy()
    accuracy.update_state(np.array([[1, -100, 1, 0]]), np.array([[0.1, 9.0, -0.1, -9.0]]))
    np.testing.assert_allclose(accuracy.result(), 2 / 3, rtol=1e-6)
