"""Faster implementations of parts of training on TensorFlow, with the same results, and a switch for them.

Each function here has a counterpart in Keras, which is its reference in `tests/test_fast_training.py`.
`benchmarks/training_tricks.py` measures the gain of each. On other backends, those of Keras are used.
"""

from collections.abc import Sequence
from typing import Any

import keras

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.types import Tensor

_VALUES = 1 << 8
_state = {"enabled": True}


def set_fast_training(enabled: bool) -> None:
    """Turns the faster implementations of this module on or off, for the whole process.

    They are on by default. If they are off, dropout, weight decay and Adam's update are those of Keras, and
    the norm for clipping is computed with Keras' operations. Functions that were already traced do not
    change, so call this before `compile`.

    Args:
        enabled: bool.

    Raises:
        ValueError: if `enabled` is not a bool.

    Example:

    >>> set_fast_training(False)
    >>> set_fast_training(True)
    """
    checks.one_of("set_fast_training", (False, True), enabled=enabled)
    _state["enabled"] = bool(enabled)


def is_fast() -> bool:
    """Whether training uses the faster implementations: on TensorFlow, unless they have been turned off."""
    return _state["enabled"] and keras.backend.backend() == "tensorflow"


def draws_by_bytes(rate: float) -> bool:
    """Whether `dropout` supports this rate."""
    return 0 < rate * _VALUES < _VALUES - 1


def dropout(x: Tensor, rate: float, seed: Tensor) -> Tensor:
    """Dropout that decides with 8 random bits per number, where Keras draws a float.

    A call uses one of the two multiples of 1 / 256 around `rate`, drawn so that their mean is `rate`.
    """
    # Keras' seeds are unsigned, but those of TensorFlow's operations are signed.
    seed = tf.cast(seed % (tf.int32.max - 1), tf.int32)
    size = tf.size(x)
    words = tf.random.stateless_uniform([1 + (size + 3) // 4], seed, None, None, tf.uint32)
    share = tf.cast(words[0], tf.float32) / 2.0**32
    threshold = tf.cast(tf.floor(rate * _VALUES + share), tf.uint8)
    numbers = tf.reshape(tf.bitcast(words[1:], tf.uint8), [-1])[:size]
    kept = tf.reshape(numbers, tf.shape(x)) >= threshold
    return tf.where(kept, x * (1 / (1 - rate)), tf.zeros([], x.dtype))


def adam_step(
    variable: Any, moments: Sequence[Any], gradient: Tensor, learning_rate: Tensor, optimizer: Any
) -> None:
    """The update of `keras.optimizers.Adam` in a single operation, which takes half the time.

    The time is limited by memory access, and one operation reads and writes each number only once.

    Args:
        variable: `tf.Variable`.
        moments: pair of Keras variables, the means of gradients and of squared gradients.
        gradient: tensor.
        learning_rate: float tensor, corrected for the bias of both means (`unbiased`).
        optimizer: `keras.optimizers.Adam`.
    """
    zero = tf.zeros([], variable.dtype)
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=moments[0].value.handle,
        v=moments[1].value.handle,
        beta1_power=zero,  # because `learning_rate` is already corrected
        beta2_power=zero,
        lr=tf.cast(learning_rate, variable.dtype),
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        epsilon=optimizer.epsilon,
        grad=tf.cast(gradient, variable.dtype),
    )


def unbiased(learning_rate: Tensor, optimizer: Any) -> Tensor:
    """Adam's learning rate, corrected for the bias of both means; the same for all variables of a step."""
    step = tf.cast(tf.convert_to_tensor(optimizer.iterations) + 1, tf.float32)
    first, second = (1 - tf.pow(beta, step) for beta in (optimizer.beta_1, optimizer.beta_2))
    return learning_rate * tf.sqrt(second) / first


def shrink(variables: Sequence[Any], factor: Tensor) -> None:
    """Multiplies Keras variables by a number in one pass over each; Keras' weight decay needs three."""

    def update(strategy: Any, factor: Tensor) -> None:
        for variable in variables:
            strategy.extended.update(variable.value, _scale, args=(factor,), group=False)

    strategy = tf.distribute.get_strategy()
    tf.__internal__.distribute.interim.maybe_merge_call(update, strategy, factor)


def _scale(variable: Any, factor: Tensor) -> None:
    variable.assign(variable * tf.cast(factor, variable.dtype))


def global_norm(gradients: Sequence[Tensor]) -> Tensor:
    """The global norm of all gradients, computed in one pass over each."""
    halves = [tf.nn.l2_loss(tf.cast(gradient, tf.float32)) for gradient in gradients]
    return tf.sqrt(2 * tf.add_n(halves))
