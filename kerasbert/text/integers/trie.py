"""A trie in three arrays, which a graph of integers can walk."""

import numpy as np

from kerasbert.text.integers.double_array import place

DEAD, WORD, CONTINUATION = 0, 1, 2  # no token goes on like this; a word begins; a word continues


class Trie:
    """A double-array trie (Aoe 1989).

    From a state, a symbol leads to `next = base[state] + symbol`, if `check[next] == state`. Walks begin at
    `WORD` or `CONTINUATION`; nothing leads to `DEAD` or away from it.

    Args:
        words: dict, tuple of symbols -> id, the tokens that begin a word. Symbols are int, from 1.
        continuations: dict, the same for tokens that continue a word.

    Attributes:
        base: numpy int32 (states,).
        check: numpy int32, long enough for every state and symbol.
        value: numpy int32 (states,), 1 + the id of the token that ends in this state, or 0.
    """

    def __init__(self, words, continuations):
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
        most = max((max(symbols) for symbols in (*words, *continuations)), default=1)
        bases, places = place(children, most)
        size = int(places.max()) + 1
        self.base, self.value = np.zeros(size, np.int32), np.zeros(size, np.int32)
        self.check = np.full(int(bases.max()) + most + 1, -1, np.int32)
        self.base[places], self.value[places] = bases, values
        for node, family in enumerate(children):
            self.check[places[list(family.values())]] = places[node]
