import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbert.layers.layer_normalization import BertLayerNormalization

pytestmark = pytest.mark.tensorflow


def _output_and_gradients(layer, x, upstream, training):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=training)
    return y, *tape.gradient(y, [x, *layer.trainable_weights], output_gradients=upstream)


@pytest.mark.parametrize("shape", [(7,), (3, 7), (2, 3, 7), (2, 3, 4, 7)])
def test_training_changes_neither_output_nor_gradients(shape):
    random = np.random.default_rng(0)
    layer = BertLayerNormalization(epsilon=1e-12, dtype="float64")
    layer.build(shape)
    for weight in layer.weights:
        weight.assign(random.normal(size=7))
    x, upstream = (tf.constant(random.normal(2, 3, size=shape)) for _ in range(2))
    trained = _output_and_gradients(layer, x, upstream, training=True)
    plain = _output_and_gradients(layer, x, upstream, training=False)
    for one, two in zip(trained, plain, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9)


def test_in_half_precision_it_computes_in_float32():
    layer = BertLayerNormalization(epsilon=1e-12, dtype="mixed_float16")
    x = tf.constant([[300.0, -300.0, 299.0, -299.0]], tf.float16)  # their squares are beyond float16
    upstream = tf.constant([[1.0, 2.0, 3.0, 4.0]], tf.float16)
    layer.build(x.shape)
    found = {}
    for training in (False, True):
        found[training] = _output_and_gradients(layer, x, upstream, training)
        assert found[training][0].dtype == tf.float16
    for one, two in zip(*found.values(), strict=True):
        assert keras.ops.all(keras.ops.isfinite(one))
        np.testing.assert_allclose(one, two, rtol=2e-3, atol=2e-3)
