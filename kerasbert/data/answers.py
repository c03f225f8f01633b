"""Answers that are spans of a context: pairs of the answer's text and the character where it begins."""

import numbers

import numpy as np

from kerasbert import checks


def stands(text, start, context):
    """Whether an answer occurs in its context at the offset that it gives."""
    return bool(text) and start >= 0 and context[start : start + len(text)] == text


def not_there(answers, context, where, fix):
    """The error for a question none of whose answers `(text, start)` occurs at its offset."""
    text, start = answers[0]
    return checks.invalid(
        "An answer must occur in its context at its offset.",
        fix=fix,
        where=where,
        answer=text,
        start=start,
        found=context[max(start, 0) : max(start, 0) + len(text)],
    )


def answer_spans(answers, contexts, where="y"):
    """Finds the span of each row's answer: of its first answer that occurs in the context at its offset.

    Args:
        answers: for each row a list of pairs `(text, start)`, where `start` counts characters of the context;
            an empty list for a question without an answer.
        contexts: list of str, one for each row.
        where: str, named in errors.

    Returns:
        int array `(rows, 2)`: the first character of the answer and the one after its last; -1 and -1 for a
        question without an answer.

    Raises:
        TypeError: if a row is not a list of such pairs.
        ValueError: if a row has answers but none of them occurs at its offset.

    Example:

    >>> answer_spans([[("Bonn", 3)], []], ["In Bonn.", "In Bonn."]).tolist()
    [[3, 7], [-1, -1]]
    """
    spans = np.full((len(contexts), 2), -1, np.int64)
    for row, (given, context) in enumerate(zip(answers, contexts, strict=True)):
        pairs = checked_pairs(given, f"{where}, row {row}")
        right = [(start, start + len(text)) for text, start in pairs if stands(text, start, context)]
        if pairs and not right:
            fix = "Count characters, not bytes or tokens; drop the row; or pass [] if it has no answer."
            raise not_there(pairs, context, f"{where}, row {row}", fix)
        if right:
            spans[row] = right[0]
    return spans


def answer_pairs(answers):
    """Turns the answers of one row into pairs if they are dicts with SQuAD's keys `text` and `answer_start`.

    Such answers are a dict of two lists, a dict of one text and its start, or a list of such dicts. Other
    answers are returned as they are.
    """
    names = ("text", "answer_start")
    if isinstance(answers, dict) and set(answers) == set(names):
        texts, starts = (answers[name] for name in names)
        if isinstance(texts, str) and isinstance(starts, numbers.Integral):
            return [(texts, starts)]
        if isinstance(texts, str) or not all(hasattr(column, "__len__") for column in (texts, starts)):
            return answers
        return list(zip(texts, starts, strict=True)) if len(texts) == len(starts) else answers
    if isinstance(answers, (list, tuple, np.ndarray)):
        return [tuple(a.get(n) for n in names) if isinstance(a, dict) else a for a in answers]
    return answers


def right_texts(answers, where):
    """Returns the texts of the right answers to one question, a list of str.

    Args:
        answers: a list of str or of pairs `(str, start)`, or what `answer_pairs` takes.
        where: str, named in errors.

    Raises:
        TypeError: if it is something else, such as one str, whose letters would be taken for answers.
    """
    found = answer_pairs(answers)
    texts: list[str] | None = None
    if isinstance(found, (list, tuple, np.ndarray)):
        texts = [a if isinstance(a, str) else a[0] if _is_pair(a) else None for a in found]
    if texts is None or None in texts:
        raise checks.invalid(
            "The right answers to a question must be a list of texts, or of pairs of a text and its first "
            "character's offset.",
            fix='Write ["Bonn"] or [("Bonn", 3)] for one answer, [] for no answer.',
            where=where,
            kind=TypeError,
            answers=answers,
        )
    return texts


def checked_pairs(answers, where):
    """Returns the answers of one row as a list of `(str, int)`, or raises TypeError."""
    answers = answer_pairs(answers)
    good = isinstance(answers, (list, tuple, np.ndarray)) and all(map(_is_pair, answers))
    if not good:
        raise checks.invalid(
            "The answers to a question must be a list of pairs of a text and its first character's offset.",
            fix='Write [("Bonn", 3)] or {"text": ["Bonn"], "answer_start": [3]} for one answer, [] for no '
            "answer.",
            where=where,
            kind=TypeError,
            answers=answers,
        )
    return [(text, int(start)) for text, start in answers]


def _is_pair(answer):
    return (
        isinstance(answer, (list, tuple))
        and len(answer) == 2
        and isinstance(answer[0], str)
        and isinstance(answer[1], numbers.Integral)
        and not isinstance(answer[1], bool)
    )
