import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbert.layers.activations import gelu

pytestmark = pytest.mark.tensorflow


def test_gelu_and_its_gradient_are_those_of_keras():
    x = tf.constant(np.linspace(-12, 12, 4801), tf.float64)
    found = []
    for function in (gelu, lambda x: keras.ops.gelu(x, approximate=False)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        found.append((y, tape.gradient(y, x)))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)


def test_far_out_it_is_finite():
    x = tf.constant([-1e5, -50.0, 0.0, 50.0, 1e5])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = gelu(x)
    np.testing.assert_allclose(tape.gradient(y, x), [0, 0, 0.5, 1, 1])
