"""How well a model finds any number of labels for a row, and the thresholds at which it does so best."""

import dataclasses
import functools
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.evaluation.classes import INSTALL, f1_of
from kerasbert.evaluation.evaluation import Evaluation, Mistake
from kerasbert.pages import Table


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class LabelEvaluation(Evaluation):
    """How well a model finds the labels of rows that have any number of them.

    `scores` are `subset_accuracy` (the share of rows whose labels are all right), `micro_f1`, `macro_f1`, and
    `roc_auc`, the mean over the labels that some rows have and others have not.

    Args:
        labels: tuple of str, the C labels.
        true: bool array `(rows, C)`.
        probabilities: float array `(rows, C)`.
        thresholds: dict, label -> the probability above which a row has it.
        model, texts, lengths, length_unit, columns: see `Evaluation`.
    """

    labels: tuple[str, ...]
    true: np.ndarray
    probabilities: np.ndarray
    thresholds: dict[str, float]

    title = "Labels"
    scale = Evaluation.scale + " Subset accuracy is the share of rows whose labels are all right."

    @functools.cached_property
    def answered(self) -> np.ndarray:
        """bool array `(rows, C)`, which labels the model gives."""
        return self.probabilities > np.array([self.thresholds[label] for label in self.labels])

    def same_labels(self, other: "LabelEvaluation") -> bool:
        """Whether another evaluation has the same right answers."""
        return self.labels == other.labels and np.array_equal(self.true, other.true)

    @functools.cached_property
    def row_counts(self) -> np.ndarray:
        """float64 array `(rows, 3C + 2)`: for each label, whether the answer has it and is right, whether the
        answer has it, and whether the row has it; then whether all labels of the row are right, and 1."""
        right = (self.true == self.answered).all(-1, keepdims=True)
        counts = [self.true & self.answered, self.answered, self.true, right, np.ones_like(right)]
        return np.concatenate(counts, -1).astype("float64")

    def scores_of(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """See `Evaluation.scores_of`."""
        counts = np.reshape(sums[..., :-2], (*sums.shape[:-1], 3, len(self.labels)))
        right, answered, true = np.moveaxis(counts, -2, 0)
        return {
            "subset_accuracy": sums[..., -2] / np.maximum(sums[..., -1], 1),
            "micro_f1": f1_of(right.sum(-1), answered.sum(-1), true.sum(-1)),
            "macro_f1": f1_of(right, answered, true).mean(-1),
        }

    @functools.cached_property
    def scores(self) -> dict[str, float]:
        """dict of floats from 0 to 1; see the class."""
        found = {name: float(value) for name, value in self.scores_of(self.row_counts.sum(0)).items()}
        areas = [row["roc_auc"] for row in self.classes.values() if "roc_auc" in row]
        return found | ({"roc_auc": float(np.mean(areas))} if areas else {})

    @functools.cached_property
    def classes(self) -> dict[str, dict[str, float]]:
        """dict, label -> `precision`, `recall`, `f1`, `support`, `threshold`, and `roc_auc` and
        `average_precision` if some rows have the label and others have not; by scikit-learn."""
        metrics = checks.require("sklearn.metrics", INSTALL, "Scores of labels")
        result = {}
        for i, label in enumerate(self.labels):
            # One label at a time: of a single column scikit-learn would give the rows without it, too.
            pair = self.true[:, i], self.answered[:, i]
            found = metrics.precision_recall_fscore_support(*pair, average="binary", zero_division=0)
            support = int(pair[0].sum())
            row = dict(zip(("precision", "recall", "f1"), map(float, found), strict=False))
            row["support"] = support
            row["threshold"] = self.thresholds[label]
            if 0 < support < len(self):
                true, answers = self.true[:, i], self.probabilities[:, i]
                row["roc_auc"] = float(metrics.roc_auc_score(true, answers))
                row["average_precision"] = float(metrics.average_precision_score(true, answers))
            result[label] = row
        return result

    def best_thresholds(self) -> dict[str, float]:
        """Chooses for each label the threshold with the best F1 on these rows.

        Set the task's `thresholds` to the result, which its files and exports then keep, and evaluate it on
        other rows: on the same rows the scores would be too good. A label that no row or every row has keeps
        one half.

        Returns:
            dict, label -> float.
        """
        return {
            label: _best_threshold(self.true[:, i], self.probabilities[:, i])
            for i, label in enumerate(self.labels)
        }

    def mistakes(self, count: int = 20) -> list[Mistake]:
        """Returns the rows with wrong labels whose true labels are least probable together.

        Args:
            count: int, how many at most.

        Returns:
            List of `Mistake`, the worst first; `expected` and `answer` are labels joined by commas.
        """
        checks.not_negative_int("mistakes", count=count)
        of_truth = np.where(self.true, self.probabilities, 1 - self.probabilities)
        loss = -np.log(np.maximum(of_truth, 1e-12)).sum(-1)
        wrong = np.flatnonzero((self.true != self.answered).any(-1))
        worst = wrong[np.argsort(-loss[wrong], kind="stable")][:count]
        return [
            Mistake(int(row), self.texts[row], self._named(self.true[row]), self._named(self.answered[row]))
            for row in worst
        ]

    def _named(self, has):
        return ", ".join(label for label, yes in zip(self.labels, has, strict=True) if yes) or "none"

    def details(self) -> list[Table]:
        """Returns the table of labels."""
        names = ("precision", "recall", "f1", "roc_auc", "threshold", "support")
        rows: list[list[Any]] = [[label, *map(row.get, names)] for label, row in self.classes.items()]
        rows.sort(key=lambda row: row[3])
        header = ["label", "precision", "recall", "F1", "AUC", "threshold", "rows"]
        note = "The label with the lowest F1 comes first."
        return [Table("Labels", header, rows, note, wide=True)]


def _best_threshold(true, probabilities):
    if true.all() or not true.any():
        return 0.5
    metrics = checks.require("sklearn.metrics", INSTALL, "A choice of thresholds")
    precision, recall, thresholds = metrics.precision_recall_curve(true, probabilities)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(f1[:-1].argmax())
    # Rows at a threshold have the label there; halfway to the next lower one they have it surely.
    below = thresholds[best - 1] if best else 0.0
    return float((thresholds[best] + below) / 2)
