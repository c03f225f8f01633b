"""Batches with few different shapes, because XLA compiles a training step anew for each shape."""

from kerasbert.data.labels import IGNORED
from kerasbert.data.tracing import without_autograph
from kerasbert.optional import tensorflow as tf
from kerasbert.text.packing import TOKEN_INPUTS

_LENGTHS = 8


def few_lengths(batches, max_length, labels_at_tokens=False):
    """Pads batches of texts so that they have at most eight different lengths.

    Args:
        batches: `tf.data.Dataset` of tuples: a dict of tokens `(..., S)`, labels and optionally weights.
        max_length: int, the largest S.
        labels_at_tokens: bool, whether labels and weights have the shape `(B, S)` and are padded as well.

    Returns:
        `tf.data.Dataset`.

    Example:

    >>> batches = tf.data.Dataset.from_tensors(({"token_ids": tf.ones([2, 19], tf.int32)}, tf.zeros([2])))
    >>> tuple(next(iter(few_lengths(batches, max_length=128)))[0]["token_ids"].shape)
    (2, 32)
    """
    step = -(-max_length // (8 * _LENGTHS)) * 8

    def pad(tokens, *targets):
        length = tf.shape(tokens["token_ids"])[-1]
        room = tf.maximum(tf.minimum(-(-length // step) * step, max_length) - length, 0)
        tokens = tokens | {name: _padded(tokens[name], room, 0) for name in TOKEN_INPUTS if name in tokens}
        if labels_at_tokens:
            others = (IGNORED, 0)
            targets = [_padded(v, room, other) for v, other in zip(targets, others, strict=False)]
        return tokens, *targets

    return batches.map(without_autograph(pad))


def full_batches(batches):
    """Leaves out batches with fewer rows than the largest, such as the last batch of an epoch.

    All batches are read once to count them.

    Args:
        batches: `tf.data.Dataset` of tuples whose first item is a dict of tokens `(B, ...)`.

    Returns:
        `tf.data.Dataset` that knows its cardinality.
    """
    if batches.cardinality() == tf.data.INFINITE_CARDINALITY:
        return batches

    def rows(batch):
        return tf.shape(batch[0]["token_ids"], tf.int64)[0]

    def count(found, batch):
        most, batches = found
        new = rows(batch)
        batches = tf.where(new > most, tf.constant(1, tf.int64), batches + tf.cast(new == most, tf.int64))
        return tf.maximum(most, new), batches

    most, number = batches.reduce((tf.constant(0, tf.int64), tf.constant(0, tf.int64)), count)
    full = batches.filter(lambda *batch: rows(batch) == most)
    return full.apply(tf.data.experimental.assert_cardinality(number))


def _padded(value, room, other):
    paddings = [[0, 0]] * (len(value.shape) - 1) + [[0, room]]
    return tf.pad(value, paddings, constant_values=tf.cast(other, value.dtype))
