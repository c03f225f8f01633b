"""A trie in three arrays, which a graph of integer operations can walk."""

import numpy as np

from kerasbert.optional import tensorflow as tf
from kerasbert.text.double_array import place

# States: no token continues like this; the root of tokens that begin a word; the root of continuations.
DEAD, WORD, CONTINUATION = 0, 1, 2


class Trie:
    """A double-array trie (Aoe 1989).

    From a state, a symbol leads to `next = base[state] + symbol`, if `check[next] == state`. Walks begin at
    `WORD` or `CONTINUATION`; no symbol leads to `DEAD` or away from it.

    Args:
        words: dict, tuple of symbols -> id, the tokens that begin a word. Symbols are int, from 1.
        continuations: dict, the same for tokens that continue a word.
        most: int, the largest symbol that a text can have.

    Attributes:
        base: numpy int32 (states,).
        check: numpy int32, long enough for every state and symbol.
        value: numpy int32 (states,), 1 + the id of the token that ends in this state, or 0.
    """

    def __init__(self, words, continuations, most):
        children, values = [{}, {}, {}], [0, 0, 0]
        for root, tokens in (WORD, words), (CONTINUATION, continuations):
            for symbols, id_ in tokens.items():
                node = root
                for symbol in symbols:
                    if symbol not in children[node]:
                        children[node][symbol] = len(children)
                        children.append({})
                        values.append(0)
                    node = children[node][symbol]
                values[node] = id_ + 1
        bases, places = place(children, most)
        size = int(places.max()) + 1
        self.base, self.value = np.zeros(size, np.int32), np.zeros(size, np.int32)
        self.check = np.full(int(bases.max()) + most + 1, -1, np.int32)
        self.base[places], self.value[places] = bases, values
        parents = np.repeat(np.arange(len(children)), [len(family) for family in children])
        nodes = [node for family in children for node in family.values()]
        self.check[places[nodes]] = places[parents]

    def longest(self, symbols, states, rest):
        """Finds the longest token at each position, for all positions at once.

        Args:
            symbols: int32 (M,), M at least 1.
            states: int32 (M,), `WORD` or `CONTINUATION`, the state in which the walk of each position begins.
            rest: int32 (M,), the most symbols that a token at each position may have.

        Returns:
            (lengths, values), int32 (M,): length and value are 0 where no token begins.
        """
        places = tf.range(tf.size(symbols))

        def step(length, state, longest, value):
            ahead = tf.gather(symbols, tf.minimum(places + length, tf.size(symbols) - 1))
            symbol = tf.where(length < rest, ahead, 0)
            following = tf.gather(self.base, state) + symbol
            state = tf.where(tf.gather(self.check, following) == state, following, DEAD)
            found = tf.gather(self.value, state)
            length += 1
            return length, state, tf.where(found > 0, length, longest), tf.where(found > 0, found, value)

        none = tf.zeros_like(symbols)
        _, _, lengths, values = tf.while_loop(
            lambda length, state, longest, value: tf.reduce_any(state != DEAD), step, (0, states, none, none)
        )
        return lengths, values


def follow(begins, targets):
    """Finds the positions that are reached from the given ones, if each leads to a later one or to itself.

    The step size doubles each time, so that a word of a million tokens takes twenty steps.

    Args:
        begins: bool (M,), the positions to begin from.
        targets: int32 (M,), the position that each one leads to.

    Returns:
        bool (M,), the positions that are reached.
    """
    size = tf.size(targets)

    def step(reached, targets, _):
        # Positions that are not reached write their 1 to an extra cell at the end, which is cut off.
        hit = tf.where(reached, targets, size)[:, tf.newaxis]
        hits = tf.scatter_nd(hit, tf.ones_like(targets), [size + 1])[:-1] > 0
        more = tf.reduce_any(hits & ~reached)
        return reached | hits, tf.gather(targets, targets), more

    return tf.while_loop(lambda reached, targets, more: more, step, (begins, targets, True))[0]
