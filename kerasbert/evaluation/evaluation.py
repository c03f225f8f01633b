"""What all evaluations have in common: scores, their confidence intervals, slices and tables."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert.evaluation.resampling import interval_of
from kerasbert.evaluation.slices import LEAST_ROWS, Slice, masks_of
from kerasbert.pages import Estimate, Table, counted, percent, score_name
from kerasbert.pages.style import fragment
from kerasbert.pages.tables import escaped


@dataclasses.dataclass(frozen=True)
class Mistake:
    """A row that a model answered wrongly.

    Args:
        row: int, its number in `x`.
        text: str.
        expected: str, the right answer.
        answer: str, the model's answer.
        probability: float or None, how probable the model found its answer.
        expected_probability: float or None, how probable it found the right one.
    """

    row: int
    text: str
    expected: str
    answer: str
    probability: float | None = None
    expected_probability: float | None = None


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """How well a model answers labelled rows; `evaluate` returns one of its subclasses.

    Args:
        model: str, the model's name.
        texts: list of str, one for each row.
        lengths: int array `(rows,)`.
        length_unit: str, `"tokens"` or `"characters"`.
        columns: dict, name -> a value for each row, to slice by.
    """

    model: str
    texts: Sequence[str]
    lengths: np.ndarray
    length_unit: str
    columns: Mapping[str, Sequence[Any]]

    title = "Evaluation"
    scale = "Scores are from 0, the worst, to 1, the best."

    # === What a subclass defines ===

    @property
    def row_counts(self) -> np.ndarray:
        """float array `(rows, K)`: counts of each row, whose sums over rows decide the scores."""
        raise NotImplementedError

    def scores_of(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """Computes scores from sums of `row_counts`, `(..., K)`; each has the shape `(...)`."""
        raise NotImplementedError

    def same_labels(self, other: Any) -> bool:
        """Whether another evaluation of this kind has the same right answers."""
        raise NotImplementedError

    def mistakes(self, count: int = 20) -> list[Mistake]:
        """Returns the worst mistakes.

        Args:
            count: int, how many at most.

        Returns:
            List of `Mistake`, the worst first.
        """
        raise NotImplementedError

    def details(self) -> list[Table]:
        """Returns the tables that only this kind of evaluation has."""
        return []

    def charts(self) -> dict[str, str]:
        """Returns SVG elements by the titles of the tables that they belong to."""
        return {}

    # === What follows from that ===

    def __len__(self) -> int:
        return len(self.texts)

    @functools.cached_property
    def scores(self) -> dict[str, float]:
        """dict, name -> float, such as `accuracy`."""
        return {name: float(value) for name, value in self.scores_of(self.row_counts.sum(0)).items()}

    @functools.cached_property
    def intervals(self) -> dict[str, Estimate]:
        """dict, name -> `Estimate`: scores with their 95 % bootstrap intervals.

        Rows are drawn 1,000 times with replacement, as many as there are (Efron & Tibshirani 1993, section
        13.3); the interval leaves out 2.5 % of the scores on each side. Where all rows are right
        or all are wrong, it is the exact one of Clopper & Pearson (1934).
        """
        return interval_of(self.row_counts, self.scores_of)

    @functools.cached_property
    def slices(self) -> list[Slice]:
        """list of `Slice`: scores by length, and by each of `columns`.

        Numbers are cut at their quartiles. Values with fewer than 20 rows are joined as `others`; ranges of
        numbers with so few are left out.
        """
        columns = {f"length in {self.length_unit}": self.lengths, **self.columns}
        return [
            Slice(name, value, int(mask.sum()), interval_of(self.row_counts[mask], self.scores_of))
            for name, column in columns.items()
            for value, mask in masks_of(column)
        ]

    @property
    def main_score(self) -> str:
        """str, the name of the first score, which slices and verdicts are about."""
        return next(iter(self.scores))

    def weak_slices(self) -> list[Slice]:
        """Returns the slices whose main score is surely below that of all rows, the worst first.

        Their interval ends below the score of all rows."""
        name = self.main_score
        weak = [part for part in self.slices if part.scores[name].high < self.scores[name]]
        return sorted(weak, key=lambda part: part.scores[name].value)

    def verdict(self) -> tuple[str, list[tuple[bool, str]]]:
        """Returns a headline, and sentences: what is good (True), and what to look at (False)."""
        name = self.main_score
        interval = self.intervals[name]
        shown = score_name(name)
        headline = f"{shown[0].upper()}{shown[1:]} {interval.value:.3f} on {counted(len(self), 'row')}"
        if np.isnan(interval.value):
            return f"{counted(len(self), 'row')}, too alike for {shown}", self._about_slices()
        return headline, [self._certainty(), *self._about_slices()]

    def _certainty(self):
        found = self.intervals[self.main_score]
        words = f"On other rows of this kind, expect {found.low:.3f} to {found.high:.3f} (95 % interval)."
        if found.low > 0:
            return True, words
        return False, f"{words} It is not sure that the model is better than one that knows nothing."

    def _about_slices(self):
        """One sentence about the weakest slices."""
        weak, name = self.weak_slices(), self.main_score
        if not weak:
            return (
                [
                    (
                        True,
                        f"No part of the rows is surely weaker than the rest ({len(self.slices)} looked at).",
                    )
                ]
                if self.slices
                else []
            )
        worst = weak[0]
        words = (
            f"{worst.column} {worst.value}" if worst.value[0].isdigit() else f"{worst.column} = {worst.value}"
        )
        more = f"; {len(weak) - 1} more below" if len(weak) > 1 else ""
        score = score_name(name)
        return [
            (
                False,
                f"Weakest part of the rows: {words}, {score} {worst.scores[name].value:.3f}, "
                f"{counted(worst.rows, 'row')}{more}.",
            )
        ]

    # === To look at ===

    def tables(self, mistakes: int = 10, explanations: Mapping[int, Any] | None = None) -> list[Table]:
        """Returns all that there is to see, as a list of `kerasbert.pages.Table`.

        Args:
            mistakes: int, how many of the worst mistakes to show.
            explanations: dict or None, number of a row -> `kerasbert.explain.Explanation`, whose words are
                coloured; `kerasbert.evaluation.explain_mistakes` makes them.
        """
        found = [self.scores_table(), *self.details()]
        if self.slices or self.columns:
            found.append(self.slices_table())
        wrong = self.mistakes(mistakes)
        return [*found, mistakes_table(wrong, explanations=explanations)] if wrong else found

    def scores_table(self) -> Table:
        """Returns the scores with their intervals."""
        rows = [[score_name(name), self.intervals.get(name, value)] for name, value in self.scores.items()]
        note = (
            f"{self.scale} Ranges: with other rows of this kind, a score would be there in 19 of 20 cases "
            "(95 % bootstrap intervals, 1,000 samples)."
        )
        return Table("Scores", ["score", "value"], rows, note)

    def slices_table(self) -> Table:
        """Returns the main score of each slice."""
        name = self.main_score
        weak = {id(part) for part in self.weak_slices()}
        rows = [
            [
                "" if i and part.column == self.slices[i - 1].column else part.column,
                part.value,
                part.rows,
                part.scores[name],
                "low" if id(part) in weak else "",
            ]
            for i, part in enumerate(self.slices)
        ]
        score = score_name(name)
        note = (
            f"A slice is a part of the rows. low: the interval ends below the {score} of all rows, "
            f"{self.scores[name]:.3f}."
        )
        left = [column for column in self.columns if column not in {part.column for part in self.slices}]
        if left:
            note += f" No part with {LEAST_ROWS} rows or more, or all in one: {', '.join(left)}."
        return Table("Slices", ["column", "value", "rows", score, ""], rows, note)

    def __repr__(self) -> str:
        tables = [self.scores_table(), *self.details()]
        return "\n\n".join([self._heading(), *map(str, tables)])

    def _repr_html_(self) -> str:
        tables = "".join(f"<h3>{escaped(table.title)}</h3>{table.html()}" for table in self.tables())
        return fragment(f"<p><strong>{escaped(self._heading())}</strong></p>{tables}")

    def _heading(self):
        return f"{self.title} of {self.model} on {counted(len(self), 'row')}"


def mistakes_table(
    mistakes: Sequence[Mistake],
    title: str = "Worst mistakes",
    explanations: Mapping[int, Any] | None = None,
) -> Table:
    """Returns mistakes as a table: with probabilities where there are some, with coloured words where there
    are explanations."""
    known = explanations or {}
    rows = [
        [
            known[m.row].marked() if m.row in known else m.text,
            _with(m.expected, m.expected_probability),
            _with(m.answer, m.probability),
        ]
        for m in mistakes
    ]
    methods = sorted({explanation.method for explanation in known.values()})
    note = (
        f"{', '.join(methods)}: blue words speak for the answer, orange ones against it." if methods else ""
    )
    return Table(title, ["text", "expected", "answer"], rows, note, wide=True)


def _with(answer, probability):
    """An answer and how probable the model finds it."""
    return answer if probability is None else f"{answer} ({percent(probability)})"
