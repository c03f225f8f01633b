"""Tables of integers for how a `BertTokenizer` normalises each character of Unicode."""

import functools

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.optional import tensorflow_text
from kerasbert.text import normalization
from kerasbert.text.code_point_tables import NUM_CODE_POINTS, paged, row_of
from kerasbert.text.offsets import CHANGED
from kerasbert.text.wordpiece import WordPiece

# The kinds of normalised characters. 0 marks a cell without a character.
LETTER, SPACE, SINGLE = 1, 2, 3
# How a character affects a capital sigma beside it, which is written in another way at the end of a word.
ENDS_WORD, IGNORED, CASED = 0, 1, 2
_SURROGATES = slice(0xD800, 0xE000)
_CAPITAL_SIGMA, _FINAL_SIGMA = "Σς"


class CharacterTables:
    """Looks up the normalised characters of code points.

    `pages` and `entries` have, in two levels, an entry for each code point. An entry is
    `3 * row + kind beside a sigma`, and `rows[row]` contains the normalised characters, each as
    `4 * symbol + kind`, followed by zeros. Row 0 is empty.

    Args:
        tokenizer: `BertTokenizer`.
        symbols: dict, the number of each character in the vocabulary, from 1; other characters are 0.
        special: sequence of int, symbols of special tokens. Each has a row in `special_rows`, in this order.

    Raises:
        ValueError: if the vocabulary has several of the combining marks that Unicode reorders.
    """

    def __init__(self, tokenizer, symbols, special=()):
        self._lowercase = tokenizer.lowercase
        accents = not (self._lowercase if tokenizer.strip_accents is None else tokenizer.strip_accents)
        if not accents:
            _check_order_of_marks(symbols)
        normalised, sigma_kinds = _normalised(self._lowercase, accents)
        symbol_of = np.zeros(NUM_CODE_POINTS, np.int32)
        symbol_of[[*map(ord, symbols)]] = list(symbols.values())
        cells = np.where(
            normalised > 0, 4 * symbol_of[normalised] + _kinds(tokenizer.split_chinese)[normalised], 0
        )

        letter = np.array([LETTER, *[0] * (cells.shape[1] - 1)], np.int32)  # a letter of no token
        others = np.flatnonzero((cells != letter).any(axis=1))
        rows, number = np.unique(cells[others], axis=0, return_inverse=True)  # the empty row comes first
        numbers = np.full(NUM_CODE_POINTS, len(rows))
        numbers[others] = number.reshape(-1)
        self.special_rows = len(rows) + 1 + np.arange(len(special), dtype=np.int32)
        self.rows = np.pad(np.vstack([rows, letter]), ((0, len(special)), (0, 0)))
        self.rows[self.special_rows, 0] = [4 * symbol + SINGLE for symbol in special]
        self._final_sigma_row = int(numbers[ord(_FINAL_SIGMA)])
        self.pages, self.entries = paged((3 * numbers + sigma_kinds).astype(np.int32))

    def look_up(self, code_points):
        """Finds the row of each code point.

        Args:
            code_points: int32 (N,), any integers; those that are not code points are dropped like U+0000.

        Returns:
            int32 (N,), indices of `rows`.
        """
        known = (code_points >= 0) & (code_points < NUM_CODE_POINTS)
        code_points = tf.where(known, code_points, 0)
        entry = tf.gather(self.entries, row_of(code_points, self.pages))
        rows = entry // 3
        if not self._lowercase:
            return rows
        final = (code_points == ord(_CAPITAL_SIGMA)) & _ends_word(entry % 3)
        return tf.where(final, self._final_sigma_row, rows)


def _ends_word(kinds):
    """True where a capital sigma is a final one: after a cased letter and not before one, as in Unicode's
    `Final_Sigma`, which skips ignored characters on both sides."""
    kept = tf.cast(kinds != IGNORED, tf.int32)
    cased = tf.cast(tf.gather(kinds, tf.where(kept == 1)[:, 0]) == CASED, tf.int32)
    cased = tf.concat([[0], cased, [0]], 0)
    through = tf.cumsum(kept)  # the number of characters up to here that are not ignored
    before, after = tf.gather(cased, through - kept), tf.gather(cased, through + 1)
    return (before == 1) & (after == 0)


