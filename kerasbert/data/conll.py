"""Files in the columns of CoNLL: a word and its label a line, a blank line after a sentence."""

import pathlib
import re
import warnings

from kerasbert import checks

_COLUMNS = {"\t": re.compile("\t"), " ": re.compile(" +")}
_DOCUMENT = "-DOCSTART-"


def read_conll(path, word=0, label=-1, separator=None, comment=None, on_bad="stop"):
    """Streams the sentences of a file in columns (Tjong Kim Sang & De Meulder 2003, section 2).

    A byte order mark, Windows line ends and lines of `-DOCSTART-` are passed over. Any other line is a
    word: `#` begins words in many sets, so there are no comments by default.

    Args:
        path: str or path, UTF-8.
        word: int, the column of words.
        label: int, the column of labels; negative: from the right.
        separator: str, `"\\t"`, `" "` for one or more, or None: a TAB if the first row has one.
        comment: str or None, what lines begin with that are left out.
        on_bad: str, what becomes of a row without a word, without a label or with another number of columns
            than the first row: `"stop"` raises, `"skip"` leaves out the sentence it stands in, and warns at
            the end with the lines.

    Yields:
        Pairs of lists of str: the words of a sentence, and their labels.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a row is bad, or not UTF-8; it names the line.

    Example:

    >>> import tempfile
    >>> file = tempfile.NamedTemporaryFile("w", suffix=".conll", delete=False)
    >>> _ = file.write("In O\\nBonn B-LOC\\n\\nYes O\\n"); file.close()
    >>> words, labels = zip(*read_conll(file.name))
    >>> words, labels
    ((['In', 'Bonn'], ['Yes']), (['O', 'B-LOC'], ['O']))
    """
    checks.one_of("read_conll", (*_COLUMNS, None), separator=separator)
    checks.one_of("read_conll", ("stop", "skip"), on_bad=on_bad)
    path = pathlib.Path(path)
    return _sentences(path, path.open("rb"), word, label, separator, comment, on_bad)


def _sentences(path, file, word, label, separator, comment, on_bad):
    rows, good, bad, count = [], True, [], None
    with file:
        for number, line in _lines(path, file):
            if not line.strip("\t ") or line.startswith(_DOCUMENT):
                if rows and good:
                    yield [row[word] for row in rows], [row[label] for row in rows]
                rows, good = [], True
                continue
            if comment is not None and line.startswith(comment):
                continue
            separator = separator or ("\t" if "\t" in line else " ")
            row = _COLUMNS[separator].split(line.strip(" ") if separator == " " else line)
            count = count or len(row)
            problem = _problem(row, count, word, label)
            if problem and on_bad == "stop":
                raise checks.invalid(
                    problem,
                    fix='Correct the line; check `separator`, `word` and `label`; or pass on_bad="skip".',
                    where=f"{path}, line {number}",
                    line=line,
                )
            if problem:
                good = False
                bad.append(number)
            rows.append(row)
    if bad:
        warnings.warn(
            f"{path}: sentences with bad rows were left out. There were {len(bad)} such rows: lines "
            f"{', '.join(map(str, bad[:8]))}{' and so on' if len(bad) > 8 else ''}.",
            stacklevel=2,
        )


def _lines(path, file):
    """Yields line numbers and lines, without line ends, and a blank line at the end."""
    number = 0
    for number, line in enumerate(file, 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise checks.invalid(
                "The file must be UTF-8.",
                fix="Convert it to UTF-8.",
                where=f"{path}, line {number}",
                line=line,
            ) from error
        yield number, text.rstrip("\r\n")
    yield number + 1, ""


def _problem(row, count, word, label):
    """What is wrong with a row, or None."""
    if len(row) != count:
        return f"A row must have as many columns as the first, {count}."
    places = [place + count if place < 0 else place for place in (word, label)]
    if not all(0 <= place < count for place in places) or places[0] == places[1]:
        return "A row must have a column for the word and another for its label."
    if not row[word] or not row[label]:
        return "Neither word nor label may be empty."
    return None
