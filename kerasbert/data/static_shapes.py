"""Batches of few shapes: XLA compiles a step anew for each."""

from kerasbert.data.labels import IGNORED
from kerasbert.data.tracing import without_autograph
from kerasbert.optional import tensorflow as tf
from kerasbert.text.packing import TOKEN_INPUTS

_LENGTHS = 8


def few_lengths(batches, max_length, labels_at_tokens=False):
    """Pads batches of texts to one of at most eight lengths.

    Args:
        batches: `tf.data.Dataset` of tuples: a dict of tokens `(..., S)`, labels and perhaps weights.
        max_length: int, the longest S.
        labels_at_tokens: bool, labels and weights are `(B, S)`, and padded, too.

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
    """Leaves out batches with fewer rows than others, such as the last of an epoch.

    Reads all batches once, to count.

    Args:
        batches: `tf.data.Dataset` of tuples, of which the first is a dict of tokens `(B, ...)`.

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
