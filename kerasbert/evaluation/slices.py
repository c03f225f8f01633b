"""Groups of rows that are alike in something: their length, or a column of the user's."""

import collections
import dataclasses
import itertools
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.pages import Estimate

# Fewer rows say little about a score.
LEAST_ROWS = 20
MOST_VALUES = 20
# Columns of numbers with more different values than this are cut at their quartiles.
MOST_NUMBERS = 6
OTHERS = "others"


@dataclasses.dataclass(frozen=True)
class Slice:
    """The scores of some of the rows.

    Args:
        column: str, the name of the property that these rows share.
        value: str, the value that they share, or the range of their values.
        rows: int.
        scores: dict, name -> `kerasbert.pages.Estimate`, a score with its 95 % bootstrap interval.
    """

    column: str
    value: str
    rows: int
    scores: dict[str, Estimate]


def checked_columns(columns, rows):
    """Returns the user's columns as lists; raises ValueError unless each has a value for each row."""
    found: dict[str, Any] = {}
    for name, column in (columns or {}).items():
        values = list(column)
        if len(values) != rows:
            raise checks.invalid(
                "A column to slice by must have one value for each row.",
                fix="Take it from the same table as the texts.",
                where="evaluate",
                column=name,
                values=len(values),
                rows=rows,
            )
        found[str(name)] = values
    return found


def masks_of(values):
    """Returns pairs of a value, or a range of values, and which rows have it, bool `(rows,)`."""
    array = np.asarray(values)
    if array.dtype.kind in "iuf" and len(np.unique(array)) > MOST_NUMBERS:
        return _quartiles(array)
    names = np.array([_named(value) for value in values], object)
    counts = collections.Counter(names.tolist()).most_common()
    kept = sorted(name for name, count in counts[:MOST_VALUES] if count >= LEAST_ROWS)
    if not kept or len(counts) == 1:
        return []
    rest = np.array([name not in kept for name in names])
    found = [(name, names == name) for name in kept]
    return [*found, (OTHERS, rest)] if rest.any() else found


def _named(value):
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "missing"
    return str(value)


def _quartiles(array):
    """The four quarters of numbers; fewer, where many numbers are equal."""
    known = array[~np.isnan(array)] if array.dtype.kind == "f" else array
    edges = np.unique(np.quantile(known, (0, 0.25, 0.5, 0.75, 1), method="inverted_cdf"))
    found = []
    for i, (low, high) in enumerate(itertools.pairwise(edges)):
        mask = (array <= high) & ((array >= low) if i == 0 else (array > low))
        if mask.sum() >= LEAST_ROWS:
            found.append((f"{array[mask].min():g} to {array[mask].max():g}", mask))
    if len(known) < len(array):
        found.append(("missing", np.isnan(array)))
    return found
