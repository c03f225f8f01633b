"""Random numbers that depend on what they are for, and on nothing that happened before."""

import hashlib

from kerasbert.optional import tensorflow as tf


def uniform(shape, seed, purpose, number, **kind):
    """Draws uniform numbers, in the graph.

    Args:
        shape: int list or tensor.
        seed: int, the user's.
        purpose: str; for two purposes numbers are independent.
        number: int64 scalar, of the epoch, buffer or batch that they are for.
        **kind: `minval`, `maxval`, `dtype` of `tf.random.stateless_uniform`.

    Returns:
        Tensor of this shape, float32 in [0, 1) unless `kind` says otherwise.
    """
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    key = tf.constant(int.from_bytes(digest[:8], "little", signed=True), tf.int64)
    pair = tf.stack([key, tf.cast(number, tf.int64)])
    return tf.random.stateless_uniform(shape, pair, alg="philox", **kind)


def shuffled(values, seed, purpose, number):
    """Returns a tensor's rows in an order drawn as by `uniform`."""
    return tf.gather(values, tf.argsort(uniform(tf.shape(values)[:1], seed, purpose, number)))
