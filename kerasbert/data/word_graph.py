"""Finds the words of texts, in plain Python, or in graph operations together with their tokens."""

import functools
import re
import unicodedata

import numpy as np

from kerasbert.optional import tensorflow as tf
from kerasbert.text import valid_utf8

# The blocks that BERT's tokenizer treats as Chinese characters, each of which is a word.
_CHINESE = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF)),
    *((0x2A700, 0x2B73F), (0x2B740, 0x2CEAF), (0x2F800, 0x2FA1F)),
)
# Matches a word in a text whose characters were replaced by their kinds (see `_kind`): one character that
# stands alone, or a run that begins and ends with letters.
_WORD = re.compile("1|a(?:[ac]*a)?")


def _kind(code):
    """The kind of a character: `1` stands alone, ` ` is a space, `c` a control character, `a` all others."""
    category = unicodedata.category(chr(code))
    if chr(code) in "\t\n\r" or category[0] == "Z":
        return " "
    if category in ("Cc", "Cf", "Cs") or code == 0xFFFD:  # BERT's tokenizer drops these too
        return "c"
    if category[0] in "PS" or any(first <= code <= last for first, last in _CHINESE):
        return "1"
    return "a"


class _Kinds(dict[int, str]):
    """A cache of the kinds of characters."""

    def __missing__(self, code):
        self[code] = kind = _kind(code)
        return kind


_KINDS = _Kinds()


def split_words(text):
    """Finds the words of a text, which are separated by spaces, punctuation, symbols and Chinese characters.

    Each punctuation mark, symbol and Chinese character is a word of its own. Control characters around a word
    are not part of it.

    Args:
        text: str.

    Returns:
        List of `(start, end)` in characters.

    Example:

    >>> text = "In Bonn, 1949"
    >>> [text[start:end] for start, end in split_words(text)]
    ['In', 'Bonn', ',', '1949']
    """
    return [match.span() for match in _WORD.finditer(text.translate(_KINDS))]


def words_of_texts(texts, tokenizer):
    """Finds the words of texts and their tokens, in the graph.

    Words are those of `split_words`, but words that share a token are joined.

    Args:
        texts: string tensor `(B,)`.
        tokenizer: `BertTokenizer`, or another tokenizer of `kerasbert.text`.

    Returns:
        Four ragged int32 tensors `(B, None)`: the tokens; the first character of each word, and the one after
        its last; and the index in its text of the first token of each word, or -1 for a word without tokens.
    """
    ids, token_starts, token_ends = tokenizer.tokenize_with_offsets(texts)
    characters = tf.strings.unicode_decode(valid_utf8(texts), "UTF-8")
    starts, ends, row = _split(characters)
    # From here on, characters and tokens are counted from the beginning of the first text.
    row_starts = tf.cast(characters.row_starts(), tf.int32)
    to_all = tf.gather(row_starts, ids.value_rowids())
    token_starts, token_ends = token_starts.flat_values + to_all, token_ends.flat_values + to_all

    # A token belongs to the first word of which it contains a part.
    owner = tf.searchsorted(ends, token_starts, side="right")
    last = tf.searchsorted(starts, token_ends, side="left") - 1
    mine = tf.reshape(tf.where((token_ends > token_starts) & (last >= owner)), [-1])
    owner, last = tf.gather(owner, mine), tf.gather(last, mine)
    count, none = tf.size(starts), tf.size(ids.flat_values, out_type=tf.int64)
    first = tf.tensor_scatter_nd_min(tf.fill([count], none), owner[:, None], mine)
    without = first == none

    # The words after the owner, up to the last word of which the token contains a part, are joined with it.
    borders = tf.concat([owner + 1, last + 1], 0)
    steps = tf.concat([tf.ones_like(owner), -tf.ones_like(last)], 0)
    joined = tf.cumsum(tf.math.unsorted_segment_sum(steps, borders, count + 1))[:-1] > 0
    kept = tf.reshape(tf.where(~(joined & without)), [-1])
    ends = tf.gather(ends, tf.concat([kept[1:], [tf.cast(count, tf.int64)]], 0)[: tf.size(kept)] - 1)
    row, starts, first = (tf.gather(values, kept) for values in (row, starts, first))
    first = tf.where(
        tf.gather(without, kept), tf.cast(-1, tf.int64), first - tf.gather(ids.row_starts(), row)
    )
    to_row = tf.gather(row_starts, row)
    words = (starts - to_row, ends - to_row, tf.cast(first, tf.int32))
    rows = tf.cast(tf.size(texts), tf.int64)
    return ids, *(tf.RaggedTensor.from_value_rowids(values, row, rows, validate=False) for values in words)


def _split(characters):
    """`split_words` for a batch of texts: starts and ends among all characters, and rows, each `(words,)`."""
    kind = tf.gather(tf.constant(kind_table()), characters.flat_values)
    row = characters.value_rowids()
    seen = tf.reshape(tf.where(kind != ord("c")), [-1])  # control characters do not separate words
    kind, row = tf.gather(kind, seen), tf.gather(row, seen)
    letter = kind == ord("a")
    follows = letter[1:] & letter[:-1] & (row[1:] == row[:-1])
    follows = tf.concat([tf.zeros_like(letter[:1]), follows], 0)
    in_word = letter | (kind == ord("1"))
    goes_on = tf.concat([follows[1:], tf.zeros_like(letter[:1])], 0)
    starts, ends = (tf.cast(tf.boolean_mask(seen, in_word & ~x), tf.int32) for x in (follows, goes_on))
    return starts, ends + 1, tf.boolean_mask(row, in_word & ~follows)


@functools.lru_cache(maxsize=1)
def kind_table():
    """The kinds of all code points, uint8 `(0x110000,)`."""
    return np.frombuffer("".join(map(_kind, range(0x110000))).encode(), np.uint8)
