"""How close a model's numbers are to the right ones."""

import dataclasses
import functools

import numpy as np

from kerasbert import checks
from kerasbert.evaluation.classes import INSTALL
from kerasbert.evaluation.evaluation import Evaluation, Mistake
from kerasbert.pages import Table


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class NumberEvaluation(Evaluation):
    """How close the numbers of a regression are to the right ones.

    `scores` are `pearson`, `spearman` (left out if rows have several numbers), `mean_absolute_error` and
    `root_mean_squared_error`. Correlations are between -1 and 1, and errors have the unit of the numbers. If
    rows have several numbers, a score is the mean over these.

    Args:
        labels: tuple of str, the names of the C numbers.
        true: float array `(rows, C)`.
        answered: float array `(rows, C)`.
        model, texts, lengths, length_unit, columns: see `Evaluation`.
    """

    labels: tuple[str, ...]
    true: np.ndarray
    answered: np.ndarray

    title = "Numbers"
    scale = "Correlations are from -1 to 1, the best; errors have the unit of the numbers."

    def same_labels(self, other: "NumberEvaluation") -> bool:
        """Whether another evaluation has the same right answers."""
        return self.labels == other.labels and np.array_equal(self.true, other.true)

    @property
    def residuals(self) -> np.ndarray:
        """float array `(rows, C)`: answers minus right numbers."""
        return self.answered - self.true

    @functools.cached_property
    def row_counts(self) -> np.ndarray:
        """float64 array `(rows, 7C)`: the sums that correlations and errors are computed from."""
        # Around their means, so that large numbers lose no digits.
        x, y = self.true - self.true.mean(0), self.answered - self.true.mean(0)
        off = self.residuals
        return np.concatenate([x, y, x * x, y * y, x * y, np.abs(off), np.ones_like(off)], -1)

    def scores_of(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """See `Evaluation.scores_of`."""
        parts = np.reshape(sums, (*sums.shape[:-1], 7, len(self.labels)))
        *means, count = np.moveaxis(parts, -2, 0)
        x, y, xx, yy, xy, off = (mean / np.maximum(count, 1) for mean in means)
        spread = np.sqrt(np.maximum(xx - x * x, 0) * np.maximum(yy - y * y, 0))
        pearson = np.where(spread > 1e-12, (xy - x * y) / np.where(spread > 1e-12, spread, 1), np.nan)
        squared = np.maximum(xx - 2 * xy + yy, 0)
        return {
            "pearson": pearson.mean(-1),
            "mean_absolute_error": off.mean(-1),
            "root_mean_squared_error": np.sqrt(squared).mean(-1),
        }

    @functools.cached_property
    def scores(self) -> dict[str, float]:
        """dict of floats; see the class."""
        found = {name: float(value) for name, value in self.scores_of(self.row_counts.sum(0)).items()}
        if len(self.labels) > 1:
            return found
        stats = checks.require("scipy.stats", INSTALL, "A rank correlation")
        spearman = (
            float(stats.spearmanr(self.true[:, 0], self.answered[:, 0]).statistic)
            if len(self) > 1
            else np.nan
        )
        pearson = found.pop("pearson")
        return {"pearson": pearson, "spearman": spearman, **found}

    def mistakes(self, count: int = 20) -> list[Mistake]:
        """Returns the rows with the largest errors.

        Args:
            count: int, how many at most.

        Returns:
            List of `Mistake`, the worst first.
        """
        checks.not_negative_int("mistakes", count=count)
        off = np.abs(self.residuals).max(-1)
        worst = np.argsort(-off, kind="stable")[:count]
        return [
            Mistake(int(row), self.texts[row], _numbers(self.true[row]), _numbers(self.answered[row]))
            for row in worst
            if off[row] > 0
        ]

    def details(self) -> list[Table]:
        """Returns the table of residuals."""
        rows = [
            [
                label,
                float(off.mean()),
                *(float(np.quantile(off, share)) for share in (0.05, 0.25, 0.5, 0.75, 0.95)),
            ]
            for label, off in zip(self.labels, self.residuals.T, strict=True)
        ]
        header = ["number", "mean", "5 %", "25 %", "median", "75 %", "95 %"]
        note = "Residuals are answers minus right numbers; of 100 rows, 5 are below the column 5 %."
        return [Table("Residuals", header, rows, note, wide=True)]


def _numbers(values):
    return ", ".join(f"{value:.4g}" for value in values)
