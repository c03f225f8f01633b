"""Files of labelled texts, streamed row by row."""

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
    """Streams a table with a header line.

    Blank lines are passed over. A quoted field may hold separators, line ends and, twice, quotes.

    Args:
        path: str or path, UTF-8; `.gz`, `.bz2` and `.xz` are decompressed.
        text: str, the name of the column of texts.
        label: str, the name of the column of labels; a sequence of names for a list of labels or numbers in
            each row; None for rows without.
        text_pair: str or None, the name of the column of second texts.
        choices: sequence of str or None, the names of the columns of choices.
        parse_label: function of the str in a column of labels, such as `float` for a regression, or
            `lambda text: text.split(";")` for several labels. None: labels are str.
        separator: str, one character; `"\\t"` for TSV.
        quoted: bool, whether `"` quotes a field. Many TSV files do not quote.
        on_bad: str, what becomes of a row that is not UTF-8, has another number of fields than the header,
            quotes that do not match, or a label that `parse_label` refuses: `"stop"` raises, `"skip"` leaves
            it out, and warns at the end with their number and the first.

    Returns:
        `RowStream` of `(x, label)`, or of `x` without a label; `x` is a str, a pair, or a text and choices.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a column is missing; while reading, if a row is bad. It names the line.

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
            "The header must name every column that is asked for, once.",
            fix="Name the columns with `text`, `label` and so on; check `separator`.",
            where=where,
            missing=missing,
            header=header,
        )
    source = f"read_csv({str(path)!r})"
    return SourceStream(lambda: fields.rows(_records(path, options)), fields.labelled, on_bad, source)


def _records(path, options):
    """Yields the place and the fields by name of each row after the header, or the error that it is."""
    rows = _table(path, options)
    _, header = next(rows)
    for where, row in rows:
        if not isinstance(row, Exception) and len(row) != len(header):
            row = checks.invalid(
                f"A row must have {len(header)} fields, as the header has.",
                fix='Correct it; check `separator` and `quoted`; or pass on_bad="skip".',
                where=where,
                fields=len(row),
            )
        yield where, row if isinstance(row, Exception) else dict(zip(header, row, strict=True))


def _table(path, options):
    """Yields the place and the fields of each row, or the error that it is."""
    first, problem = str(path), None  # of the lines of one row

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
                "A row must be one of a table.",
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
    """Streams a file of one JSON object a line.

    Blank lines are passed over.

    Args:
        path: str or path, UTF-8; `.gz`, `.bz2` and `.xz` are decompressed.
        text: str, the name of the field of texts.
        label: str, the name of the field of labels, whatever the task takes: a str, a number, a list of them,
            a label for each word, or answers; a sequence of names for a list of labels or numbers; None for
            rows without.
        text_pair: str or None, the name of the field of second texts, such as the contexts of questions.
        words: str or None, the name of the field of lists of words, which are read in place of `text`.
        choices: str or None, the name of the field of lists of choices; or a sequence of names, one to a
            choice.
        on_bad: str, what becomes of a line that is not UTF-8, no JSON object, or lacks a field: `"stop"`
            raises, `"skip"` leaves it out, and warns at the end with their number and the first.

    Returns:
        `RowStream` of `(x, label)`, or of `x` without a label; `x` is a str, a pair, a list of words, or a
        text and choices.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: while reading, if a row is bad. It names the line.

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
    """Yields the place and the object of each line, or the error that it is."""
    for where, line, error in read_lines(path):
        if error or line.strip():
            yield where, error or _object(line, where)


def _object(line, where):
    problem = functools.partial(
        checks.invalid,
        "A line must hold one JSON object.",
        fix='Write one object a line, {"text": ..., "label": ...}; or pass on_bad="skip".',
        where=where,
    )
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return problem(reason=str(error), line=line)
    return found if isinstance(found, dict) else problem(line=line)
