"""Finds tokens that are written out in texts, such as `[MASK]` or added tokens, with integers only."""

import numpy as np

from kerasbert.optional import tensorflow as tf
from kerasbert.text.trie import WORD, Trie, follow


class TokenFinder:
    """Finds tokens in a sequence of symbols, from left to right, the longest one at each position.

    Args:
        tokens: sequence of str; they are numbered from 1. Of equal tokens, the first one is found.
        symbols: dict, character -> int from 1.
        most: int, the largest symbol that a text can have.
    """

    def __init__(self, tokens, symbols, most):
        words = {}
        for number, token in enumerate(tokens):
            words.setdefault(tuple(symbols[c] for c in token), number)
        self._trie = Trie(words, {}, most)

    def find(self, symbols):
        """Finds the tokens.

        Args:
            symbols: int32 (N,), N at least 1; the last symbol is not part of a token.

        Returns:
            (tokens, int32 (N,): the number of the token that begins at each position, or 0;
            sizes, int32 (N,): how many symbols it has, 1 if no token begins there;
            inside, bool (N,): whether the position is within a token that began before).
        """
        places = tf.range(tf.size(symbols))
        last = tf.size(symbols) - 1
        lengths, values = self._trie.longest(symbols, tf.fill(tf.shape(symbols), WORD), last - places)
        reached = follow(places == 0, tf.minimum(places + tf.maximum(lengths, 1), last))
        found = tf.where(reached, values, 0)
        return found, tf.where(found > 0, lengths, 1), ~reached


class CodePointFinder:
    """Finds tokens among code points, as they are written.

    Args:
        tokens: as for `TokenFinder`.
    """

    def __init__(self, tokens):
        characters = sorted({c for token in tokens for c in token})
        symbols = {c: i for i, c in enumerate(characters, start=1)}
        self._finder = TokenFinder(tokens, symbols, len(symbols))
        steps = len(characters).bit_length()
        self._steps = [1 << i for i in reversed(range(steps))]
        # Symbol i is at index i; the values after the last one are larger than any code point.
        self._sorted = np.full(1 << steps, np.iinfo(np.int32).max, np.int32)
        self._sorted[: len(characters) + 1] = [np.iinfo(np.int32).min, *map(ord, characters)]

    def find(self, code_points):
        """Like `TokenFinder.find`, for int32 (N,) code points."""
        symbols = tf.zeros_like(code_points)
        for step in self._steps:  # a binary search for all code points at once
            further = tf.gather(self._sorted, symbols + step) <= code_points
            symbols = tf.where(further, symbols + step, symbols)
        known = tf.gather(self._sorted, symbols) == code_points
        return self._finder.find(tf.where(known, symbols, 0))
