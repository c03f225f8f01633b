"""How well a model answers questions, by type of question and by length."""

import dataclasses
import functools
import re
from collections.abc import Sequence

import numpy as np

from kerasbert import checks
from kerasbert.data import squad_scores
from kerasbert.evaluation.evaluation import Evaluation, Mistake
from kerasbert.pages import Table

TYPES = ("what", "who", "when", "where", "which", "why", "how")
NO_ANSWER = "no answer"
# Other forms of question words.
_FORMS = {"whose": "who", "whom": "who"}


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class QuestionEvaluation(Evaluation):
    """How well a model answers questions about a text.

    `scores` are `exact_match` and `f1`, as `kerasbert.data.squad_scores` computes them. Slices are by the
    length of question and text together, by that of the right answer, and in English by the question word.

    Args:
        answers: for each row a list of str, the right answers; empty if the question has none.
        answered: list of str, the model's answers.
        language, version: as for `squad_scores`.
        model, texts, lengths, length_unit, columns: see `Evaluation`.
    """

    answers: Sequence[Sequence[str]]
    answered: Sequence[str]
    language: str
    version: str

    title = "Questions"

    def same_labels(self, other: "QuestionEvaluation") -> bool:
        """Whether another evaluation has the same right answers."""
        return [list(row) for row in self.answers] == [list(row) for row in other.answers]

    @functools.cached_property
    def row_counts(self) -> np.ndarray:
        """float64 array `(rows, 3)`: exact match and F1 of each row, and 1."""
        rows = [
            squad_scores([answer], [list(right)], self.language, self.version)
            for answer, right in zip(self.answered, self.answers, strict=True)
        ]
        return np.array([(row["exact_match"], row["f1"], 1.0) for row in rows], "float64")

    def scores_of(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """See `Evaluation.scores_of`."""
        exact_match, f1, rows = np.moveaxis(sums, -1, 0)
        return {"f1": f1 / np.maximum(rows, 1), "exact_match": exact_match / np.maximum(rows, 1)}

    def mistakes(self, count: int = 20) -> list[Mistake]:
        """Returns the rows with the lowest F1, the longest wrong answers first.

        Args:
            count: int, how many at most.

        Returns:
            List of `Mistake`, the worst first.
        """
        checks.not_negative_int("mistakes", count=count)
        f1 = self.row_counts[:, 1]
        order = np.lexsort((-np.array([len(answer) for answer in self.answered]), f1))
        return [
            Mistake(
                int(row),
                self.texts[row],
                " / ".join(self.answers[row]) or NO_ANSWER,
                self.answered[row] or NO_ANSWER,
            )
            for row in order[:count]
            if f1[row] < 1
        ]

    def details(self) -> list[Table]:
        """Returns the scores of questions with and without an answer, if there are both."""
        has = np.array([bool(row) for row in self.answers])
        if has.all() or not has.any():
            return []
        rows = [
            [
                name,
                int(mask.sum()),
                *(float(v) for v in self.scores_of(self.row_counts[mask].sum(0)).values()),
            ]
            for name, mask in (("has an answer", has), ("has none", ~has))
        ]
        return [Table("With and without an answer", ["question", "rows", "F1", "exact match"], rows)]


def question_type(question: str) -> str:
    """Returns the first question word of an English question, or `other`.

    Example:

    >>> question_type("In which year did it begin?"), question_type("Is it?")
    ('which', 'other')
    """
    for word in re.findall(r"[a-z]+", question.lower()):
        word = _FORMS.get(word, word)
        if word in TYPES:
            return word
    return "other"
