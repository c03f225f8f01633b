"""Files in the column format of CoNLL: one word and its label per line, a blank line after each sentence."""

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
# Comments as CoNLL-U writes them, and lines that may be comments. A line with a TAB is a row of columns.
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
    """Streams the sentences of a file in CoNLL columns (Tjong Kim Sang & De Meulder 2003, section 2).

    A byte order mark, Windows line ends and `-DOCSTART-` lines are ignored, and so are CoNLL-U comments
    before the first word of a sentence, such as `# sent_id = 1` and `# newdoc`. Every other line is a word,
    because in many data sets words begin with `#`. A line such as `# id 7 domain=en` could be either, so it
    is an error unless `comment` decides.

    Args:
        path: str or path, UTF-8; `.gz`, `.bz2` and `.xz` are decompressed.
        word: int, the column of words.
        label: int, the column of labels; a negative number counts from the right.
        separator: str: `"\\t"`, or `" "` for one or more spaces. None: a TAB if the first row has one.
        comment: str, the prefix of lines to leave out anywhere in the file; `"# "` does not match hashtags.
            False: there are no comments, and each line is a word. None: CoNLL-U comments are left out.
        on_bad: str, what to do with a sentence that has a line that is not UTF-8, lacks a word or a label, or
            does not have as many columns as the first line: `"stop"` raises an error; `"skip"` leaves the
            sentence out, and a warning at the end gives the number of such sentences and the first error.

    Returns:
        `RowStream` of pairs of lists of str: the words of a sentence, and their labels.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: while reading, if a row is invalid; the message names the line.

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
    """For each sentence, yields the place of its first line, and its words and labels or its first error."""
    rows, place, bad, count = [], None, None, None
    end = (str(path), "", None)  # a blank line that ends the last sentence
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
    """The error in a row, or None."""
    if comment is None and _PERHAPS_COMMENT.match(line):
        return checks.invalid(
            "This line could be either a comment or a word and its label.",
            fix='Pass comment="# " to leave out such lines, or comment=False to read them as words.',
            where=where,
            line=line,
        )
    places = [place + count if place < 0 else place for place in (word, label)]
    if len(row) != count:
        rule = f"A row must have as many columns as the first row, {count}."
    elif not all(0 <= place < count for place in places) or places[0] == places[1]:
        rule = "A row must have a column for the word and another for its label."
    elif not row[word] or not row[label]:
        rule = "Neither the word nor the label may be empty."
    else:
        return None
    return checks.invalid(
        rule,
        fix='Correct the line; check `separator`, `word` and `label`; or pass on_bad="skip".',
        where=where,
        line=line,
    )
