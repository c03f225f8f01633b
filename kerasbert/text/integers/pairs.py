"""Byte-pair encoding with integers only."""

from kerasbert.optional import tensorflow as tf
from kerasbert.text.byte_pairs import BytePairs
from kerasbert.text.double_array import SparseRows
from kerasbert.text.pairs import NEVER, PairMerger
from kerasbert.text.piece_pairs import PiecePairs


class IntegerPairs(PairMerger):
    """`PairMerger` with operations that every runtime has.

    The ranks of pairs are in a double array instead of a sorted table.
    """

    def _constant(self, values):
        return values

    def _set_ranks(self, left, right, rank):
        rows = [{} for _ in range(self._count)]
        for row, column, value in zip(*(x.tolist() for x in (left, right, rank)), strict=True):
            rows[row][column] = value
        self._pairs = SparseRows(rows, self._count, NEVER, self._constant)

    def _ranks_at(self, ids, word, places):
        right = tf.concat([ids[1:], [0]], 0)
        together = tf.concat([word[1:], [-1]], 0) == word
        return tf.where(together, self._pairs.look_up(ids, right), NEVER)

    def _ranks_after(self, ids, word, ranks, changed):
        return self._ranks_at(ids, word, None)

    def _lowest(self, values, block, in_block):
        # Each block becomes a row, padded to the longest one, because no runtime has a segment minimum.
        width = tf.reduce_max(in_block) + 1
        cells = (block * width + in_block)[:, tf.newaxis]
        count = block[-1] + 1
        rows = tf.scatter_nd(cells, NEVER - values, tf.reshape(count * width, [1]))
        return NEVER - tf.reduce_max(tf.reshape(rows, tf.stack([count, width])), axis=1)


class IntegerBytePairs(IntegerPairs, BytePairs):
    """`BytePairs` with integers only."""


class IntegerPiecePairs(IntegerPairs, PiecePairs):
    """`PiecePairs` with integers only."""
