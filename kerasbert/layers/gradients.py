"""Gradients that are written by hand."""

import functools

from keras import ops

from kerasbert.optional import tensorflow as tf


def with_gradient(function):
    """`keras.ops.custom_gradient` of which TensorFlow keeps one graph for each shape.

    It registers each call of a `tf.custom_gradient` in a graph for good, and with the call all of that graph:
    every `fit` would leave its step behind. Here the call is within a graph of its own.

    Args:
        function: function of tensors that returns its result and a function from the gradient of the result
            to those of the arguments.

    Returns:
        A function of the same tensors that returns the result.
    """
    eager = ops.custom_gradient(function)
    traced = functools.cache(lambda: tf.function(eager, autograph=False))

    @functools.wraps(function)
    def call(*tensors):
        return (eager if tf.executing_eagerly() else traced())(*tensors)

    return call
