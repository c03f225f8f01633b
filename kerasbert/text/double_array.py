"""Double arrays: sparse rows in one array, each with a base, without overlapping cells (Aoe 1989)."""

import numpy as np

RESERVED = 3  # the first places, which no child takes
_TRIED = 1 << 14  # how many places are tried in one step


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
            window = np.arange(max(1, _TRIED // size))
        if size == 1:
            break
        while True:
            if first + len(window) + most >= len(taken):
                taken = np.pad(taken, (0, len(taken)))
            tried = first + window
            fits = ~taken[tried[:, np.newaxis] + symbols].any(axis=1)
            if fits.any():
                break
            first += len(window)
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
