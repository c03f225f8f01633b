"""Double arrays: sparse rows in one array, each with a base, without overlapping cells (Aoe 1989)."""

import numpy as np

from kerasbert.optional import tensorflow as tf

RESERVED = 3  # the first places, which no child takes
_TRIED_FIRST, _TRIED = 1 << 5, 1 << 14  # how many places are tried in the first step and in others


def place(children, most):
    """Finds a base for each node so that no two children share a place.

    Nodes with many children come first, at the first base where all of them fit; single children fill the
    gaps.

    Args:
        children: list of dict, symbol -> node for each node; symbols are int from 0.
        most: int, the largest symbol.

    Returns:
        (bases, places), numpy int64 (nodes,): `bases[node] + symbol` is the place of a child. The place of a
        node without a parent is its own number, which must be less than `RESERVED`.
    """
    bases, places = np.zeros(len(children), np.int64), np.arange(len(children))
    taken = np.zeros(2 * (len(children) + most + _TRIED), bool)
    taken[:RESERVED] = True
    sizes = [len(family) for family in children]
    families = sorted((node for node in range(len(children)) if sizes[node]), key=lambda node: -sizes[node])
    size = first = 0
    for node in families:
        symbols, nodes = np.array(list(children[node])), list(children[node].values())
        if len(nodes) != size:  # smaller families than before: they may fit into earlier gaps
            size, first = len(nodes), 0
        if size == 1:
            break
        count = _TRIED_FIRST  # most families fit near the one before
        while True:
            if first + count + most >= len(taken):
                taken = np.pad(taken, (0, len(taken)))
            tried = np.arange(first, first + count)
            fits = ~taken[tried[:, np.newaxis] + symbols].any(axis=1)
            if fits.any():
                break
            first += count
            count = max(1, _TRIED // size)
        first = bases[node] = tried[fits.argmax()]
        places[nodes] = first + symbols
        taken[places[nodes]] = True

    single = [node for node in families if sizes[node] == 1]
    pairs = [next(iter(children[node].items())) for node in single]
    symbols, nodes = np.array(pairs, np.int64).reshape(-1, 2).T
    free = most + np.flatnonzero(~np.pad(taken[most:], (0, len(single))))  # so that no base is negative
    places[nodes] = free[: len(single)]
    bases[single] = places[nodes] - symbols
    return bases, places


class SparseRows:
    """A table with few entries in each row, which a graph of integer operations can look up.

    The entry of a row and a column is at `base[row] + column`, where `check` must be the row.

    Args:
        rows: list of dict, column -> value for each row; both are int from 0.
        most: int, the largest column that is looked up.
        missing: int, the value where a row has no entry.
        constant: function, what a numpy array is kept as.
    """

    def __init__(self, rows, most, missing, constant):
        entries = [(row, column, value) for row, cells in enumerate(rows) for column, value in cells.items()]
        numbers, children = len(rows), [{} for _ in rows]
        for number, (row, column, _) in enumerate(entries, start=numbers):
            children[row][column] = number
        bases, places = place(children + [{}] * len(entries), most)
        places = places[numbers:]
        check = np.full(int(bases.max(initial=0)) + most + 1, -1, np.int32)
        values = np.full(int(places.max(initial=0)) + 1, missing, np.int32)
        if entries:
            row, _, value = np.array(entries).T
            check[places], values[places] = row, value
        self._missing = missing
        tables = bases[:numbers].astype(np.int32), check, values
        self._base, self._check, self._value = map(constant, tables)

    def look_up(self, rows, columns):
        """The values at int32 `rows` and `columns` of any shape; `missing` where there is none."""
        at = tf.gather(self._base, rows) + columns
        known = tf.gather(self._check, at) == rows
        return tf.where(known, tf.gather(self._value, tf.where(known, at, 0)), self._missing)
