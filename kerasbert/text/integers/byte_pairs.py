"""Byte-pair encoding with integers only."""

from kerasbert.optional import tensorflow as tf
from kerasbert.text.byte_pairs import NEVER, BytePairs
from kerasbert.text.double_array import SparseRows


class IntegerBytePairs(BytePairs):
    """`BytePairs` with operations that every runtime has.

    The ranks of pairs are in a double array instead of a sorted table.
    """

    def __init__(self, ids, merges, where=None):
        super().__init__(ids, merges, where)
        keys, ranks = self._keys.numpy()[:-1].tolist(), self._ranks.numpy()[:-1].tolist()
        rows = [{} for _ in range(self._count)]
        for key, rank in zip(keys, ranks, strict=True):
            rows[key // self._count][key % self._count] = rank
        self._pairs = SparseRows(rows, self._count, NEVER)
        self._products, self._in_turn = self._products.numpy(), self._in_turn.numpy()

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
