"""Random numbers that depend only on a seed and on what they are used for, not on earlier draws."""

import hashlib

from kerasbert.optional import tensorflow as tf


def uniform(shape, seed, purpose, number, **kind):
    """Draws uniform random numbers in the graph.

    Args:
        shape: list or tensor of int.
        seed: int, the seed that the user chose.
        purpose: str; numbers for different purposes are independent.
        number: int64 scalar, the number of the epoch, buffer or batch for which the numbers are drawn.
        **kind: `minval`, `maxval` and `dtype` of `tf.random.stateless_uniform`.

    Returns:
        Tensor of this shape, float32 in [0, 1) unless `kind` says otherwise.
    """
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    key = tf.constant(int.from_bytes(digest[:8], "little", signed=True), tf.int64)
    pair = tf.stack([key, tf.cast(number, tf.int64)])
    return tf.random.stateless_uniform(shape, pair, alg="philox", **kind)


def shuffled(values, seed, purpose, number):
    """Returns the rows of a tensor in a random order, which depends on the same arguments as in `uniform`."""
    return tf.gather(values, tf.argsort(uniform(tf.shape(values)[:1], seed, purpose, number)))
