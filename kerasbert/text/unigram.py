"""Splits words into the most probable pieces, all words of a batch at once, in graph operations."""

import numpy as np

from kerasbert.optional import tensorflow as tf
from kerasbert.text.piece_characters import UNKNOWN
from kerasbert.text.piece_pairs import APART, unknown_runs
from kerasbert.text.trie import WORD, Trie

UNKNOWN_PENALTY = 10  # how much less probable than every piece an unknown character is
_FRACTION_BITS = 30
_NEVER = -(1 << 62)


class Unigram:
    """Finds the pieces with the greatest sum of scores (Kudo 2018, "Subword Regularization", section 3.1).

    Sums are whole numbers, scores times 2^30, in which the scores of SentencePiece's files (float32) are
    exact. So equal sums are equal, whatever stands before a word; and a word can be cut where no piece
    crosses. Of equal sums, the one with the longest last piece counts, as in SentencePiece.

    The best sum up to each character depends on the sums up to the characters before it. Words are sorted by
    their length, so that one step computes the sums up to character t of all words that are long enough.

    Args:
        pieces: dict, tuple of symbols -> id.
        scores: dict, id -> float.
        lowest: float, the lowest score of all.
        unk_id: int, or `APART`.
        most: int, the largest symbol that a text can have.
    """

    def __init__(self, pieces, scores, lowest, unk_id, most):
        trie = Trie(pieces, {}, most)
        longest = max((len(symbols) for symbols in pieces), default=1)
        bits = longest.bit_length()
        count = max(scores, default=0) + 1
        # Row `id + 1` belongs to a piece, row 0 to no piece, and the last one to an unknown character.
        keys = np.full(count + 2, _NEVER, np.int64)
        for symbols, id_ in pieces.items():
            keys[id_ + 1] = (round(scores[id_] * (1 << _FRACTION_BITS)) << bits) + len(symbols)
        keys[-1] = (round((lowest - UNKNOWN_PENALTY) * (1 << _FRACTION_BITS)) << bits) + 1
        self._lengths_in = 1 << bits  # a key modulo this number is the length of the last piece
        self._unknown = count + 1
        self._longest = longest
        self._base, self._check, self._value = map(self._constant, (trie.base, trie.check, trie.value))
        self._keys, self._unk_id = self._constant(keys), unk_id

    def _constant(self, values):
        with tf.init_scope():  # eager tensors outlive the graph they are first used in
            return tf.constant(values)

    def split(self, symbols, begins):
        """Splits words into pieces.

        Args:
            symbols: int32 (M,), all words one after another.
            begins: bool (M,), whether a word begins there. No piece may continue beyond such a place.

        Returns:
            (starts, ends, ids), int32 (T,): the first and the last symbol of each piece, and its id. Unknown
            characters of a word that follow each other are one piece, unless `unk_id` is `APART`.
        """
        rows = self._pieces_from(symbols)
        starts, sizes, segment = self._segments(rows, begins)
        column, counts = _columns(sizes, segment, starts)
        size = tf.size(symbols)
        order = tf.scatter_nd(column[:, tf.newaxis], tf.range(size), [size])
        last = tf.gather(self._best_lengths(tf.gather(rows, order, axis=1), counts), column)
        ends = self._ends(last, starts, sizes)
        lengths = tf.gather(last, ends)
        first = ends - lengths + 1
        value = tf.gather(tf.reshape(rows, [-1]), (lengths - 1) * size + first)
        unknown = value == self._unknown
        ids = tf.where(unknown, self._unk_id, value - 1)
        if self._unk_id == APART:
            return first, ends, ids
        kept, through = unknown_runs(unknown, tf.gather(begins, first))
        return tf.gather(first, kept), tf.gather(ends, through), tf.gather(ids, kept)

    def _pieces_from(self, symbols):
        """The pieces that begin at each place, by their length: int32 (K, M), rows of `self._keys`."""
        size = tf.size(symbols)

        def step(length, at, state, rows):
            beyond = at + length >= size
            symbol = tf.where(beyond, UNKNOWN, tf.gather(symbols, tf.minimum(at + length, size - 1)))
            following = tf.gather(self._base, state) + symbol
            alive = tf.gather(self._check, following) == state
            at, state = tf.boolean_mask(at, alive), tf.boolean_mask(following, alive)
            row = tf.scatter_nd(at[:, tf.newaxis], tf.gather(self._value, state), [size])
            return length + 1, at, state, rows.write(length, row)

        rows = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[None], infer_shape=False)
        at = tf.range(size)
        rows = tf.while_loop(
            lambda length, at, *_: (length == 0) | (tf.size(at) > 0),
            step,
            (0, at, tf.fill([size], WORD), rows),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([None]), None),
        )[-1].stack()
        rows = tf.reshape(rows, [-1, size])
        return tf.concat([tf.where(rows[:1] == 0, self._unknown, rows[:1]), rows[1:]], 0)

    def _best_lengths(self, rows, counts):
        """The length of the last piece of the best split up to each place, as int32 (M,).

        Args:
            rows: int32 (K, M), the pieces that begin at each place, in the order of `_columns`.
            counts: int32 (L,), how many segments have a place 0, 1 and so on.
        """
        firsts = tf.cumsum(counts, exclusive=True)
        counts = tf.concat([counts, [0]], 0)
        left = tf.concat([counts[1:], [0]], 0)

        def step(place, best, ahead, found):
            lengths, best, ahead = self._advance(place, best, ahead, rows, firsts, counts, left)
            return place + 1, best, ahead, found.write(place, lengths)

        found = tf.TensorArray(
            tf.int32, tf.size(firsts), element_shape=[None], infer_shape=False, clear_after_read=True
        )
        best, ahead = self._begin(rows, counts)
        found = tf.while_loop(
            lambda place, *_: place < tf.size(firsts),
            step,
            (0, best, ahead, found),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([None, None]), None),
        )[-1]
        return found.concat()

    def _begin(self, rows, counts):
        """The best sums before the first place of all segments, and the sums of pieces beyond it."""
        never = tf.constant(_NEVER, tf.int64)
        return tf.zeros([counts[0]], tf.int64), tf.fill(tf.stack([tf.shape(rows)[0], counts[0]]), never)

    def _advance(self, place, best, ahead, rows, firsts, counts, left):
        """Goes on by one place in all segments that have it.

        Args:
            place: int32.
            best: int64 (W,), the best sum up to the place.
            ahead: int64 (K, W), the best sum and length of pieces that end 0, 1 ... places further.
            rows: int32 (K, M), the pieces that begin at each place.
            firsts, counts, left: int32 (L,), the first column of each place, how many it has, and how many
                the next place has.

        Returns:
            (lengths, best, ahead): int32 (W,), the length of the last piece up to and with the place, and
            both states for the next place.
        """
        first, count = firsts[place], counts[place]
        sums = best + tf.gather(self._keys, rows[:, first : first + count])
        # No `maximum`: ONNX Runtime 1.31 takes the lower half of an int64 as a signed number there.
        reached = tf.where(sums > ahead, sums, ahead)
        # tf2onnx's remainders have the sign of the sum; the second one has none.
        length = (reached[0] % self._lengths_in + self._lengths_in) % self._lengths_in
        none = tf.fill(tf.stack([1, left[place]]), tf.constant(_NEVER, tf.int64))
        ahead = tf.concat([reached[1:, : left[place]], none], 0)
        return tf.cast(length, tf.int32), (reached[0] - length)[: left[place]], ahead

    def _segments(self, rows, begins):
        """Cuts words wherever no piece crosses.

        Returns:
            (starts, sizes, segment), int32: the first place and the size of each segment (W,), and the
            segment of each place (M,).
        """
        size = tf.size(begins)
        numbers = tf.range(tf.shape(rows)[0])[:, tf.newaxis] + 1
        reach = tf.reduce_max(tf.where(rows > 0, numbers, 0), axis=0)
        step = 1
        while step < self._longest:  # how far the pieces reach that begin here or at one of the places before
            before = tf.concat([tf.zeros([step], tf.int32), reach], 0)[:size]
            reach = tf.maximum(reach, before - step)
            step *= 2
        begins = begins | (tf.concat([[0], reach], 0)[:size] < 2)
        starts = tf.cast(tf.where(begins)[:, 0], tf.int32)
        sizes = tf.concat([starts[1:], [size]], 0)[: tf.size(starts)] - starts
        return starts, sizes, tf.cumsum(tf.cast(begins, tf.int32)) - 1

    def _ends(self, last, starts, sizes):
        """The places where the pieces of the best splits end, in ascending order.

        Args:
            last: int32 (M,), the length of the last piece up to each place.
            starts, sizes: int32 (W,), the first place and the size of each segment.
        """

        def step(number, at, start, ends):
            ends = ends.write(number, at)
            before = at - tf.gather(last, at)
            more = before >= start
            return number + 1, tf.boolean_mask(before, more), tf.boolean_mask(start, more), ends

        ends = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[None], infer_shape=False)
        ends = tf.while_loop(
            lambda number, at, *_: (number == 0) | (tf.size(at) > 0),
            step,
            (0, starts + sizes - 1, starts, ends),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([None]), None),
        )[-1].concat()
        marks = tf.scatter_nd(ends[:, tf.newaxis], tf.ones_like(ends), [tf.size(last)])
        return tf.cast(tf.where(marks > 0)[:, 0], tf.int32)


def _columns(sizes, segment, starts):
    """Orders places by their number in their segment, and those of the same number by segments' size.

    Returns:
        (columns, counts), int32: where each place comes in this order (M,), and how many segments have a
        place 0, 1 and so on (L,).
    """
    number = tf.size(sizes)
    sizes, order = tf.math.top_k(sizes, number)
    rank = tf.scatter_nd(order[:, tf.newaxis], tf.range(number), [number])
    # Where the next segment is smaller: so many are at least as large.
    drops = tf.cast(tf.where(sizes > tf.concat([sizes[1:], [0]], 0)[:number])[:, 0], tf.int32)
    equal = drops - tf.concat([[-1], drops[:-1]], 0)[: tf.size(drops)]
    longest = tf.reduce_max(tf.concat([sizes, [0]], 0))
    by_size = tf.scatter_nd(tf.gather(sizes, drops)[:, tf.newaxis], equal, [longest + 1])
    counts = (number - tf.cumsum(by_size))[:longest]
    before = tf.cumsum(counts, exclusive=True)
    in_segment = tf.range(tf.size(segment)) - tf.gather(starts, segment)
    return tf.gather(before, in_segment) + tf.gather(rank, segment), counts
