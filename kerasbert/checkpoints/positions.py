"""Extends position embeddings beyond the positions that a checkpoint has learned."""

import dataclasses

import numpy as np

from kerasbert import checks
from kerasbert.checkpoints.places import Place


def extended_positions(table, rows, alpha=0.4):
    """Extends n learned positions to up to n squared positions by hierarchical decomposition.

    Position `i * n + j` becomes `alpha * u[i] + (1 - alpha) * u[j]` with
    `u = (table - alpha * table[0]) / (1 - alpha)`, so that the first n positions do not change (Su 2020,
    https://kexue.fm/archives/7947).

    Args:
        table: float array `(n, E)`, the learned position embeddings.
        rows: int, the number of positions to return, from n to n squared.
        alpha: float in (0, 1), the weight of the coarse position.

    Returns:
        float32 array `(rows, E)`; its first n rows are `table`.

    Raises:
        ValueError: if `rows` is out of range.

    Example:

    >>> extended_positions(np.array([[1.0], [2.0]]), 4).round(2).tolist()
    [[1.0], [2.0], [1.6699999570846558], [2.6700000762939453]]
    """
    table = np.asarray(table, "float32")
    n = len(table)
    if not n <= rows <= n * n:
        raise checks.invalid(
            f"{n} positions can be extended to between {n} and {n * n}.",
            fix="Choose a number in this range.",
            where="extended_positions",
            rows=rows,
        )
    u = (table.astype("float64") - alpha * table[0]) / (1 - alpha)
    coarse, fine = np.divmod(np.arange(n, rows), n)
    return np.concatenate([table, (alpha * u[coarse] + (1 - alpha) * u[fine]).astype("float32")])


@dataclasses.dataclass(frozen=True)
class ExtendedPositions(Place):
    """The place of a position embedding table that is extended while it is read.

    Args:
        rows: int, the number of rows of the table in the file.
        offset: int, `position_offset`: the number of rows before the first position, which are not changed.
    """

    rows: int = 0
    offset: int = 0

    def shape_there(self, shape):
        """As in `Place`."""
        return (self.rows, *shape[1:])

    def to_ours(self, value, shape):
        """As in `Place`."""
        longer = extended_positions(value[self.offset :], shape[0] - self.offset)
        return np.concatenate([value[: self.offset], longer])
