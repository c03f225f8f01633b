"""Readers that stream files of labelled texts row by row."""

import csv
import functools
import json
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

from kerasbert import checks
from kerasbert.data.fields import Fields
from kerasbert.data.lines import read_lines
from kerasbert.data.streams import RowStream, SourceStream
from kerasbert.types import PathLike


def read_csv(
    path: PathLike,
    text: str = "text",
    label: str | Sequence[str] | None = "label",
    text_pair: str | None = None,
    choices: Sequence[str] | None = None,
    parse_label: Callable[[str], Any] | None = None,
    separator: str = ",",
    quoted: bool = True,
    on_bad: str = "stop",
) -> RowStream:
    """Streams the rows of a CSV or TSV file with a header line.

    Blank lines are ignored. A quoted field may contain separators, line ends and doubled quotes.

    Args:
        path: str or path, UTF-8; `.gz`, `.bz2` and `.xz` are decompressed.
        text: str, the name of the column of texts.
        label: str, the name of the column of labels; a sequence of names for a list of labels or numbers in
            each row; None for rows without labels.
        text_pair: str or None, the name of the column of second texts.
        choices: sequence of str or None, the names of the columns of choices.
        parse_label: function that converts the str in a column of labels, such as `float` for a regression or
            `lambda text: text.split(";")` for several labels. None: labels are str.
        separator: str, one character; `"\\t"` for TSV.
        quoted: bool, whether `"` quotes a field. Many TSV files do not use quotes.
        on_bad: str, what to do with a row that is not UTF-8, does not have as many fields as the header, has
            an unclosed quote, or has a label for which `parse_label` raises an error: `"stop"` raises an
            error; `"skip"` leaves the row out, and a warning at the end gives the number of such rows and the
            first error.

    Returns:
        `RowStream` of `(x, label)`, or of `x` if there are no labels; `x` is a str, a pair, or a text and
        choices.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a column is missing; while reading, if a row is invalid. The message names the line.

    Example:

    >>> import tempfile
    >>> file = tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False)
    >>> _ = file.write("text,stars\\nwhat a film,4.5\\n"); file.close()
    >>> list(read_csv(file.name, label="stars", parse_label=float))
    [('what a film', 4.5)]
    """
    path = pathlib.Path(path)
    fields = Fields(text, label, text_pair, choices=choices, parse_label=parse_label)
    options = {"delimiter": separator, "quoting": csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE}
    where, header = next(_table(path, options), (str(path), []))
    if isinstance(header, Exception):
        raise header
    missing = [name for name in fields.names if header.count(name) != 1]
    if missing:
        raise checks.invalid(
            "The header must name every requested column exactly once.",
            fix="Pass the names of the columns as `text`, `label` and so on; check `separator`.",
            where=where,
            missing=missing,
            header=header,
        )
    source = f"read_csv({str(path)!r})"
    return SourceStream(lambda: fields.rows(_records(path, options)), fields.labelled, on_bad, source)


def _records(path, options):
    """For each row after the header, yields its place, and its fields by name or the error in it."""
    rows = _table(path, options)
    _, header = next(rows)
    for where, row in rows:
        if not isinstance(row, Exception) and len(row) != len(header):
            row = checks.invalid(
                f"A row must have {len(header)} fields, as many as the header.",
                fix='Correct it; check `separator` and `quoted`; or pass on_bad="skip".',
                where=where,
                fields=len(row),
            )
        yield where, row if isinstance(row, Exception) else dict(zip(header, row, strict=True))


def _table(path, options):
    """For each row, yields its place, and its fields or the error in it."""
    first, problem = str(path), None  # the first line of a row, and the first error in its lines

    def lines():
        nonlocal first, problem
        for where, line, error in read_lines(path):
            first, problem = first or where, problem or error
            yield line

    reader = csv.reader(lines(), strict=True, **options)
    while True:
        first = problem = None
        try:
            row = next(reader, None)
        except csv.Error as error:
            row = checks.invalid(
                "A row must be valid CSV.",
                fix="Close its quotes; check `quoted`; csv.field_size_limit sets the limit of a field; "
                'or pass on_bad="skip".',
                where=first,
                reason=str(error),
                read_up_to_line=reader.line_num,
            )
        if row is None:
            return
        if problem or row:
            yield first, problem or row


def read_json_lines(
    path: PathLike,
    text: str = "text",
    label: str | Sequence[str] | None = "label",
    text_pair: str | None = None,
    words: str | None = None,
    choices: str | Sequence[str] | None = None,
    on_bad: str = "stop",
) -> RowStream:
    """Streams a JSON Lines file, which has one JSON object per line.

    Blank lines are ignored.

    Args:
        path: str or path, UTF-8; `.gz`, `.bz2` and `.xz` are decompressed.
        text: str, the name of the field of texts.
        label: str, the name of the field of labels, in any form that the task takes: a str, a number, a list
            of either, a label for each word, or answers; a sequence of names for a list of labels or numbers;
            None for rows without labels.
        text_pair: str or None, the name of the field of second texts, such as the contexts of questions.
        words: str or None, the name of the field of lists of words, which are read instead of `text`.
        choices: str or None, the name of the field of lists of choices; or a sequence of names, one for each
            choice.
        on_bad: str, what to do with a line that is not UTF-8, is not a JSON object or lacks a field: `"stop"`
            raises an error; `"skip"` leaves the line out, and a warning at the end gives the number of such
            lines and the first error.

    Returns:
        `RowStream` of `(x, label)`, or of `x` if there are no labels; `x` is a str, a pair, a list of words,
        or a text and choices.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: while reading, if a row is invalid. The message names the line.

    Example:

    >>> import tempfile
    >>> file = tempfile.NamedTemporaryFile("w", suffix=".jsonl", delete=False)
    >>> _ = file.write('{"text": "what a film", "tags": ["loud", "long"]}\\n'); file.close()
    >>> list(read_json_lines(file.name, label="tags"))
    [('what a film', ['loud', 'long'])]
    """
    path = pathlib.Path(path)
    path.open("rb").close()
    fields = Fields(text, label, text_pair, words, choices)
    source = f"read_json_lines({str(path)!r})"
    return SourceStream(lambda: fields.rows(_objects(path)), fields.labelled, on_bad, source)


def _objects(path):
    """For each line, yields its place, and its JSON object or the error in it."""
    for where, line, error in read_lines(path):
        if error or line.strip():
            yield where, error or _object(line, where)


def _object(line, where):
    problem = functools.partial(
        checks.invalid,
        "A line must hold one JSON object.",
        fix='Write one object per line, {"text": ..., "label": ...}; or pass on_bad="skip".',
        where=where,
    )
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return problem(reason=str(error), line=line)
    return found if isinstance(found, dict) else problem(line=line)
