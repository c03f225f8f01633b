"""Files in the columns of CoNLL: a word and its label a line, a blank line after a sentence."""

import itertools
import pathlib
import re
from typing import Literal

from kerasbert import checks
from kerasbert.data.lines import read_lines
from kerasbert.data.streams import RowStream, SourceStream
from kerasbert.types import PathLike

_COLUMNS = {"\t": re.compile("\t"), " ": re.compile(" +")}
_DOCUMENT = "-DOCSTART-"
# What a comment is in CoNLL-U, and what looks like one; a TAB makes a row of words.
_COMMENT = re.compile(r"# *[\w.:-]+ += |# (newdoc|newpar)\b[^\t]*$")
_PERHAPS_COMMENT = re.compile(r"# [^\t]*=[^\t]*$|# (sent_)?id [^\t]*$|# (newdoc|newpar)\b[^\t]*$")


def read_conll(
    path: PathLike,
    word: int = 0,
    label: int = -1,
    separator: str | None = None,
    comment: str | Literal[False] | None = None,
    on_bad: str = "stop",
) -> RowStream:
    """Streams the sentences of a file in columns (Tjong Kim Sang & De Meulder 2003, section 2).

    A byte order mark, Windows line ends and lines of `-DOCSTART-` are passed over; and before the first word
    of a sentence the comments of CoNLL-U, such as `# sent_id = 1` and `# newdoc`. Any other line is a word,
    because `#` begins words in many sets. A line such as `# id 7 domain=en` could be either, and is an error
    unless `comment` says what it is.

    Args:
        path: str or path, UTF-8; `.gz`, `.bz2` and `.xz` are decompressed.
        word: int, the column of words.
        label: int, the column of labels; negative: from the right.
        separator: str, `"\\t"`, `" "` for one or more, or None: a TAB if the first row has one.
        comment: str, what lines begin with that are left out, wherever they stand: `"# "` leaves hashtags.
            False: there are no comments, and each line is a word. None: those of CoNLL-U.
        on_bad: str, what becomes of a sentence with a line that is not UTF-8, or without a word, without a
            label or with another number of columns than the first: `"stop"` raises, `"skip"` leaves it out,
            and warns at the end with the number of such sentences and the first.

    Returns:
        `RowStream` of pairs of lists of str: the words of a sentence, and their labels.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: while reading, if a row is bad; it names the line.

    Example:

    >>> import tempfile
    >>> file = tempfile.NamedTemporaryFile("w", suffix=".conll", delete=False)
    >>> _ = file.write("In O\\nBonn B-LOC\\n\\nYes O\\n"); file.close()
    >>> words, labels = zip(*read_conll(file.name))
    >>> words, labels
    ((['In', 'Bonn'], ['Yes']), (['O', 'B-LOC'], ['O']))
    """
    checks.one_of("read_conll", (*_COLUMNS, None), separator=separator)
    path = pathlib.Path(path)
    path.open("rb").close()
    source = f"read_conll({str(path)!r})"
    return SourceStream(lambda: _sentences(path, word, label, separator, comment), True, on_bad, source)


def _sentences(path, word, label, separator, comment):
    """Yields the place of the first line of a sentence, and words and labels, or the first error in it."""
    rows, place, bad, count = [], None, None, None
    end = (str(path), "", None)  # of the last sentence
    for where, line, error in itertools.chain(read_lines(path), [end]):
        line = line.rstrip("\r\n")
        if error is None and (not line.strip("\t ") or line.startswith(_DOCUMENT)):
            if bad or rows:
                yield place, bad or ([row[word] for row in rows], [row[label] for row in rows])
            rows, place, bad = [], None, None
            continue
        if error is None and _is_comment(line, comment, bool(rows)):
            continue
        separator = separator or ("\t" if "\t" in line else " ")
        row = _COLUMNS[separator].split(line.strip(" ") if separator == " " else line)
        count = count or len(row)
        place, bad = place or where, bad or error or _problem(row, count, word, label, line, where, comment)
        rows.append(row)


def _is_comment(line, comment, in_sentence):
    if isinstance(comment, str):
        return line.startswith(comment)
    return comment is None and not in_sentence and _COMMENT.match(line) is not None


def _problem(row, count, word, label, line, where, comment):
    """The error that a row is, or None."""
    if comment is None and _PERHAPS_COMMENT.match(line):
        return checks.invalid(
            "This line could be a comment as well as a word and its label.",
            fix='Pass comment="# " to leave out such lines, or comment=False to read them as words.',
            where=where,
            line=line,
        )
    places = [place + count if place < 0 else place for place in (word, label)]
    if len(row) != count:
        rule = f"A row must have as many columns as the first, {count}."
    elif not all(0 <= place < count for place in places) or places[0] == places[1]:
        rule = "A row must have a column for the word and another for its label."
    elif not row[word] or not row[label]:
        rule = "Neither word nor label may be empty."
    else:
        return None
    return checks.invalid(
        rule,
        fix='Correct the line; check `separator`, `word` and `label`; or pass on_bad="skip".',
        where=where,
        line=line,
    )
