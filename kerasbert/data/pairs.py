"""Batches of pairs whose two texts are encoded each by itself."""

from kerasbert.data.batches import in_windows
from kerasbert.data.tracing import without_autograph
from kerasbert.optional import tensorflow as tf

# Numbers that float32 holds exactly: losses get their labels so. Two texts with one number by chance are only
# not told apart.
FINGERPRINTS = 2**24


def pair_batches(rows, tokenizer, batch_size, max_length, *, shuffle=False, on_lengths=None):
    """Tokenizes and batches pairs of texts of about one length.

    Args:
        rows: `tf.data.Dataset` of dicts of `text` and `text_pair`, scalar strings.
        tokenizer: a tokenizer of `kerasbert.text`.
        batch_size: int, B pairs.
        max_length, shuffle, on_lengths: as for `text_batches`.

    Returns:
        `tf.data.Dataset` of pairs: the tokens of 2 B texts as a dict of int32 `(2 B, S)`, those of a pair one
        after the other; and int32 `(2 B,)`, a number for each text that is equal for equal texts.
    """

    def tokenize(window):
        texts = tf.stack([window["text"], window["text_pair"]], axis=1)  # (pairs, 2)
        pieces = tokenizer.tokenize(tf.reshape(texts, [-1]))
        lengths = tokenizer.packed_lengths(pieces)
        if on_lengths is not None:
            on_lengths(lengths)
        order = tf.argsort(tf.reduce_max(tf.reshape(lengths, [-1, 2]), axis=1), stable=True)
        both = tf.reshape(tf.stack([2 * order, 2 * order + 1], axis=1), [-1])
        numbers = tf.strings.to_hash_bucket_fast(tf.reshape(texts, [-1]), FINGERPRINTS)
        return tf.gather(pieces, both), tf.cast(tf.gather(numbers, both), tf.int32)

    def split(mix, pieces, numbers):
        starts = mix(tf.range(0, tf.size(numbers), 2 * batch_size))

        def one(start):
            part = slice(start, start + 2 * batch_size)
            return tokenizer.pack(pieces[part], max_length=max_length), numbers[part]

        return tf.data.Dataset.from_tensor_slices(starts).map(without_autograph(one))

    return in_windows(rows, batch_size, shuffle, tokenize, split)
