"""Byte-pair encoding of all words of a batch at once, in graph operations."""

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text.pairs import PairMerger

# A vocabulary writes each byte as one character: printable ones as in Latin-1, the others from U+0100 on.
_PRINTABLE = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]
BYTE_CHARACTERS = tuple(chr(b if b in _PRINTABLE else 0x100 + _OTHERS.index(b)) for b in range(256))


class BytePairs(PairMerger):
    """Merges the bytes of words, the pair with the lowest rank first (Sennrich et al. 2016, section 3.2).

    Args:
        ids: dict, token -> id.
        merges: sequence of str, two tokens separated by a space, in the order of their ranks.
        where: str or None, the source, for error messages.

    Raises:
        ValueError: if the vocabulary lacks one of the 256 bytes or a token of a merge.
    """

    def __init__(self, ids, merges, where=None):
        missing = [c for c in BYTE_CHARACTERS if c not in ids]
        if missing:
            raise checks.invalid(
                "A byte-level vocabulary must hold a token for each of the 256 bytes.",
                fix="Pass the vocabulary of a RoBERTa checkpoint, with its merges.",
                where=where,
                missing=missing,
            )
        ranked = {}  # if a merge is listed twice, the later rank counts, as in Hugging Face's tokenizers
        for rank, merge in enumerate(merges):
            left, right = merge.split(" ")
            if not {left, right, left + right} <= ids.keys():
                raise checks.invalid(
                    "Both tokens of a merge, and the token that they make, must be in the vocabulary.",
                    fix="Pass the vocabulary and the merges of the same checkpoint.",
                    where=where,
                    rank=rank,
                    merge=merge,
                )
            ranked[ids[left], ids[right]] = rank, ids[left + right], len(left + right)
        super().__init__(ranked, len(ids), len(merges))
        self.byte_ids = self._constant(np.array([ids[c] for c in BYTE_CHARACTERS], np.int32))

    def merge(self, words):
        """Splits words into tokens.

        Args:
            words: string tensor (W,).

        Returns:
            Ragged int32 (W, None), token ids.
        """
        data = tf.cast(tf.io.decode_raw(tf.strings.reduce_join(words), tf.uint8), tf.int32)
        count = tf.size(words)
        word = tf.repeat(tf.range(count), tf.strings.length(words))
        ids, word = self.merge_ids(tf.gather(self.byte_ids, data), word)
        return tf.RaggedTensor.from_value_rowids(
            ids, tf.cast(word, tf.int64), tf.cast(count, tf.int64), validate=False
        )
