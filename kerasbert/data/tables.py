"""Tables of other libraries: pandas, Hugging Face datasets, lists of dicts."""

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
    """Streams the rows of a table that is open in another library.

    Class numbers of a Hugging Face data set become the names that its `features` have for them, so that
    they mean the same to a task with its `labels` in another order.

    Args:
        table: pandas DataFrame; Hugging Face `Dataset` or `IterableDataset`; or another iterable of dicts
            that can be gone through again and again.
        text, label, text_pair, words, choices: the names of columns, as for `read_json_lines`.
        on_bad: str, what becomes of a row in which a value is missing or of a wrong type: `"stop"` raises,
            `"skip"` leaves it out, and warns at the end with their number and the first.

    Returns:
        `RowStream` of `(x, label)`, or of `x` without a label; `x` is a str, a pair, a list of words, or a
        text and choices.

    Raises:
        TypeError: if `table` is no table, or can be read only once.
        ValueError: if a column is missing; while reading, if a row is bad. It names the row.

    Example:

    >>> table = [{"sentence": "what a film", "label": "good"}]
    >>> list(read_table(table, text="sentence"))
    [('what a film', 'good')]
    """
    fields = Fields(text, label, text_pair, words, choices)
    is_frame = hasattr(table, "iloc")
    if isinstance(table, dict) or not hasattr(table, "__iter__") or iter(table) is table:
        raise checks.invalid(
            "A table must be one that can be gone through again and again.",
            fix='Pass one split, such as dataset["train"], or a list; for a generator, `RowStream`.',
            where="read_table",
            kind=TypeError,
            table=type(table).__name__,
        )
    columns = list(table.columns) if is_frame else getattr(table, "column_names", None)
    missing = [name for name in fields.names if columns is not None and name not in columns]
    if missing:
        raise checks.invalid(
            "The table must have every column that is asked for.",
            fix="Name the columns with `text`, `label` and so on.",
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
    # Labels of words are a list of class numbers.
    return getattr(getattr(feature, "feature", feature), "names", None)


def _named(label, names):
    """A class number, or some, as names; -100 and others that are none stay."""
    if hasattr(label, "__iter__"):
        return [_named(one, names) for one in label]
    return names[label] if label is not None and 0 <= label < len(names) else label
