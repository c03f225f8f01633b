"""Reads questions and answers in SQuAD's JSON format."""

import dataclasses
import pathlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data.answers import not_there, stands
from kerasbert.data.lines import read_whole
from kerasbert.data.streams import left_out
from kerasbert.json_files import parse_json
from kerasbert.types import PathLike


@dataclasses.dataclass(frozen=True, repr=False)
class QuestionRows:
    """Questions with contexts and answers, which `fit`, `evaluate`, `predict` and `scores` take as `x`.

    Like other rows, they have a length and can be sliced; iterating gives `((question, context), answers)`.

    Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250, and 2018, https://arxiv.org/abs/1806.03822.

    Args:
        questions, contexts: tuples of str, one for each row.
        answers: tuple of lists of `(text, start)`, where `start` counts characters of the context; an empty
            list for a question without an answer.
        ids: tuple of str, the ids of the questions.
        articles: tuple of int, the index of the article in the file that each row comes from.
        skipped: tuple of str, one for each question that was left out: its place and what is wrong with it.

    Example:

    >>> rows = QuestionRows(("where", "who"), ("In Bonn.",) * 2, ([("Bonn", 3)], []), ("a", "b"), (0, 1))
    >>> rows.take([0]).answers
    ([('Bonn', 3)],)
    """

    questions: tuple[str, ...]
    contexts: tuple[str, ...]
    answers: tuple[list[tuple[str, int]], ...]
    ids: tuple[str, ...]
    articles: tuple[int, ...]
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.questions)

    def __repr__(self):
        return f"<QuestionRows: {len(self)} rows of {len(set(self.articles))} articles>"

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, which: int | slice) -> Any:
        if isinstance(which, slice):
            return self.take(range(len(self))[which])
        return (self.questions[which], self.contexts[which]), self.answers[which]

    def take(self, numbers: Any) -> "QuestionRows":
        """Returns the rows with the given indices."""
        names = ("questions", "contexts", "answers", "ids", "articles")
        columns = {name: getattr(self, name) for name in names}
        return QuestionRows(
            **{name: tuple(c[i] for i in np.asarray(numbers, int)) for name, c in columns.items()}
        )


def read_squad(path: PathLike, on_bad: str = "stop") -> QuestionRows:
    """Reads a file of SQuAD v1.1 or v2, or another file in the same format.

    Args:
        path: str or path, UTF-8; `.gz`, `.bz2` and `.xz` are decompressed.
        on_bad: str, what to do with a question none of whose answers occurs in the context at its offset:
            `"stop"` raises an error; `"skip"` leaves the question out, lists it in `skipped`, and warns with
            the number of such questions. If one answer is right, the others are kept, because scores use
            them.

    Returns:
        `QuestionRows`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file does not have SQuAD's format, or an offset is wrong; the message names the
            article, the paragraph and the question.

    Warns:
        UserWarning: if questions were skipped.

    Example:

    >>> import json, tempfile
    >>> question = {"id": "7", "question": "where", "answers": [{"text": "Bonn", "answer_start": 3}]}
    >>> content = {"data": [{"paragraphs": [{"context": "In Bonn.", "qas": [question]}]}]}
    >>> file = tempfile.NamedTemporaryFile("w", suffix=".json", delete=False)
    >>> json.dump(content, file); file.close()
    >>> read_squad(file.name).answers
    ([('Bonn', 3)],)
    """
    checks.one_of("read_squad", ("stop", "skip"), on_bad=on_bad)
    path = pathlib.Path(path)
    content = parse_json(_text(path), path)
    rows, skipped = [], []
    for number, question, context, where in _questions(content, str(path)):
        answers = _answers(question, where)
        if answers and not any(stands(text, start, context) for text, start in answers):
            error = not_there(answers, context, where, 'Correct the file, or pass on_bad="skip".')
            if on_bad == "stop":
                raise error
            skipped.append(str(error))
        else:
            rows.append((question["question"], context, answers, str(question["id"]), number))
    if skipped:
        warnings.warn(left_out(len(skipped), len(rows) + len(skipped), skipped[0]), stacklevel=2)
    columns = [tuple(column) for column in zip(*rows, strict=True)] or [()] * 5
    columns.append(tuple(skipped))
    return QuestionRows(*columns)


def _text(path):
    try:
        return read_whole(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise checks.invalid(
            "The file must be JSON in UTF-8.", fix="Download it again.", where=str(path), reason=str(error)
        ) from error


def _questions(content, path):
    """Yields for each question the index of its article, the question, its context and its place."""
    for i, article in enumerate(_field(content, "data", list, path)):
        where = f"{path}, article {i}"
        for j, paragraph in enumerate(_field(article, "paragraphs", list, where)):
            here = f"{where}, paragraph {j}"
            context = _field(paragraph, "context", str, here)
            for k, question in enumerate(_field(paragraph, "qas", list, here)):
                name = question.get("id", k) if isinstance(question, dict) else k
                there = f"{here}, question {name}"
                _field(question, "id", (str, int), there)
                _field(question, "question", str, there)
                yield i, question, context, there


def _answers(question, where):
    """The answers of a question as pairs."""
    if question.get("is_impossible"):
        return []
    answers = _field(question, "answers", list, where)
    return [(_field(a, "text", str, where), _field(a, "answer_start", int, where)) for a in answers]


def _field(part, name, kind, where):
    value = part.get(name) if isinstance(part, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise checks.invalid(
            f"SQuAD's JSON must have a {kind.__name__ if isinstance(kind, type) else 'str'} `{name}` here.",
            fix="Compare the file with SQuAD's format: data, paragraphs, qas, answers.",
            where=where,
            received=part.get(name) if isinstance(part, dict) else part,
        )
    return part[name]
