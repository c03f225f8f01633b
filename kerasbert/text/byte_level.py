"""Texts to byte-level tokens: special tokens, then words, then byte pairs, with positions."""

import re

from kerasbert.optional import tensorflow as tf
from kerasbert.text.byte_pairs import BYTE_CHARACTERS, BytePairs
from kerasbert.text.byte_words import WHITE_SPACE, character_classes, split_words

_MARK = b"\xff"  # never occurs in valid UTF-8, so no text contains it
_BLANK = BYTE_CHARACTERS[ord(" ")]


class ByteLevel:
    """Splits texts into byte-level BPE tokens.

    Args:
        vocabulary: `RobertaVocabulary`.
        merges: sequence of str.
        add_prefix_space: bool, whether to put a space before a text that does not begin with one.
        special_tokens: sequence of str to find in texts, either empty or at least two; the first one also
            takes the white space before it.
        where: str, for error messages.
    """

    def __init__(self, vocabulary, merges, add_prefix_space, special_tokens, where):
        self._pairs = BytePairs({token: i for i, token in enumerate(vocabulary)}, merges, where)
        self._add_prefix_space = add_prefix_space
        self._special = {token: vocabulary.id_of(token) for token in special_tokens}
        before = [len(token) - len(token.lstrip(_BLANK)) for token in vocabulary]
        after = [len(token) - len(token.rstrip(_BLANK)) for token in vocabulary]
        with tf.init_scope():  # eager tensors outlive the graph they are first used in
            self._classes = [tf.constant(table) for table in character_classes()]
            self._sizes = tf.constant([len(token) for token in vocabulary])
            self._blanks_before, self._blanks_after = tf.constant(before), tf.constant(after)

    def tokenize(self, texts, with_offsets):
        """Splits texts into tokens.

        Args:
            texts: string tensor (B,), valid UTF-8.
            with_offsets: bool.

        Returns:
            (ids,), or (ids, starts, ends), ragged int32 (B, None); positions count characters, and leave out
            the spaces at either end of a token.
        """
        rows = self._pieces(texts)
        pieces = rows.flat_values
        special = self._special_ids(pieces)
        plain = tf.where(special < 0, pieces, "")
        prefixed = tf.zeros_like(special, tf.bool)
        if self._add_prefix_space:
            prefixed = tf.strings.regex_full_match(plain, "(?s)[^ ].*")
            plain = tf.where(prefixed, " " + plain, plain)
        characters = tf.strings.unicode_decode(plain, "UTF-8")

        words = split_words(characters, *self._classes)
        different, which = tf.unique(tf.strings.unicode_encode(words.values, "UTF-8"))
        tokens = tf.gather(self._pairs.merge(different), which)
        ids = _by_row(tokens, words.row_splits)
        found, singles = [ids], [special]
        if with_offsets:
            begins, ends = _places(rows)
            shift = begins - tf.cast(characters.row_starts(), tf.int32) - tf.cast(prefixed, tf.int32)
            shift = tf.gather(shift, ids.value_rowids())
            found += [ids.with_flat_values(x + shift) for x in self._positions(ids.flat_values, characters)]
            singles += [ends - tf.gather(self._sizes, tf.maximum(special, 0)), ends]
        if self._special:
            is_special = special >= 0
            lengths = tf.cast(is_special, tf.int64)
            singles = [tf.RaggedTensor.from_row_lengths(x[is_special], lengths) for x in singles]
            found = [tf.concat(both, axis=1) for both in zip(found, singles, strict=True)]
        return tuple(_by_row(x, rows.row_splits) for x in found)

    def _pieces(self, texts):
        """Cuts texts into ragged string (B, None): text, special token, text, special token, and so on."""
        if self._special:
            stripped, *others = map(re.escape, self._special)
            pattern = f"({WHITE_SPACE}*{stripped}|{'|'.join(others)})"
            texts = tf.strings.regex_replace(texts, pattern, _MARK + rb"\1" + _MARK)
            return tf.strings.split(texts, sep=_MARK)
        splits = tf.range(tf.size(texts, tf.int64) + 1)
        return tf.RaggedTensor.from_row_splits(texts, splits, validate=False)

    def _special_ids(self, pieces):
        """int32 (P,), the id of each piece that is a special token, and -1 for the others."""
        ids = tf.fill(tf.shape(pieces), -1)
        for token, id_ in self._special.items():
            ids = tf.where(tf.strings.regex_full_match(pieces, f"(?s).*{re.escape(token)}"), id_, ids)
        return ids

    def _positions(self, ids, characters):
        """Where each token starts and ends (exclusive), counted in `characters.flat_values`."""
        code, sizes = characters.flat_values, tf.gather(self._sizes, ids)
        after = tf.cumsum(sizes)
        starts = after - sizes + tf.gather(self._blanks_before, ids)
        ends = tf.maximum(after - tf.gather(self._blanks_after, ids), starts)
        bytes_of = 1 + sum(tf.cast(code >= limit, tf.int32) for limit in (0x80, 0x800, 0x10000))
        upto = tf.cumsum(bytes_of)
        first = tf.searchsorted(upto, starts, side="right")
        last = tf.searchsorted(upto, ends - 1, side="right") + 1
        return first, tf.where(ends > starts, last, first)


def _places(rows):
    """Where each piece (P,) starts and ends (exclusive) in its text, in characters."""
    lengths = tf.strings.length(rows.flat_values, unit="UTF8_CHAR")
    before = tf.cumsum(tf.concat([[0], lengths], 0))  # counted through all texts
    begins = before[:-1] - tf.gather(before, tf.gather(rows.row_starts(), rows.value_rowids()))
    return begins, begins + lengths


def _by_row(tokens, row_splits):
    """Joins the tokens of several pieces into the row of the text that the pieces belong to."""
    splits = tf.gather(tokens.row_splits, row_splits)
    return tf.RaggedTensor.from_row_splits(tokens.flat_values, splits, validate=False)
