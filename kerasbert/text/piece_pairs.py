"""Splits words into the pieces of SentencePiece's BPE models, all words of a batch at once."""

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text.pairs import PairMerger

APART = -1  # the id of unknown characters where they are not joined


class PiecePairs(PairMerger):
    """Merges symbols to pieces, those with the highest score first (SentencePiece's BPE models).

    Two neighbours are merged if what they make is a piece, in whatever way. Of equal pieces, the leftmost one
    is made first. Characters that are no pieces are unknown.

    Args:
        pieces: dict, tuple of symbols -> id.
        scores: dict, id -> float.
        unk_id: int, or `APART`.
        most: int, the largest symbol that a text can have.

    Raises:
        ValueError: if pieces have equal scores, so that their order is open.
    """

    def __init__(self, pieces, scores, unk_id, most):
        ids = dict(pieces)
        unknown = max(ids.values(), default=0) + 1
        count = unknown + 1
        # Characters that are part of pieces, and no pieces themselves, are tokens until the end.
        for symbol in {symbol for piece in pieces for symbol in piece}:
            if (symbol,) not in ids:
                ids[symbol,] = count
                count += 1
        longer = sorted(
            (piece for piece in pieces if len(piece) > 1), key=lambda piece: -scores[pieces[piece]]
        )
        if len({scores[pieces[piece]] for piece in longer}) < len(longer):
            raise checks.invalid(
                "The pieces of a BPE model of more than one character must have different scores.",
                fix="Pass the scores of the model file: they say which pieces are made first.",
                where="SentencePieceTokenizer",
                pieces=len(longer),
            )
        ranked = {}
        for rank, piece in enumerate(longer):
            for cut in range(1, len(piece)):
                left, right = ids.get(piece[:cut]), ids.get(piece[cut:])
                if left is not None and right is not None:
                    ranked[left, right] = rank, ids[piece], len(piece)
        super().__init__(ranked, count, len(longer))
        first, lengths, final = np.full(most + 1, unknown), np.ones(count), np.arange(count)
        for piece, id_ in ids.items():
            lengths[id_] = len(piece)
            if len(piece) == 1:
                first[piece[0]] = id_
        final[unknown:] = unk_id
        self._unknown, self._unk_id = unknown, unk_id
        tables = (x.astype(np.int32) for x in (first, lengths, final))
        self._first, self._lengths, self._final = map(self._constant, tables)

    def split(self, symbols, begins):
        """Like `Unigram.split`."""
        ids, _ = self.merge_ids(tf.gather(self._first, symbols), tf.cumsum(tf.cast(begins, tf.int32)))
        ends = tf.cumsum(tf.gather(self._lengths, ids)) - 1
        first = ends - tf.gather(self._lengths, ids) + 1
        unknown, ids = ids >= self._unknown, tf.gather(self._final, ids)
        if self._unk_id == APART:
            return first, ends, ids
        kept, through = unknown_runs(unknown, tf.gather(begins, first))
        return tf.gather(first, kept), tf.gather(ends, through), tf.gather(ids, kept)


def unknown_runs(unknown, begins):
    """Joins unknown pieces of a word that follow each other.

    Args:
        unknown, begins: bool (T,), whether a piece is unknown, and whether it begins a word.

    Returns:
        (first, last), int32 (R,), the first and the last piece of each run; other pieces are runs of one.
    """
    size = tf.size(unknown)
    joins = unknown & tf.concat([[False], unknown[:-1]], 0)[:size] & ~begins
    kept = tf.cast(tf.where(~joins)[:, 0], tf.int32)
    return kept, tf.concat([kept[1:], [size]], 0)[: tf.size(kept)] - 1
