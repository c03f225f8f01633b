"""Tokens that stand in texts as they are, such as `[MASK]` or added ones, found among integers."""

import numpy as np

from kerasbert.optional import tensorflow as tf
from kerasbert.text.integers.trie import WORD, Trie, follow


class TokenFinder:
    """Finds tokens in a row of symbols: the leftmost one each time, and there the longest.

    Args:
        tokens: sequence of str; they are numbered from 1. Of equal tokens the first counts.
        symbols: dict, character -> int from 1.
        most: int, the greatest symbol that a text can have.
    """

    def __init__(self, tokens, symbols, most):
        words = {}
        for number, token in enumerate(tokens):
            words.setdefault(tuple(symbols[c] for c in token), number)
        self._trie = Trie(words, {}, most)

    def find(self, symbols):
        """Looks for the tokens.

        Args:
            symbols: int32 (N,), N at least 1; no token ends with the last one.

        Returns:
            (tokens, int32 (N,): the number of the token that begins there, or 0;
            sizes, int32 (N,): how many symbols it has, 1 where there is none;
            inside, bool (N,): whether a token has begun before and goes on).
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
        # Symbol i stands at place i; what is behind the last is more than any code point.
        self._sorted = np.full(1 << steps, np.iinfo(np.int32).max, np.int32)
        self._sorted[: len(characters) + 1] = [np.iinfo(np.int32).min, *map(ord, characters)]

    def find(self, code_points):
        """As `TokenFinder.find`, of int32 (N,) code points."""
        symbols = tf.zeros_like(code_points)
        for step in self._steps:  # a binary search for all of them at once
            further = tf.gather(self._sorted, symbols + step) <= code_points
            symbols = tf.where(further, symbols + step, symbols)
        known = tf.gather(self._sorted, symbols) == code_points
        return self._finder.find(tf.where(known, symbols, 0))
