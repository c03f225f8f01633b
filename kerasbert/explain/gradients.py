"""Gradients on Keras' backends."""

import keras

from kerasbert import checks
from kerasbert.optional import jax
from kerasbert.optional import tensorflow as tf


def gradient(function, x):
    """The gradient of the sum of `function(x)` by `x`.

    Args:
        function: function of a tensor that returns a tensor `(B,)`.
        x: float tensor.

    Returns:
        A tensor like `x`.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            number = function(x)
        return tape.gradient(number, x)
    if backend == "jax":
        return jax.grad(lambda x: function(x).sum())(x)
    if backend == "torch":
        x = x.detach().requires_grad_()
        function(x).sum().backward(inputs=[x])
        return x.grad
    raise checks.invalid(
        "Gradients need a backend that computes them: TensorFlow, JAX or PyTorch.",
        fix="Set KERAS_BACKEND to one of these, or use `occlusion`.",
        where="kerasbert.explain",
        backend=backend,
    )
