"""Reads tables of other libraries: pandas, Hugging Face datasets, lists of dicts."""

from collections.abc import Sequence
from typing import Any

from kerasbert import checks
from kerasbert.data.fields import Fields
from kerasbert.data.streams import PART, RowStream, SourceStream


def read_table(
    table: Any,
    text: str = "text",
    label: str | Sequence[str] | None = "label",
    text_pair: str | None = None,
    words: str | None = None,
    choices: str | Sequence[str] | None = None,
    on_bad: str = "stop",
) -> RowStream:
    """Streams the rows of a table of another library.

    Class numbers of a Hugging Face data set are replaced by the names in its `features`, so that they keep
    their meaning in a task whose `labels` have another order.

    Args:
        table: pandas DataFrame; Hugging Face `Dataset` or `IterableDataset`; or another iterable of dicts
            that can be iterated over more than once.
        text, label, text_pair, words, choices: the names of columns, as for `read_json_lines`.
        on_bad: str, what to do with a row in which a value is missing or has the wrong type: `"stop"` raises
            an error; `"skip"` leaves the row out, and a warning at the end gives the number of such rows and
            the first error.

    Returns:
        `RowStream` of `(x, label)`, or of `x` if there are no labels; `x` is a str, a pair, a list of words,
        or a text and choices.

    Raises:
        TypeError: if `table` is not a table, or can be read only once.
        ValueError: if a column is missing; while reading, if a row is invalid. The message names the row.

    Example:

    >>> table = [{"sentence": "what a film", "label": "good"}]
    >>> list(read_table(table, text="sentence"))
    [('what a film', 'good')]
    """
    fields = Fields(text, label, text_pair, words, choices)
    is_frame = hasattr(table, "iloc")
    if isinstance(table, dict) or not hasattr(table, "__iter__") or iter(table) is table:
        raise checks.invalid(
            "A table must be an iterable of rows that can be iterated over more than once.",
            fix='Pass one split, such as dataset["train"], or a list; for a generator, use `RowStream`.',
            where="read_table",
            kind=TypeError,
            table=type(table).__name__,
        )
    columns = list(table.columns) if is_frame else getattr(table, "column_names", None)
    missing = [name for name in fields.names if columns is not None and name not in columns]
    if missing:
        raise checks.invalid(
            "The table must have every requested column.",
            fix="Pass the names of the columns as `text`, `label` and so on.",
            where="read_table",
            missing=missing,
            columns=columns,
        )
    records = _records_of_frame if is_frame else _records
    source = f"read_table({type(table).__name__})"
    return SourceStream(lambda: fields.rows(records(table, fields)), fields.labelled, on_bad, source)


def _records_of_frame(frame, fields):
    frame = frame[fields.names]
    for start in range(0, len(frame), PART):
        part = frame.iloc[start : start + PART].astype(object)
        part = part.where(part.notna(), None)
        for number, row in enumerate(part.itertuples(index=False, name=None), start):
            yield f"row {number}", dict(zip(fields.names, row, strict=True))


def _records(table, fields):
    names = _class_names(table, fields)
    for number, record in enumerate(table):
        where = f"row {number}"
        if not isinstance(record, dict):
            record = checks.invalid("A row must be a dict.", fix="Pass dicts.", where=where, row=record)
        elif names and fields.label in record:
            record = record | {fields.label: _named(record[fields.label], names)}
        yield where, record


def _class_names(table, fields):
    """The names of the class numbers in the column of labels, or None."""
    features = getattr(table, "features", None) or {}
    feature = features.get(fields.label) if isinstance(fields.label, str) else None
    # Labels of words are lists of class numbers, whose names are those of the inner feature.
    return getattr(getattr(feature, "feature", feature), "names", None)


def _named(label, names):
    """Replaces a class number, or a list of them, by names; numbers out of range, such as -100, stay."""
    if hasattr(label, "__iter__"):
        return [_named(one, names) for one in label]
    return names[label] if label is not None and 0 <= label < len(names) else label
