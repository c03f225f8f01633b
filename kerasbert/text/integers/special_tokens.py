"""Special tokens that texts hold, found among code points."""

import numpy as np

from kerasbert.optional import tensorflow as tf


class SpecialTokens:
    """Finds `[MASK]` and the like, which are words of their own.

    Args:
        tokens: sequence of str; no two of them can overlap in a text.
    """

    def __init__(self, tokens):
        self._longest = max(map(len, tokens))
        fill = [-1] * self._longest
        self._patterns = np.array([[*map(ord, token), *fill][: self._longest] for token in tokens], np.int32)
        self._sizes = np.array([1, *map(len, tokens)], np.int32)

    def find(self, code_points):
        """Looks for the tokens at every place.

        Args:
            code_points: int32 (N,).

        Returns:
            (tokens, int32 (N,): the number of the token that begins there, from 1, or 0;
            sizes, int32 (N,): how many code points it has, 1 where there is none;
            inside, bool (N,): whether a token has begun before and goes on).
        """
        places = tf.range(tf.size(code_points))[:, tf.newaxis]
        ahead = tf.range(self._longest)
        padding = tf.fill([self._longest], 0)
        windows = tf.gather(tf.concat([code_points, padding], 0), places + ahead)
        same = (windows[:, tf.newaxis] == self._patterns) | (self._patterns < 0)  # (N, tokens, longest)
        same = tf.cast(tf.reduce_all(same, axis=2), tf.int32)
        tokens = tf.reduce_max(same * tf.range(1, len(self._sizes)), axis=1)
        sizes = tf.gather(self._sizes, tokens)
        before = tf.gather(tf.concat([padding, sizes], 0), places + ahead)
        inside = tf.reduce_any(before > self._longest - ahead, axis=1)
        return tokens, sizes, inside
