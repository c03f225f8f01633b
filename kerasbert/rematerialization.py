"""Rematerialization (gradient checkpointing): activations are computed again, to use less memory."""

import keras
from keras import ops

from kerasbert import checks
from kerasbert.optional import tensorflow as tf


def rematerialized(block, x, bias, **kwargs):
    """Calls a block so that only its input is kept, and the backward pass runs the block again.

    Chen et al. 2016, https://arxiv.org/abs/1604.06174. Dropout draws the same numbers both times, so
    gradients are those of an ordinary call. (`keras.RematScope` does not ensure this, and fails in a
    TensorFlow graph, because TensorFlow's `recompute_grad` takes no keyword arguments.)

    Args:
        block: `EncoderBlock`.
        x: float tensor, the input of the block.
        bias: float tensor, the attention bias, or None.
        **kwargs: the block's other arguments, which get no gradients.

    Returns:
        The block's output.
    """
    if keras.backend.backend() != "tensorflow":
        raise checks.invalid(
            "Activations can be computed again on TensorFlow alone.",
            fix="Set the encoder's `rematerialize` to False.",
            where=block.name,
            backend=keras.backend.backend(),
        )
    states = block.random_states()
    before = [ops.copy(state) for state in states]

    def run(x, bias=None):
        now = [ops.copy(state) for state in states]
        for state, value in zip(states, before, strict=True):
            state.assign(value)
        outputs = block(x, bias=bias, **kwargs)
        # A block that is shared has drawn more since; otherwise this changes nothing.
        for state, value in zip(states, now, strict=True):
            state.assign(ops.maximum(state, value))
        return outputs

    return tf.recompute_grad(run)(*((x,) if bias is None else (x, bias)))
