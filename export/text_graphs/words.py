"""The words of a text as integers; `kerasbert.data.words_of_texts` does the same with strings."""

from kerasbert.data.word_graph import kind_table
from kerasbert.export.text_graphs.tokenize import places
from kerasbert.optional import tensorflow as tf
from kerasbert.text.code_point_tables import NUM_CODE_POINTS, paged, row_of

REPLACEMENT = 0xFFFD


class WordGraph:
    """Finds words, by the kinds of characters."""

    def __init__(self):
        self._pages, self._entries = paged(kind_table().astype("int32"))

    def words(self, code_points, token_starts, token_ends):
        """Finds the words of a text and the first token of each.

        Args:
            code_points: int32 `(1, N)`, any integers.
            token_starts, token_ends: int32 `(T,)`, places of all tokens, none of them before the one before.

        Returns:
            Three int32 tensors `(W + 1,)`: the first character of each word, the one after its last, and its
            first token, -1 where it has none. The last is no word, so that none of them is empty.
        """
        begins, stops = self._borders(tf.reshape(code_points, [-1]))
        starts, ends = places(begins[:-1]), places(stops)
        # How many words end at or before a place, and how many start before it.
        ended, started = (
            tf.cumsum(tf.cast(x, tf.int32), exclusive=e) for x, e in ((stops, False), (begins, True))
        )

        # A token belongs to the first word that it has a part of.
        owner, last = tf.gather(ended, token_starts), tf.gather(started, token_ends) - 1
        mine = places((token_ends > token_starts) & (last >= owner))
        owner, last = tf.gather(owner, mine), tf.gather(last, mine)
        changes = places(owner != tf.concat([[-1], owner[:-1]], 0))
        count = tf.size(starts)
        first, at = tf.gather(mine, changes), tf.gather(owner, changes)
        first = tf.scatter_nd(at[:, None], first + 1, [count + 1]) - 1

        # Words after the owner, up to the last that a token has a part of, are one with it.
        borders = tf.concat([owner + 1, last + 1, [0]], 0)
        steps = tf.concat([tf.ones_like(owner), -tf.ones_like(last), [0]], 0)
        joined = tf.cumsum(tf.math.unsorted_segment_sum(steps, borders, count + 1)) > 0
        kept = places(~(joined & (first < 0)))  # with the last, which is none
        after = tf.concat([kept[1:], [count + 1]], 0)
        nothing = [tf.size(code_points)]
        ends = tf.gather(tf.concat([ends, nothing], 0), after - 1)
        return tf.gather(tf.concat([starts, nothing], 0), kept), ends, tf.gather(first, kept)

    def _borders(self, code_points):
        """Where words begin and where they have ended: bool `(N + 1,)` both."""
        known = (code_points >= 0) & (code_points < NUM_CODE_POINTS)
        code_points = tf.where(known, code_points, REPLACEMENT)
        kinds = tf.gather(self._entries, row_of(code_points, self._pages))
        kinds = tf.concat([kinds, [ord(" ")]], 0)
        seen = places(kinds != ord("c"))  # control characters part nothing
        kind = tf.gather(kinds, seen)
        letter = kind == ord("a")
        in_word = letter | (kind == ord("1"))
        follows = tf.concat([[False], letter[1:] & letter[:-1]], 0)
        goes_on = tf.concat([follows[1:], [False]], 0)
        size = [tf.size(kinds)]

        def mark(at):
            return tf.scatter_nd(at[:, None], tf.ones_like(at), size) > 0

        return mark(tf.gather(seen, places(in_word & ~follows))), mark(
            tf.gather(seen, places(in_word & ~goes_on)) + 1
        )
