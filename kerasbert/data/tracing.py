"""Traces graph functions without AutoGraph."""

from kerasbert.optional import tensorflow as tf


def without_autograph(function):
    """Turns AutoGraph off for a function passed to `map`, which makes tracing a third faster.

    The function must not branch on tensors in Python.
    """
    return tf.autograph.experimental.do_not_convert(function)
