"""A part of the rows of a stream, in memory."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert import checks


@dataclasses.dataclass(frozen=True)
class Part:
    """Some rows of a stream, in memory.

    Args:
        places: sequence of str, the place of each row, for error messages.
        rows: sequence of tuples `(x,)`, `(x, y)` or `(x, y, sample_weight)`.
    """

    places: Sequence[str]
    rows: Sequence[Any]

    def __len__(self):
        return len(self.rows)

    def singles(self):
        """Yields each row as a `Part`."""
        for place, row in zip(self.places, self.rows, strict=True):
            yield Part((place,), (row,))

    @property
    def x(self):
        """The texts in the form that `fit` takes for rows in memory: a list, or a tuple or dict of lists."""
        column = self._column(0)
        first, form = column[0], _form(column[0])
        for place, x in zip(self.places, column, strict=True):
            if _form(x) != form:
                raise checks.invalid(
                    "All rows must have the same form as the first row, and as many choices.",
                    fix="Correct the row: a text, a pair of texts, a list of words, or a text and choices.",
                    where=place,
                    kind=TypeError,
                    x=x,
                    first=first,
                )
        if isinstance(first, dict):
            columns = {name: [x[name] for x in column] for name in first}
            return self._padded(columns) if "token_ids" in first else columns
        return tuple(map(list, zip(*column, strict=True))) if isinstance(first, tuple) else column

    @property
    def y(self):
        """The labels, a list with one for each row; None if rows have no labels."""
        return self._column(1)

    @property
    def sample_weight(self):
        """float32 array `(rows,)`, or None."""
        weights = self._column(2)
        return None if weights is None else np.asarray(weights, "float32")

    def _padded(self, columns):
        """Pads tokens, which are lists of int, with zeros and returns them as arrays."""
        for where, *lists in zip(self.places, *columns.values(), strict=True):
            if len(set(map(len, lists))) > 1:
                raise checks.invalid(
                    "All inputs of a row of tokens must have the same length.",
                    fix="Write the row again.",
                    where=where,
                    **dict(zip(columns, map(len, lists), strict=True)),
                )
        length = max(1, *map(len, columns["token_ids"]))
        return {
            name: np.array([[*row, *[0] * (length - len(row))] for row in rows], "int32")
            for name, rows in columns.items()
        }

    def _column(self, place):
        """Item `place` of all rows, or None if rows have no such item."""
        for where, row in zip(self.places, self.rows, strict=True):
            if not isinstance(row, tuple) or len(row) != len(self.rows[0]) or len(row) > 3:
                raise checks.invalid(
                    "Each row must be `(x, y)` or `(x, y, sample_weight)`.",
                    fix="Return tuples of the same length; or pass `labelled=False` for rows of `x` alone.",
                    where=where,
                    kind=TypeError,
                    row=row,
                )
        return [row[place] for row in self.rows] if place < len(self.rows[0]) else None


def _form(x):
    """What all `x` of a stream must have in common: their names, or the number of texts and choices."""
    if isinstance(x, tuple):
        return [len(part) if isinstance(part, list) else 0 for part in x]
    return sorted(x) if isinstance(x, dict) else 0
