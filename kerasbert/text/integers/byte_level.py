"""`RobertaTokenizer` as a graph of integer operations."""

import numpy as np

from kerasbert.optional import tensorflow as tf
from kerasbert.text.byte_pairs import BYTE_CHARACTERS
from kerasbert.text.byte_words import SPACE, character_classes, kinds, shift, word_starts
from kerasbert.text.code_point_tables import NUM_CODE_POINTS
from kerasbert.text.integers.finder import CodePointFinder
from kerasbert.text.integers.pairs import IntegerBytePairs
from kerasbert.text.roberta_files import MASK, ROBERTA_SPECIAL_TOKENS

_BLANK = ord(" ")
_REPLACEMENT = 0xFFFD  # also replaces surrogates in a str
# The first bytes of characters of 1 to 4 bytes in UTF-8, and the weight of a byte by its place from the end.
_LEADS, _UNITS = np.array([0, 0xC0, 0xE0, 0xF0], np.int32), np.array([1, 1 << 6, 1 << 12, 1 << 18], np.int32)


class ByteLevelGraph:
    """Converts code points to the token ids of a `RobertaTokenizer`.

    Args:
        tokenizer: `RobertaTokenizer`.
    """

    def __init__(self, tokenizer):
        tokens = list(tokenizer.vocabulary)
        self._pairs = IntegerBytePairs({token: i for i, token in enumerate(tokens)}, tokenizer.merges)
        self._byte_ids = self._pairs.byte_ids
        self._pages, self._classes = character_classes()
        self._add_prefix_space = tokenizer.add_prefix_space
        blank = BYTE_CHARACTERS[_BLANK]
        self._sizes = np.array([len(token) for token in tokens], np.int32)  # in bytes
        self._blanks_before = np.array([len(t) - len(t.lstrip(blank)) for t in tokens], np.int32)
        self._blanks_after = np.array([len(t) - len(t.rstrip(blank)) for t in tokens], np.int32)
        self._special = None
        if tokenizer.special_tokens_in_text:
            self._special = CodePointFinder(ROBERTA_SPECIAL_TOKENS)
            ids = [tokenizer.vocabulary.id_of(token) for token in ROBERTA_SPECIAL_TOKENS]
            self._special_ids = np.array([-1, *ids], np.int32)
            self._sizes[ids] = 1  # they take one cell instead of one for each byte

    def tokenize(self, code_points):
        """Tokenizes one text.

        Args:
            code_points: int32 (N,), any integers. Integers that are not characters count as U+FFFD; zeros at
                the end are ignored.

        Returns:
            (ids, starts, ends), each int32 (T,), as in `RobertaTokenizer.tokenize_with_offsets`.
        """
        code, special, sources, after = self._characters(code_points)
        alone = special >= 0
        first, last = alone | shift(alone, 1, True), alone | shift(alone, -1, True)
        starts = word_starts(code, kinds(code, self._pages, self._classes), first, last)
        ids, kept = self._bytes(code, special)
        word = tf.gather(tf.cumsum(tf.cast(starts, tf.int32)), kept)
        sources, after = tf.gather(sources, kept), tf.gather(after, kept)
        ids = self._pairs.merge_ids(ids, word)[0]

        sizes = tf.gather(self._sizes, ids)
        upto = tf.cumsum(sizes)
        starts = upto - sizes + tf.gather(self._blanks_before, ids)
        ends = tf.maximum(upto - tf.gather(self._blanks_after, ids), starts)
        ids, starts, ends = ids[:-1], starts[:-1], ends[:-1]  # without the end of the text
        begins = tf.gather(sources, starts)
        return ids, begins, tf.where(ends > starts, tf.gather(after, ends - 1), begins)

    def _characters(self, code_points):
        """Finds the characters and special tokens of a text; its end counts as another special token.

        Returns:
            (code, special, sources, after), int32 (M,): the code point; the id of a special token, or -1; the
            position in the text, and the position after it.
        """
        known = (
            (code_points >= 0) & (code_points < NUM_CODE_POINTS) & (code_points // 0x800 != 0xD800 // 0x800)
        )
        code = tf.where(known, code_points, _REPLACEMENT)
        length = tf.reduce_max(tf.concat([[0], tf.where(code == 0, 0, tf.range(tf.size(code)) + 1)], 0))
        code = tf.concat([code[:length], [0]], 0)
        sources = tf.range(tf.size(code))
        end = sources == length
        special, after = tf.where(end, 0, -1), sources + 1
        if self._special:
            found, sizes, inside = self._special.find(code)
            special = tf.where(end, 0, tf.gather(self._special_ids, found))
            after += sizes - 1
            mask = found == ROBERTA_SPECIAL_TOKENS.index(MASK) + 1
            kept = ~inside & ~self._before(mask, kinds(code, self._pages, self._classes) == SPACE)
            code, special, sources, after = _at(_where(kept), code, special, sources, after)
        if self._add_prefix_space:
            alone = special >= 0
            blank = ~alone & shift(alone, 1, True) & (code != _BLANK)
            both = tf.reshape(tf.stack([tf.where(blank, _BLANK, -1), code], axis=1), [-1])
            kept = _where(both >= 0)
            code = tf.gather(both, kept)
            special, sources, after = _at(kept // 2, special, sources, after)
        return code, special, sources, after

    def _before(self, marked, space):
        """True for white space before a marked character, with only white space between them."""
        solid = tf.cast(~space, tf.int32)
        through = tf.cumsum(solid)  # the last character, the end of the text, is solid
        following = tf.gather(marked, _where(~space))
        return space & tf.gather(tf.concat([following, [False]], 0), through)

    def _bytes(self, code, special):
        """Converts characters to the tokens of their bytes, and each special token to its id.

        Returns:
            (ids, places), int32 (B,), where places are positions in `code`.
        """
        count = sum(tf.cast(code >= limit, tf.int32) for limit in (0x80, 0x800, 0x10000))
        count = tf.where(special >= 0, 0, count)[:, tf.newaxis]  # the number of bytes after the first
        number = tf.range(4)
        unit = tf.gather(_UNITS, tf.maximum(count - number, 0))  # (M, 4)
        digits = code[:, tf.newaxis] // unit
        values = tf.where(number == 0, digits + tf.gather(_LEADS, count), 0x80 + digits % 64)
        is_special = (special >= 0)[:, tf.newaxis]
        ids = tf.gather(self._byte_ids, tf.where(is_special, 0, values))
        ids = tf.where(is_special, special[:, tf.newaxis], ids)
        kept = _where(tf.reshape(number <= count, [-1]))
        return tf.gather(tf.reshape(ids, [-1]), kept), kept // 4


def _at(places, *rows):
    return [tf.gather(row, places) for row in rows]


def _where(condition):
    return tf.cast(tf.where(condition)[:, 0], tf.int32)
