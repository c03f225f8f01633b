"""Turns a user's labels of words or spans of characters into the class numbers of a task."""

import bisect
import difflib
import itertools

import numpy as np

from kerasbert import checks
from kerasbert.data import schemes
from kerasbert.data.labels import IGNORED, class_numbers, plain
from kerasbert.data.rows import same_length


def numbers_of_words(y, words, labels, scheme, where="y", numeric_labels=None):
    """Turns one label per word into class numbers.

    Names may be in any tagging scheme: they are read as entities and rewritten in the scheme of the task.
    Numbers are the task's class numbers, as `class_numbers` reads them; -100 marks words to ignore.

    Args:
        y: sequence of R sequences of str or int.
        words: `Words`.
        labels: tuple of str, the class names of the task.
        scheme: str, one of `SCHEMES`, the scheme of `labels`.
        where: str, named in errors.
        numeric_labels: str or None, as for `class_numbers`.

    Returns:
        int32 array `(W,)`.

    Raises:
        ValueError, TypeError: if there is not one label for each word, or a label is not one of the task's;
            the message names the row and the word.
    """
    rows = [_row(labels, f"{where}, row {row}") for row, labels in enumerate(y)]
    same_length(where, x=words.texts, y=rows)
    counts = np.diff(words.splits)
    for number, (row, count) in enumerate(zip(rows, counts, strict=True)):
        if len(row) != count:
            raise checks.invalid(
                "There must be one label for each word.",
                fix="Correct the row: words and labels must come from the same lines.",
                where=f"{where}, row {number}",
                words=int(count),
                labels=len(row),
            )
    named = any(isinstance(label, str) for row in rows for label in row)
    if named:
        rows = _in_scheme(rows, labels, scheme, where)
    found = [np.zeros(0, "int32")]
    for number, row in enumerate(rows):
        counts_not = np.array([not isinstance(label, str) and label == IGNORED for label in row], bool)
        if not counts_not.all():
            # Ignored words are read with the label of a word that counts, and set to IGNORED afterwards.
            other = row[int(counts_not.argmin())]
            row = [other if out else label for label, out in zip(row, counts_not, strict=True)]
            numbers = class_numbers(row, labels, f"{where}, row {number}", "word", numeric_labels)
            found.append(np.where(counts_not, IGNORED, numbers).astype("int32"))
        else:
            found.append(np.full(len(row), IGNORED, "int32"))
    return np.concatenate(found)


def _row(row, where):
    if isinstance(row, (str, bytes)) or not hasattr(row, "__iter__"):
        raise checks.invalid(
            "Each row of words must have a list of labels.",
            fix="Pass one label for each word.",
            where=where,
            kind=TypeError,
            labels=row,
        )
    return [label.decode("utf-8", "replace") if isinstance(label, bytes) else plain(label) for label in row]


def _in_scheme(rows, labels, scheme, where):
    """Checks that every name is known, and rewrites rows of names in the scheme of the task."""
    if scheme == "IO" and {name for row in rows for name in row} <= set(labels):
        return rows
    types = {schemes.type_of(label, scheme) for label in labels}
    for number, row in enumerate(rows):
        for place, name in enumerate(row):
            plain = isinstance(name, str) and schemes.is_prefixed(name)
            type_ = (None if name == schemes.OUTSIDE else name[2:] or schemes.NO_TYPE) if plain else name
            if not isinstance(name, str) or (type_ not in types and name not in types):
                near = difflib.get_close_matches(str(name), labels, 1)
                raise checks.invalid(
                    "A label must be one of the model's labels, or belong to one of their types.",
                    fix=f"{f'Did you mean {near[0]!r}? ' if near else ''}The labels are {', '.join(labels)}.",
                    where=f"{where}, row {number}, word {place}",
                    label=name,
                )
    source = schemes.detect(rows)
    return [schemes.convert(row, source, scheme) for row in rows]


def numbers_of_spans(y, words, labels, scheme, where="y"):
    """Turns spans of characters into one class number per word.

    Args:
        y: sequence of R sequences of `(start, end, type)`, in characters of the text. Spaces at either end of
            a span do not matter.
        words, labels, scheme, where: as for `numbers_of_words`.

    Returns:
        int32 array `(W,)`.

    Raises:
        ValueError, TypeError: if a span does not begin and end where words do, contains no word, or shares a
            word with another span; the message names the row and the span.
    """
    rows = list(y)
    same_length(where, x=words.texts, y=rows)
    found = [np.zeros(0, "int32")]
    for number, (spans, text, in_text) in enumerate(zip(rows, words.texts, words.spans, strict=True)):
        place = f"{where}, row {number}"
        taken = sorted(_words_of_span(span, text, in_text, place) for span in _spans(spans, place))
        for one, other in itertools.pairwise(taken):
            if other[0] < one[1]:
                raise checks.invalid(
                    "No two spans of a text may share a word.",
                    fix="Keep one of them.",
                    where=place,
                    spans=[one[3], other[3]],
                )
        names = schemes.spans_to_labels([span[:3] for span in taken], len(in_text), scheme)
        found.append(class_numbers(names, labels, place, "word"))
    return np.concatenate(found)


def _spans(spans, where):
    """The spans of a row as tuples; a row may also hold the entities that a task predicted."""
    spans = list(spans) if hasattr(spans, "__iter__") and not isinstance(spans, str) else [spans]
    spans = [(s.start, s.end, s.type) if hasattr(s, "type") else s for s in spans]
    for span in spans:
        good = isinstance(span, (tuple, list)) and len(span) == 3 and isinstance(span[2], str)
        if not good or not all(isinstance(place, (int, np.integer)) for place in span[:2]):
            raise checks.invalid(
                "An entity in a text must be `(start, end, type)`, in characters.",
                fix='Write [(0, 4, "LOC")] for a text with one entity, and [] for a text without entities.',
                where=where,
                kind=TypeError,
                span=span,
            )
    return spans


def _words_of_span(span, text, in_text, where):
    """Returns `(first word, word after the last, type, span)` for a span of characters."""
    start, end, type_ = int(span[0]), int(span[1]), span[2]
    first = bisect.bisect_right(in_text, start, key=lambda word: word[1])
    last = bisect.bisect_left(in_text, end, key=lambda word: word[0])
    inside = 0 <= start < end <= len(text) and first < last
    if not inside or in_text[first][0] < start or in_text[last - 1][1] > end:
        near = (in_text[first][0], in_text[last - 1][1]) if inside else None
        words = f"Its words are {text[near[0] : near[1]]!r}: {near}. " if near else ""
        raise checks.invalid(
            "A span must begin where a word begins, and end where a word ends.",
            fix=f"{words}Correct the span or leave it out; `split_words` shows the words of a text.",
            where=where,
            span=(start, end, type_),
            text=text[max(start, 0) : max(end, 0)],
        )
    return first, last, type_, (start, end, type_)
