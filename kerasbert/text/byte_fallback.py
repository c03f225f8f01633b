"""Characters of no piece as the pieces of their bytes: SentencePiece's `byte_fallback`, in integers."""

import itertools
import re

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text.code_point_tables import NUM_CODE_POINTS
from kerasbert.text.piece_characters import META, UNKNOWN
from kerasbert.text.symbol_rows import repeated

BYTE_PIECES = tuple(f"<0x{byte:02X}>" for byte in range(256))
_BYTES = {piece: bytes([byte]) for byte, piece in enumerate(BYTE_PIECES)}
_SCALES = np.array([1, 1 << 6, 1 << 12, 1 << 18], np.int32)  # of the bits in the bytes of UTF-8
_MARKS = np.array([0, 0xC0, 0xE0, 0xF0], np.int32)  # of the first byte, by how many follow


def check_byte_pieces(vocabulary, where):
    """Raises ValueError if a vocabulary lacks a piece without which characters cannot become bytes."""
    missing = [piece for piece in (*BYTE_PIECES, META) if piece not in vocabulary]
    if missing:
        raise checks.invalid(
            "With `byte_fallback`, the vocabulary must hold a piece for each of the 256 bytes, <0x00> to "
            f"<0xFF>, and {META}.",
            fix="Pass the vocabulary of a model that was trained with `byte_fallback=True`, or pass "
            "`byte_fallback=False`.",
            where=where,
            missing=missing,
        )


def joined(tokens):
    """Joins pieces to a text.

    Args:
        tokens: list of str. The bytes of neighbouring byte pieces are read as UTF-8, and each one that is not
            valid there becomes U+FFFD, as in SentencePiece.

    Returns:
        str.
    """
    parts = []
    for are_bytes, run in itertools.groupby(tokens, _BYTES.__contains__):
        if are_bytes:
            text = b"".join(map(_BYTES.__getitem__, run)).decode("utf-8", "surrogateescape")
            parts.append(re.sub("[\udc80-\udcff]", "\ufffd", text))
        else:
            parts += run
    return "".join(parts)


class ByteFallback:
    """Splits words by a model of pieces, and unknown characters into their bytes.

    An unknown character is a symbol beyond those of the pieces: `known + 1` + its code point. The symbols of
    special tokens in texts follow these; for the model they follow those of the pieces.

    Args:
        splitter: `Unigram` or `PiecePairs`, which leaves unknown characters apart.
        symbols: dict, the number of each character in the pieces.
        vocabulary: `SentencePieceVocabulary` with all byte pieces.
    """

    def __init__(self, splitter, symbols, vocabulary):
        self._splitter = splitter
        self._known = max(symbols.values())
        # Characters that are part of pieces, and no pieces themselves, may be unknown, too.
        self._codes = np.zeros(self._known + 1, np.int32)
        self._codes[[*symbols.values()]] = [*map(ord, symbols)]
        self._byte_ids = np.array([vocabulary.id_of(piece) for piece in BYTE_PIECES], np.int32)

    def split(self, symbols, begins):
        """Like `Unigram.split`. Each byte of a character is a piece, whose first and last symbol is it."""
        others = tf.where(symbols > self._known, UNKNOWN, symbols)
        beyond = symbols > self._known + NUM_CODE_POINTS
        of_pieces = tf.where(beyond, symbols - NUM_CODE_POINTS, others)
        first, last, ids = self._splitter.split(of_pieces, begins)

        symbol = tf.gather(symbols, first)
        known = tf.gather(self._codes, tf.minimum(symbol, self._known))
        code = tf.where(symbol > self._known, symbol - self._known - 1, known)
        more = sum(tf.cast((ids < 0) & (code >= limit), tf.int32) for limit in (0x80, 0x800, 0x10000))
        entry, within = repeated(more + 1)
        first, last, ids, code, more = (tf.gather(x, entry) for x in (first, last, ids, code, more))
        bits = code // tf.gather(_SCALES, more - within)
        byte = tf.where(within > 0, 0x80 + bits % 0x40, tf.gather(_MARKS, more) + bits)
        of_byte = tf.gather(self._byte_ids, tf.where(ids < 0, byte, 0))
        return first, last, tf.where(ids < 0, of_byte, ids)
