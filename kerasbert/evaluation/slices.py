"""Groups of rows that are alike in something: their length, or a column of the user's."""

import collections
import dataclasses
import datetime
import itertools
import math
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
MISSING = "missing"


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
    """Returns the user's columns, a dict or a DataFrame, as lists; raises ValueError unless each has a value
    for each row."""
    if columns is not None and not hasattr(columns, "items"):
        raise checks.invalid(
            "`slices` must have a name for each column.",
            fix='Pass a dict, such as {"source": sources}, or a DataFrame.',
            where="evaluate",
            kind=TypeError,
            slices=columns,
        )
    found: dict[str, Any] = {}
    for name, column in () if columns is None else columns.items():
        values = (
            list(column) if hasattr(column, "__iter__") and not isinstance(column, (str, bytes)) else None
        )
        if values is None or len(values) != rows:
            raise checks.invalid(
                "A column to slice by must have one value for each row.",
                fix="Take it from the same table as the texts.",
                where="evaluate",
                column=name,
                values=column if values is None else len(values),
                rows=rows,
            )
        found[str(name)] = values
    return found


def masks_of(values):
    """Returns pairs of a value, or a range of values, and which rows have it, bool `(rows,)`."""
    ordered = _in_order(values)
    if ordered is not None and len(np.unique(ordered[_known(ordered)])) > MOST_NUMBERS:
        return _quartiles(ordered)
    names = np.array([_named(value) for value in values], object)
    counts = collections.Counter(names.tolist()).most_common()
    kept = sorted(name for name, count in counts[:MOST_VALUES] if count >= LEAST_ROWS)
    if not kept or len(counts) == 1:
        return []
    rest = np.array([name not in kept for name in names])
    found = [(name, names == name) for name in kept]
    # "others" may also be a value of the user's.
    joined = OTHERS if OTHERS not in kept else f"all {OTHERS}"
    return [*found, (joined, rest)] if rest.any() else found


def _named(value):
    if _is_missing(value):
        return MISSING
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) or "empty"


def _is_missing(value):
    """None, NaN, and what pandas has for them, none of which equals itself."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating, np.datetime64)) and value != value


def _in_order(values):
    """The values as numbers or dates, where all that are known are; or None."""
    known = [value for value in values if not _is_missing(value)]
    if not known or any(np.ndim(value) or isinstance(value, (str, bytes, bool)) for value in known):
        return None
    if all(isinstance(value, (datetime.date, np.datetime64)) for value in known):
        missing: Any = np.datetime64("NaT")
        kind = "datetime64[s]"
        known = [_without_zone(value) for value in known]
    elif all(isinstance(value, (int, float, np.integer, np.floating)) for value in known):
        missing, kind = np.nan, "float64"
    else:
        return None
    rest = iter(known)
    return np.array([missing if _is_missing(value) else next(rest) for value in values], kind)


def _without_zone(date):
    """numpy has no time zones: a date in UTC."""
    if getattr(date, "tzinfo", None) is None:
        return date
    return date.astimezone(datetime.timezone.utc).replace(tzinfo=None)


def _known(array):
    return ~(np.isnat(array) if array.dtype.kind == "M" else np.isnan(array))


def _quartiles(array):
    """The four quarters of numbers or dates; fewer, where many are equal."""
    known = np.sort(array[_known(array)])
    # The smallest value that at least this share of the rows does not exceed.
    places = [max(math.ceil(share * len(known)) - 1, 0) for share in (0, 0.25, 0.5, 0.75, 1)]
    edges = np.unique(known[places])
    found = []
    for i, (low, high) in enumerate(itertools.pairwise(edges)):
        mask = (array <= high) & ((array >= low) if i == 0 else (array > low))
        if mask.sum() >= LEAST_ROWS:
            found.append((f"{_end(array[mask].min())} to {_end(array[mask].max())}", mask))
    if len(array) - len(known) >= LEAST_ROWS:
        found.append((MISSING, ~_known(array)))
    return found


def _end(value):
    """An end of a range: whole numbers with all their digits, days without a time."""
    if isinstance(value, np.datetime64):
        return str(value).removesuffix("T00:00:00").replace("T", " ")
    return f"{value:.0f}" if abs(value) < 1e15 and value == int(value) else f"{value:g}"
