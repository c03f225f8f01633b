import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbert.layers.layer_normalization import BertLayerNormalization

pytestmark = pytest.mark.tensorflow


def output_and_gradients(layer, x, upstream):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    return y, *tape.gradient(y, [x, *layer.trainable_weights], output_gradients=upstream)


@pytest.mark.parametrize("shape", [(7,), (3, 7), (2, 3, 7), (2, 3, 4, 7)])
def test_output_and_gradients_are_those_of_keras(shape):
    random = np.random.default_rng(0)
    weights = [random.normal(size=7) for _ in range(2)]
    x, upstream = (tf.constant(random.normal(2, 3, size=shape)) for _ in range(2))
    found = []
    for kind in (BertLayerNormalization, keras.layers.LayerNormalization):
        layer = kind(epsilon=1e-12, dtype="float64")
        layer.build(shape)
        layer.set_weights(weights)
        found.append(output_and_gradients(layer, x, upstream))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_in_half_precision_it_computes_in_float32():
    layer = BertLayerNormalization(epsilon=1e-12, dtype="mixed_float16")
    x = tf.constant([[300.0, -300.0, 299.0, -299.0]], tf.float16)  # their squares are beyond float16
    layer.build(x.shape)
    y, *gradients = output_and_gradients(layer, x, tf.constant([[1.0, 2.0, 3.0, 4.0]], tf.float16))
    assert y.dtype == tf.float16
    np.testing.assert_allclose(y, [[1.0017, -1.0017, 0.9983, -0.9983]], rtol=1e-3)
    assert all(keras.ops.all(keras.ops.isfinite(gradient)) for gradient in gradients)
