"""Merges pairs of tokens, the pair with the lowest rank first, in graph operations."""

import numpy as np

from kerasbert.optional import tensorflow as tf

NEVER = np.iinfo(np.int32).max  # the rank of a pair that is not merged


class PairMerger:
    """Byte-pair encoding of all words of a batch at once (Sennrich et al. 2016, section 3.2).

    Pairs of the same rank are merged from left to right, one at a time, as in Hugging Face's tokenizers and
    in SentencePiece. Merges that cannot influence each other are done in the same step.

    Args:
        ranked: dict, (left token, right token) -> (rank, the token that they make, its length). Pairs of the
            same rank must make the same token. Tokens are int from 0; lengths count tokens before any merge.
        count: int, how many tokens there are.
        ranks: int, how many ranks there are.
    """

    def __init__(self, ranked, count, ranks):
        table = [(*pair, *rest) for pair, rest in ranked.items()]
        table = np.array(table, np.int64).reshape(-1, 5)
        left, right, rank, product, size = table[np.lexsort((table[:, 1], table[:, 0]))].T
        self._count = count
        # The length of the longest token: a merge cannot depend on what happens further away than this.
        self._block = int(size.max(initial=2))
        products = np.zeros(ranks + 1, np.int32)
        products[rank] = product
        self._late = _makes_earlier_pairs(left, right, rank, product, count)
        in_turn = np.zeros(ranks + 1, bool)
        in_turn[rank] = self._late
        self._set_ranks(left, right, rank)
        self._products, self._in_turn = self._constant(products), self._constant(in_turn)

    def _constant(self, values):
        with tf.init_scope():  # eager tensors outlive the graph they are first used in
            return tf.constant(values)

    def _set_ranks(self, left, right, rank):
        """Keeps the table of pairs, which are in ascending order."""
        # The last key is greater than all others, so that every search ends inside the table.
        self._keys = self._constant(np.append(left * self._count + right, np.iinfo(np.int64).max))
        self._ranks = self._constant(np.append(rank, NEVER).astype(np.int32))

    def merge_ids(self, ids, word):
        """Merges the tokens of words until nothing can be merged any more.

        Args:
            ids: int32 (n,), the tokens of all bytes.
            word: int32 (n,), the index of the word that each token is in.

        Returns:
            (ids, word), int32 (m,), the tokens that remain and the index of the word of each.
        """
        places = tf.range(tf.size(ids))
        ids, word, _ = tf.while_loop(
            lambda ids, word, ranks: tf.reduce_any(ranks != NEVER),
            self._step,
            (ids, word, self._ranks_at(ids, word, places)),
            shape_invariants=(tf.TensorShape([None]),) * 3,
        )
        return ids, word

    def _ranks_at(self, ids, word, places):
        """The ranks of the pairs that begin at `places`."""
        after = tf.minimum(places + 1, tf.size(ids) - 1)
        left, right = tf.gather(ids, places), tf.gather(ids, after)
        keys = tf.cast(left, tf.int64) * self._count + tf.cast(right, tf.int64)
        found = tf.searchsorted(self._keys, keys)
        pair = (after > places) & (tf.gather(word, places) == tf.gather(word, after))
        return tf.where(pair & (tf.gather(self._keys, found) == keys), tf.gather(self._ranks, found), NEVER)

    def _step(self, ids, word, ranks):
        take = self._next_merges(word, ranks)
        merged = tf.gather(self._products, tf.where(take, ranks, 0))
        ids = tf.where(take, merged, ids)
        kept = tf.where(tf.concat([[True], ~take[:-1]], 0))[:, 0]
        changed = take | tf.concat([take[1:], [False]], 0)
        ids, word, ranks, changed = (tf.gather(x, kept) for x in (ids, word, ranks, changed))
        return ids, word, self._ranks_after(ids, word, ranks, changed)

    def _ranks_after(self, ids, word, ranks, changed):
        """The ranks of all pairs after a step, recomputed only where `changed` is True."""
        places = tf.where(changed)
        new = self._ranks_at(ids, word, tf.cast(places[:, 0], tf.int32))
        return tf.tensor_scatter_nd_update(ranks, places, new)

    def _lowest(self, values, block, in_block):
        """The lowest value of each block."""
        return tf.math.segment_min(values, block)

    def _next_merges(self, word, ranks):
        """Which pairs can be merged in this step, as bool (n,).

        Words are cut into blocks. A pair is merged when its rank is the lowest in its block and in both
        neighbouring blocks: anything further away could influence it only through a token longer than a
        block.
        """
        places = tf.range(tf.size(ranks))
        new_word = _differs(word)
        in_word = places - _latest(new_word)
        in_block = in_word % self._block
        new_block = in_block == 0
        block = tf.cumsum(tf.cast(new_block, tf.int32)) - 1
        lowest = self._lowest(ranks, block, in_block)
        continues = ~tf.boolean_mask(new_word, new_block)  # the block before is of the same word
        before = tf.where(continues, tf.concat([[NEVER], lowest[:-1]], 0), NEVER)
        after = tf.concat([tf.where(continues, lowest, NEVER)[1:], [NEVER]], 0)
        floor = tf.minimum(lowest, tf.minimum(before, after))
        due = (ranks == tf.gather(floor, block)) & (ranks != NEVER)
        # In a run of equal tokens, such as "aaaa", pairs of the same rank overlap. Every other pair is taken,
        # starting at the left, and only if the leftmost pair can be merged now.
        row = _latest(_differs(ranks))
        take = due & tf.gather(due, row) & ((places - row) % 2 == 0)
        if not self._late.any():
            return take
        # A few merges create pairs of a lower rank than their own, which must be merged before the next pair
        # of the same rank.
        leftmost = self._lowest(tf.where(due, places, NEVER), block, in_block)
        only = (places == tf.gather(leftmost, block)) & (tf.gather(before, block) > ranks)
        return tf.where(tf.gather(self._in_turn, tf.where(due, ranks, 0)), due & only, take)


def _differs(values):
    """Where a value differs from the one before it."""
    return tf.concat([tf.fill([tf.minimum(tf.size(values), 1)], True), values[1:] != values[:-1]], 0)


def _latest(begins):
    """For each position, the position of the latest True up to it; the first value must be True."""
    starts = tf.cast(tf.where(begins)[:, 0], tf.int32)
    return tf.gather(starts, tf.cumsum(tf.cast(begins, tf.int32)) - 1)


def _makes_earlier_pairs(left, right, rank, product, count):
    """For each merge, whether the token that it makes is part of a merge of the same or a lower rank."""
    earliest = np.full(count, NEVER, np.int64)
    np.minimum.at(earliest, left, rank)
    np.minimum.at(earliest, right, rank)
    return earliest[product] <= rank
