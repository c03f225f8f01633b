"""Gradients of numbers by the vectors of tokens."""

import keras

from kerasbert import checks
from kerasbert.optional import tensorflow as tf


def gradient(function, x):
    """The gradient of the sum of `function(x)` by `x`.

    Args:
        function: function of a tensor that returns a tensor `(B,)`.
        x: float tensor.

    Returns:
        A tensor like `x`.

    Raises:
        ValueError: if Keras runs on a backend without gradients.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            number = function(x)
        return tape.gradient(number, x)
    if backend == "torch":
        x = x.detach().requires_grad_()
        function(x).sum().backward(inputs=[x])
        return x.grad
    if backend == "jax":
        jax = checks.require("jax", "pip install jax", "A gradient")
        return jax.grad(lambda vectors: function(vectors).sum())(x)
    raise checks.invalid(
        "Gradients of answers are computed on TensorFlow, JAX or PyTorch.",
        fix="Set KERAS_BACKEND=tensorflow and load the model there: its files are the same.",
        where="kerasbert.explain",
        backend=backend,
    )