@functools.lru_cache(maxsize=4)
def _normalised(lowercase, accents):
    """Applies the tokenizer's own normalisation to all characters that it may change.

    Returns:
        (normalised, numpy int32 (0x110000, K): the normalised code points of each, followed by zeros;
        kinds, numpy int32 (0x110000,): how each affects a capital sigma).
    """
    with tf.init_scope():
        characters = tf.constant([chr(c) for c in CHANGED])
        texts = tf.strings.unicode_decode(normalization.normalise(characters, lowercase, accents), "UTF-8")
        texts = texts.to_tensor().numpy()
        kinds = np.full(NUM_CODE_POINTS, ENDS_WORD, np.int32)
        if lowercase:
            behind, between = (
                tf.strings.substr(normalization.normalise(text, lowercase, accents), 1, 2) == _FINAL_SIGMA
                for text in (
                    tf.strings.join(["a" + _CAPITAL_SIGMA, characters]),
                    tf.strings.join(["a" + _CAPITAL_SIGMA, characters, "a"]),
                )
            )
            kinds[CHANGED] = np.where(between, ENDS_WORD, np.where(behind, IGNORED, CASED))
    normalised = np.zeros((NUM_CODE_POINTS, texts.shape[1]), np.int32)
    normalised[:, 0] = np.arange(NUM_CODE_POINTS)
    normalised[_SURROGATES] = 0
    normalised[CHANGED] = texts
    kinds[_SURROGATES] = kinds[0]
    return normalised, kinds


@functools.lru_cache(maxsize=2)
def _kinds(split_chinese):
    """Splits each normalised character between two letters, with the tokenizer's own splitting.

    Returns:
        numpy int32 (0x110000,): whether `a`, the character and `b` are one, two or three words.
    """
    with tf.init_scope():
        words = WordPiece(["[UNK]", "a", "b"], split_chinese, max_characters_per_word=3)
        texts = tf.strings.join(["a", tf.constant([chr(c) for c in CHANGED]), "b"])
        ids, _, _ = words.tokenize_with_byte_offsets(words.separate_words(texts))
        kinds = np.full(NUM_CODE_POINTS, LETTER, np.int32)
        kinds[CHANGED] = ids.row_lengths()
        return kinds


@functools.lru_cache(maxsize=1)
def _marks_in_order():
    """Combining marks that are not stripped as accents, and that Unicode's normalisation may reorder.

    Returns:
        list of str.
    """
    lowest = "\u0334"  # is moved before every mark that can be reordered
    with tf.init_scope():
        characters = tf.constant([chr(c) for c in CHANGED])
        normalised = tensorflow_text.normalize_utf8(tf.strings.join([characters, lowest]), "NFD")
        moved = tf.strings.substr(normalised, 0, 2) == lowest.encode()
        moved &= normalization.strip_accents(characters) == characters
        return [text.decode() for text in tf.boolean_mask(characters, moved).numpy()]


def _check_order_of_marks(symbols):
    known = [mark for mark in _marks_in_order() if mark in symbols]
    pairs = [left + right for left in known for right in known]
    for pair in pairs:
        with tf.init_scope():
            ordered = normalization.strip_accents(tf.constant(pair)).numpy().decode()
        if pair != ordered:
            raise checks.invalid(
                "A graph of integers cannot put combining marks in order, so a vocabulary may know only one "
                "combining mark of those that Unicode's normalisation moves, accents aside.",
                fix="Rename the tokens of one of the two marks, such as to [unused7], so that all ids stay.",
                where="IntegerTokenizer",
                marks=[f"U+{ord(mark):04X}" for mark in pair],
            )
