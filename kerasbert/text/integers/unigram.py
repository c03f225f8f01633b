"""The split into the most probable pieces, with integers only."""

from kerasbert.optional import tensorflow as tf
from kerasbert.text.piece_characters import UNKNOWN
from kerasbert.text.trie import DEAD, WORD, follow
from kerasbert.text.unigram import Unigram

# Runtimes copy what a loop carries in every round. Places are taken in parts of this size, so that a long
# word copies only the pieces of one part in each round.
_PLACES = 64


class IntegerUnigram(Unigram):
    """`Unigram` with operations that every runtime has."""

    def _constant(self, values):
        return values

    def _pieces_from(self, symbols):
        places, size = tf.range(tf.size(symbols)), tf.size(symbols)

        def walk(length, state):
            inside = places + length < size
            symbol = tf.gather(symbols, tf.where(inside, places + length, 0))
            following = tf.gather(self._base, state) + tf.where(inside, symbol, UNKNOWN)
            state = tf.where(tf.gather(self._check, following) == state, following, DEAD)
            return state, tf.gather(self._value, state)[tf.newaxis]

        def step(length, state, rows):
            state, row = walk(length, state)
            return length + 1, state, tf.concat([rows, row], 0)

        state, row = walk(0, tf.fill([size], WORD))
        return tf.while_loop(
            lambda length, state, rows: tf.reduce_any(state != DEAD),
            step,
            (1, state, tf.where(row == 0, self._unknown, row)),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([None, None])),
        )[-1]

    def _best_lengths(self, rows, counts):
        number = tf.size(counts)
        firsts = tf.cumsum(tf.concat([[0], counts], 0))

        def part(place, best, ahead, found):
            end = tf.minimum(place + _PLACES, number)
            cells = rows[:, firsts[place] : firsts[end]]
            within, sizes = firsts[place:end] - firsts[place], counts[place:end]
            # What comes behind the part is kept for the next one.
            left = tf.concat([counts[place + 1 : end], tf.concat([counts, [0]], 0)[end : end + 1]], 0)

            def step(at, best, ahead, lengths):
                new, best, ahead = self._advance(at, best, ahead, cells, within, sizes, left)
                return at + 1, best, ahead, tf.concat([lengths, new], 0)

            _, best, ahead, lengths = tf.while_loop(
                lambda at, *_: at < tf.size(sizes),
                step,
                (0, best, ahead, found[:1]),
                shape_invariants=(tf.TensorShape([]), tf.TensorShape([None]), *grown),
            )
            return end, best, ahead, tf.concat([found, lengths[1:]], 0)

        grown = tf.TensorShape([None, None]), tf.TensorShape([None])
        found = tf.while_loop(
            lambda place, *_: place < number,
            part,
            (0, *self._begin(rows, counts), tf.zeros([1], tf.int32)),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None]), *grown),
        )[-1]
        return found[1:]

    def _ends(self, last, starts, sizes):
        # The place before a segment is the end of the one before, from which a way begins, too.
        places = tf.range(tf.size(last))
        is_end = tf.scatter_nd((starts + sizes - 1)[:, tf.newaxis], tf.ones_like(starts), [tf.size(last)]) > 0
        before = places - last
        reached = follow(is_end, tf.where(before < 0, places, before))
        return tf.cast(tf.where(reached)[:, 0], tf.int32)
