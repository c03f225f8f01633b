"""Splits texts into words as GPT-2 and RoBERTa do: a space belongs to the word that follows it."""

import functools

import numpy as np

from kerasbert.optional import tensorflow as tf
from kerasbert.text.code_point_tables import NUM_CODE_POINTS, paged, row_of

LETTER, NUMBER, SPACE, OTHER = range(4)
WHITE_SPACE = r"[\t-\r\x{85}\p{Z}]"  # what Unicode calls white space, and what `\s` means in the original
# Letters and numbers of Unicode 15.1 and 16, which Hugging Face knows and TensorFlow 2.21 does not.
_NEW_LETTERS = (
    "1C89-1C8A A7CB-A7CD A7DA-A7DC 105C0-105F3 10D4A-10D65 10D6F-10D85 10EC2-10EC4 11380-11389 1138B-1138B "
    "1138E-1138E 11390-113B5 113B7-113B7 113D1-113D1 113D3-113D3 11BC0-11BE0 13460-143FA 16100-1611D "
    "16D40-16D6C 18CFF-18CFF 1E5D0-1E5ED 1E5F0-1E5F0 2EBF0-2EE5D"
)
_NEW_NUMBERS = "10D40-10D49 116D0-116E3 11BF0-11BF9 16130-16139 16D70-16D79 1CCF0-1CCF9 1E5F1-1E5FA"
_APOSTROPHE, _BLANK = ord("'"), ord(" ")


@functools.lru_cache(maxsize=1)
def character_classes():
    """A two-level table that says which characters are letters, numbers or white space.

    Returns:
        (pages, classes), numpy int32 (8704,) and (M,), as `paged` returns them: where each page begins in
        `classes`, and LETTER, NUMBER, SPACE or OTHER of each character.
    """
    classes = np.full(NUM_CODE_POINTS, OTHER, np.int32)
    assigned = np.r_[0:0xD800, 0xE000:0x40000]  # above these are only private characters and marks
    with tf.init_scope():
        characters = tf.constant([chr(c) for c in assigned])
        for kind, pattern in (LETTER, r"\p{L}"), (NUMBER, r"\p{N}"), (SPACE, WHITE_SPACE):
            classes[assigned[tf.strings.regex_full_match(characters, pattern).numpy()]] = kind
    for kind, ranges in (LETTER, _NEW_LETTERS), (NUMBER, _NEW_NUMBERS):
        for first, last in (pair.split("-") for pair in ranges.split()):
            classes[int(first, 16) : int(last, 16) + 1] = kind
    return paged(classes)


def split_words(characters, pages, classes):
    """Splits texts into words by the rule of `word_starts`.

    Args:
        characters: ragged int32 (P, None), code points of P texts.
        pages, classes: int32 tensors, from `character_classes`.

    Returns:
        Ragged int32 (P, None, None), the code points of each word of each text.
    """
    code, splits = characters.flat_values, characters.row_splits
    count = tf.size(code, out_type=tf.int64)
    begins = tf.scatter_nd(splits[:, tf.newaxis], tf.ones_like(splits), [count + 1]) > 0  # (n + 1,)
    starts = word_starts(code, kinds(code, pages, classes), begins[:-1], begins[1:])
    word_splits = tf.concat([tf.where(starts)[:, 0], [count]], 0)
    words_before = tf.concat([[0], tf.cumsum(tf.cast(starts, tf.int64))], 0)
    return tf.RaggedTensor.from_nested_row_splits(
        code, [tf.gather(words_before, splits), word_splits], validate=False
    )


def kinds(code, pages, classes):
    """Looks up whether characters are letters, numbers, white space or something else.

    Args:
        code: int32 (n,), code points.
        pages, classes: int32 tensors, from `character_classes`.

    Returns:
        int32 (n,): LETTER, NUMBER, SPACE or OTHER.
    """
    return tf.gather(classes, row_of(code, pages))


def word_starts(code, kind, first, last):
    r"""Finds where words begin, as this regular expression of GPT-2 does (Radford et al. 2019):

    `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. TensorFlow's regular
    expressions have no look-ahead. Whether a word begins at a character depends only on the four characters
    before it and the three after it.

    Args:
        code: int32 (n,), code points of texts, one after another.
        kind: int32 (n,), from `kinds`.
        first, last: bool (n,), whether a character is the first or the last of its text.

    Returns:
        bool (n,).
    """
    space = kind == SPACE
    after_first = ~first
    before = shift(kind, 1, OTHER)
    after_space = after_first & (before == SPACE)
    after_blank = after_space & (shift(code, 1, 0) == _BLANK)
    ends_space = space & ~last & (shift(kind, -1, SPACE) != SPACE)
    # White space forms one word, except for its last character: if that is a space, it joins the next word.
    starts = tf.where(space, ~after_space | ends_space, tf.where(after_space, ~after_blank, before != kind))
    # 's, 't, 'm, 'd and 're, 've, 'll, unless they continue a run of other marks or follow a space.
    apostrophe = (code == _APOSTROPHE) & (first | ~(after_blank | (before == OTHER))) & ~last
    next_code, next_but_one = shift(code, -1, 0), shift(code, -2, 0)
    short = apostrophe & _is_in(next_code, "stmd")
    long = _is_in(next_code, "rv") & (next_but_one == ord("e"))
    long |= (next_code == ord("l")) & (next_but_one == ord("l"))
    long &= apostrophe & ~shift(last, -1, True)
    inside = shift(short | long, 1, False) | shift(long, 2, False)
    ended = shift(short, 2, False) | shift(long, 3, False)
    return first | ((starts | ended) & ~inside)


def _is_in(code, letters):
    return tf.reduce_any(code[:, tf.newaxis] == tf.constant([ord(c) for c in letters]), axis=1)


def shift(values, places, fill):
    """Shifts values by `places` to the right, or to the left if `places` is negative.

    Args:
        values: tensor (n,).
        places: int, not 0.
        fill: the value for positions that no value is shifted to.

    Returns:
        tensor (n,).
    """
    padding = tf.fill([tf.minimum(abs(places), tf.size(values))], tf.cast(fill, values.dtype))
    if places > 0:
        return tf.concat([padding, values[:-places]], 0)
    return tf.concat([values[-places:], padding], 0)
