import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbert.layers.activations import gelu, gelu_in_training

pytestmark = pytest.mark.tensorflow


def test_the_gelu_of_training_is_gelu():
    x = tf.constant(np.linspace(-12, 12, 4801), tf.float64)
    found = {}
    for function in (gelu, gelu_in_training):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        found[function] = y, tape.gradient(y, x, output_gradients=tf.sin(x))
    for one, two in zip(*found.values(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-9)


def test_far_out_it_is_finite():
    x = tf.constant([-1e5, -50.0, 0.0, 50.0, 1e5])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = keras.ops.sum(gelu_in_training(x))
    np.testing.assert_allclose(tape.gradient(y, x), [0, 0, 0.5, 1, 1])
