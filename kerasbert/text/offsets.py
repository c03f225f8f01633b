"""Maps byte positions in the normalised text back to character positions in the original text."""

import functools

import numpy as np

from kerasbert.optional import tensorflow as tf
from kerasbert.text.code_point_tables import NUM_CODE_POINTS
from kerasbert.text.normalization import EDGE, TOO_LONG, normalise

# All characters that normalisation changes lie in planes 0 to 3 and among the tags of plane 14.
CHANGED = [*range(0xD800), *range(0xE000, 0x40000), *range(0xE0000, 0xE1000)]


@functools.lru_cache(maxsize=8)
def normalised_lengths(lowercase, accents):
    """The number of bytes that each character has after normalisation.

    A character's length does not depend on its neighbours: a final sigma has two bytes like every other
    sigma, and combining marks that change places keep their lengths.

    Args:
        lowercase: bool, whether texts are lower-cased.
        accents: bool, whether accents are kept.

    Returns:
        numpy uint8 (0x110000,), by code point.
    """
    with tf.init_scope():
        lengths = np.full(NUM_CODE_POINTS, 4, np.uint8)
        characters = tf.constant([chr(c) for c in CHANGED])
        lengths[CHANGED] = tf.strings.length(normalise(characters, lowercase, accents)).numpy()
    return lengths


def to_characters(originals, marked, starts, ends, lengths):
    """Maps byte positions in the normalised and marked texts to character positions in the originals.

    Args:
        originals: string tensor (B,), valid UTF-8.
        marked: string tensor (B,), the same texts after normalisation and marking.
        starts: ragged int64 (B, None), the first byte of each token.
        ends: ragged int64 (B, None), the byte after the last of each token.
        lengths: numpy uint8 (0x110000,), from `normalised_lengths`.

    Returns:
        (starts, ends), ragged int32 (B, None): the first character of each token, and the one after its last.
    """
    # All texts are treated as one long text: one list of bytes, one list of characters.
    row = starts.value_rowids()
    row_byte = tf.gather(tf.cumsum(tf.strings.length(marked), exclusive=True), row)
    first = row_byte + tf.cast(starts.flat_values, tf.int32)
    last = row_byte + tf.cast(ends.flat_values, tf.int32) - 1
    places = _without_marks(tf.stack([first, last]), marked)

    characters = tf.strings.unicode_decode(originals, "UTF-8")
    length = tf.cast(tf.gather(tf.constant(lengths), characters.flat_values), tf.int32)
    character = tf.searchsorted(tf.cumsum(length), tf.reshape(places, [-1]), side="right")
    row_character = tf.cast(tf.gather(characters.row_starts(), row), tf.int32)
    first, last = tf.unstack(tf.reshape(character, [2, -1]) - row_character)
    return starts.with_flat_values(first), ends.with_flat_values(last + 1)


def _without_marks(places, marked):
    """Byte positions in the joined texts, not counting the marks that added an extra byte."""
    marks = tf.io.decode_raw(tf.strings.reduce_join(marked), tf.uint8)
    extra = (marks == ord(TOO_LONG)) | (marks == ord(EDGE))

    def count():
        return places - tf.gather(tf.concat([[0], tf.cumsum(tf.cast(extra, tf.int32))], 0), places)

    return tf.cond(tf.reduce_any(extra), count, lambda: places)
