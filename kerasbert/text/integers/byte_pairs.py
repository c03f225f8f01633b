"""Byte-pair encoding with integers only."""

import numpy as np

from kerasbert.optional import tensorflow as tf
from kerasbert.text.byte_pairs import NEVER, BytePairs
from kerasbert.text.double_array import place


class IntegerBytePairs(BytePairs):
    """`BytePairs` with operations that every runtime has.

    The ranks of pairs are in a double array, at `base[left] + right`, where `check` must be `left`.
    """

    def __init__(self, ids, merges, where=None):
        super().__init__(ids, merges, where)
        left, right = np.divmod(self._keys.numpy()[:-1], self._count)
        rows = [{} for _ in range(self._count)]
        for pair, (row, column) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
            rows[row][column] = self._count + pair
        bases, places = place(rows + [{}] * len(left), self._count)
        places = places[self._count :]
        self._base = bases[: self._count].astype(np.int32)
        self._check = np.full(int(bases.max()) + self._count + 1, -1, np.int32)
        self._check[places] = left
        self._rank = np.full(int(places.max(initial=0)) + 1, NEVER, np.int32)
        self._rank[places] = self._ranks.numpy()[:-1]
        self._products, self._in_turn = self._products.numpy(), self._in_turn.numpy()

    def _ranks_at(self, ids, word, places):
        right = tf.concat([ids[1:], [0]], 0)
        together = tf.concat([word[1:], [-1]], 0) == word
        at = tf.gather(self._base, ids) + right
        known = together & (tf.gather(self._check, at) == ids)
        return tf.where(known, tf.gather(self._rank, tf.where(known, at, 0)), NEVER)

    def _ranks_after(self, ids, word, ranks, changed):
        return self._ranks_at(ids, word, None)

    def _lowest(self, values, block, in_block):
        # Each block becomes a row, padded to the longest one, because no runtime has a segment minimum.
        width = tf.reduce_max(in_block) + 1
        cells = (block * width + in_block)[:, tf.newaxis]
        count = block[-1] + 1
        rows = tf.scatter_nd(cells, NEVER - values, tf.reshape(count * width, [1]))
        return NEVER - tf.reduce_max(tf.reshape(rows, tf.stack([count, width])), axis=1)
