"""Rows that are read anew for each epoch, so that they never have to be in memory all at once."""

import itertools
import operator
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kerasbert import checks
from kerasbert.data.parts import Part

# How many rows are prepared at a time.
PART = 1024


class RowStream:
    """Rows that are read anew in each pass, and that `fit`, `evaluate` and `predict` take as `x`.

    The readers of `kerasbert.data` return a `RowStream`. For rows from any other source, pass a function that
    starts to read them. They must come to an end: before training, `fit` reads all rows once to check and
    count them.

    A stream can be iterated over again and again. `rows[:100]` and `rows[100:]` are streams of a part of the
    rows, and `rows[7]` is one row; both read the rows before it. `rows.count()` reads all rows to count them;
    `len(rows)` works once all rows have been read, and raises TypeError before. `rows.label_names()` returns
    the different names in the labels.

    Args:
        read: function without arguments that returns an iterable of rows: `(x, y)`, `(x, y, sample_weight)`,
            or `x` alone if `labelled` is False. `x` is what the task takes for one row: a str, a pair of str,
            a list of words, or a text and a list of choices. `y` is a label, an answer or labels of words.
        labelled: bool, whether rows have labels.
        source: str, a description of where the rows come from, for `repr`.

    Example:

    >>> rows = RowStream(lambda: ((f"film {i}", "good") for i in range(2)))
    >>> list(rows), list(rows) == list(rows)
    ([('film 0', 'good'), ('film 1', 'good')], True)
    >>> len(rows), list(rows[1:]), rows.label_names()
    (2, [('film 1', 'good')], ('good',))
    """

    def __init__(
        self, read: Callable[[], Iterable[Any]], labelled: bool = True, source: str = "a function"
    ) -> None:
        if not callable(read):
            raise checks.invalid(
                "`read` must be a function, because rows are read anew for each epoch.",
                fix="Pass `lambda: rows()`, which calls the generator; or a reader of `kerasbert.data`.",
                where="RowStream",
                kind=TypeError,
                read=read,
            )
        self._read, self._last = read, None
        self._length: int | None = None
        self.labelled = labelled
        self.source = source

    def __iter__(self) -> Iterator[Any]:
        return (row for _, row in self.placed())

    def __len__(self) -> int:
        if self._length is None:
            raise checks.invalid(
                "The number of rows is known only once all of them were read.",
                fix="Call `rows.count()`, which reads and counts them.",
                where=repr(self),
                kind=TypeError,
            )
        return self._length

    def __bool__(self):
        return True  # without this, Python would call `len`, which may be unknown

    def __repr__(self):
        length = "not counted yet" if self._length is None else f"{self._length} rows"
        labels = "" if self.labelled else ", without labels"
        return f"<{type(self).__name__} of {self.source}: {length}{labels}>"

    def __getitem__(self, which: int | slice) -> Any:
        if isinstance(which, slice):
            return _Slice(self, which)
        number = operator.index(which)
        number += self.count() if number < 0 else 0
        for row in itertools.islice(self, number, number + 1) if number >= 0 else ():
            return row
        raise IndexError(f"There is no row {which} in {self!r}.")

    def count(self) -> int:
        """The number of rows; reads all of them if it is not known yet."""
        if self._length is None:
            for _ in self.placed():
                pass
        return len(self)

    def label_names(self) -> tuple[str, ...]:
        """Reads all rows and returns the different names in their labels, a sorted tuple of str.

        Raises:
            ValueError: if rows have no labels.
            TypeError: if a label is neither a name nor a list of names; the message names its place.
        """
        if not self.labelled:
            raise checks.invalid(
                "Rows without labels have no label names.",
                fix="Pass the name of the field of labels to the reader.",
                where=repr(self),
            )
        names = set()
        for where, row in self.placed():
            label = row[1]
            found = [label] if isinstance(label, str) else label
            found = list(found) if hasattr(found, "__iter__") and not isinstance(found, dict) else [found]
            if not all(isinstance(name, str) for name in found):
                raise checks.invalid(
                    "Label names can be read only from labels that are names or lists of names.",
                    fix="If labels are numbers, spans or answers, pass the task's `labels` yourself.",
                    where=where,
                    kind=TypeError,
                    label=label,
                )
            names.update(found)
        return tuple(sorted(names))

    def placed(self) -> Iterator[tuple[str, Any]]:
        """Yields pairs: the place of a row, a str for error messages, and the row."""
        length = 0
        for placed in self._placed():
            yield placed
            length += 1
        self._length = length

    def _placed(self):
        rows = self._read()
        if rows is self._last and isinstance(rows, Iterator):
            raise checks.invalid(
                "`read` must start anew each time, but it returned the same iterator again.",
                fix="Pass `lambda: rows()`, which calls the generator each time.",
                where="RowStream",
                kind=TypeError,
                rows=type(rows).__name__,
            )
        self._last = rows
        return ((f"row {number}", row) for number, row in enumerate(rows))

    def parts(self) -> Iterator[Part]:
        """Yields the rows as `Part`s of `PART` rows; the last may have fewer."""
        rows = self.placed()
        while part := list(itertools.islice(rows, PART)):
            places, rows_of_part = zip(*part, strict=True)
            yield Part(places, rows_of_part if self.labelled else [(x,) for x in rows_of_part])


class SourceStream(RowStream):
    """Rows of a reader, some of which may be invalid.

    Args:
        read: function without arguments that returns an iterable of pairs: the place of a row, and the row or
            the error in it.
        labelled, source: as for `RowStream`.
        on_bad: str. `"stop"` raises the error. `"skip"` leaves the row out; after the first complete pass, a
            warning gives the number of such rows and the first error.
    """

    def __init__(self, read, labelled, on_bad, source):
        checks.one_of("kerasbert.data", ("stop", "skip"), on_bad=on_bad)
        super().__init__(read, labelled, source)
        self._on_bad, self._warned = on_bad, False

    def _placed(self):
        """Yields the valid rows."""
        good, bad, first = 0, 0, None
        for place, row in self._read():
            if not isinstance(row, Exception):
                good += 1
                yield place, row
            elif self._on_bad == "stop":
                raise row
            else:
                bad, first = bad + 1, first or row
        if bad and not self._warned:
            self._warned = True
            warnings.warn(left_out(bad, good + bad, first), stacklevel=2)


class _Slice(RowStream):
    """A slice of the rows of another stream."""

    def __init__(self, rows, which):
        if (which.step or 1) < 1:
            raise checks.invalid(
                "Rows are read from the first to the last, so the step of a slice must be positive.",
                fix="Reverse a list of the rows instead.",
                where=repr(rows),
                step=which.step,
            )
        places = ("" if place is None else str(place) for place in (which.start, which.stop))
        step = "" if which.step is None else f":{which.step}"
        super().__init__(rows.placed, rows.labelled, f"{rows.source}[{':'.join(places)}{step}]")
        self._rows, self._which = rows, which

    def _placed(self):
        which = self._which
        if min(which.start or 0, which.stop or 0) < 0:
            which = slice(*which.indices(self._rows.count()))
        return itertools.islice(self._rows.placed(), which.start, which.stop, which.step)


def left_out(bad, count, first):
    """The warning that `bad` of `count` rows were left out; `first` is the first error."""
    return f"{bad} of {count} rows were left out. The first: {first}"
