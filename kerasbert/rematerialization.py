"""Activations that are computed again when they are needed: less memory for more time."""

import keras
from keras import ops

from kerasbert import checks
from kerasbert.optional import tensorflow as tf


def rematerialized(block, x, **kwargs):
    """Calls a block of which the backward pass keeps the input alone, and runs the block again.

    Chen et al. 2016, https://arxiv.org/abs/1604.06174. Dropout draws the same numbers twice, so gradients are
    those of a plain call. (`keras.RematScope` does not do this, and fails in a graph of TensorFlow, whose
    `recompute_grad` takes no keyword arguments.)

    Args:
        block: `EncoderBlock`.
        x: float tensor, its input.
        **kwargs: its other arguments; gradients do not go to them.

    Returns:
        The block's output.
    """
    if keras.backend.backend() != "tensorflow":
        raise checks.invalid(
            "Activations are computed again on TensorFlow alone.",
            fix="Set `rematerialize` of the encoder to False.",
            where=block.name,
            backend=keras.backend.backend(),
        )
    states = block.random_states()
    before = [ops.copy(state) for state in states]

    def run(x):
        for state, value in zip(states, before, strict=True):
            state.assign(value)
        return block(x, **kwargs)

    return tf.recompute_grad(run)(x)
