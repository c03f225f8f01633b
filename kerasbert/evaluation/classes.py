"""How well a model tells classes apart: per class, by confusion, and by its probabilities."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data import check_labels
from kerasbert.evaluation.calibration import Calibration, calibration_of
from kerasbert.evaluation.evaluation import Evaluation, Mistake
from kerasbert.evaluation.probabilities import checked_classes
from kerasbert.evaluation.slices import checked_columns
from kerasbert.evaluation.suspects import Suspect, suspected_labels
from kerasbert.evaluation.temperature import best_temperature, tempered
from kerasbert.pages import Shade, Table, counted, percent
from kerasbert.pages.charts import reliability_chart

INSTALL = 'pip install "kerasbert[evaluation]"'
# A matrix of more classes is too large to read; the largest confusions are listed instead.
MOST_IN_MATRIX = 12


def f1_of(right, answered, true):
    """F1 from counts, 0 where nothing was right."""
    return 2 * right / np.maximum(answered + true, 1e-12)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class ClassEvaluation(Evaluation):
    """How well a model chooses one of several classes.

    `scores` are `accuracy`, `macro_f1` (the mean F1 of the classes that occur in labels or answers) and
    `roc_auc` (with more than two classes the mean over each class against the rest; left out if a class has
    no row).

    Args:
        labels: tuple of str, the C class names.
        true: int array `(rows,)`, the right class of each row.
        probabilities: float array `(rows, C)`.
        model, texts, lengths, length_unit, columns: see `Evaluation`.
    """

    labels: tuple[str, ...]
    true: np.ndarray
    probabilities: np.ndarray

    title = "Classes"
    scale = Evaluation.scale + " Macro F1 is the mean F1 of the classes."

    @functools.cached_property
    def answered(self) -> np.ndarray:
        """int array `(rows,)`, the most probable class of each row."""
        return self.probabilities.argmax(-1)

    def same_labels(self, other: "ClassEvaluation") -> bool:
        """Whether another evaluation has the same right answers."""
        return self.labels == other.labels and np.array_equal(self.true, other.true)

    @functools.cached_property
    def row_counts(self) -> np.ndarray:
        """float64 array `(rows, 3C)`: right answers, answers and labels of each class."""
        true, answered = (np.eye(len(self.labels))[rows] for rows in (self.true, self.answered))
        return np.concatenate([true * answered, answered, true], -1)

    def scores_of(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """See `Evaluation.scores_of`."""
        right, answered, true = np.moveaxis(np.reshape(sums, (*sums.shape[:-1], 3, len(self.labels))), -2, 0)
        occurs = (answered + true) > 0
        f1 = f1_of(right, answered, true).sum(-1) / np.maximum(occurs.sum(-1), 1)
        return {"accuracy": right.sum(-1) / np.maximum(true.sum(-1), 1), "macro_f1": f1}

    @functools.cached_property
    def scores(self) -> dict[str, float]:
        """dict of floats from 0 to 1; see the class."""
        found = {name: float(value) for name, value in self.scores_of(self.row_counts.sum(0)).items()}
        if len(np.unique(self.true)) == len(self.labels):
            metrics = checks.require("sklearn.metrics", INSTALL, "An AUC")
            binary = len(self.labels) == 2
            answers = (
                self.probabilities[:, 1]
                if binary
                else self.probabilities / self.probabilities.sum(-1)[:, None]
            )
            found["roc_auc"] = float(metrics.roc_auc_score(self.true, answers, multi_class="ovr"))
        return found

    @functools.cached_property
    def classes(self) -> dict[str, dict[str, float]]:
        """dict, class -> `precision`, `recall`, `f1` and `support` (its number of rows), by scikit-learn."""
        metrics = checks.require("sklearn.metrics", INSTALL, "Scores of classes")
        found = metrics.precision_recall_fscore_support(
            self.true, self.answered, labels=range(len(self.labels)), zero_division=0
        )
        names = ("precision", "recall", "f1", "support")
        return {
            label: {
                name: float(v) if name != "support" else int(v) for name, v in zip(names, row, strict=True)
            }
            for label, *row in zip(self.labels, *found, strict=True)
        }

    @functools.cached_property
    def confusion_matrix(self) -> np.ndarray:
        """int array `(C, C)`: rows with the class of the line that were answered with that of the column."""
        metrics = checks.require("sklearn.metrics", INSTALL, "A confusion matrix")
        return metrics.confusion_matrix(self.true, self.answered, labels=range(len(self.labels)))

    @functools.cached_property
    def calibration(self) -> Calibration:
        """`Calibration`: whether answers with a probability of 80 % are right in 80 of 100 cases."""
        return calibration_of(self.probabilities.max(-1), self.answered == self.true)

    @property
    def baseline(self) -> tuple[str, float]:
        """The most frequent class, and the accuracy of a model that always answers with it."""
        counts = np.bincount(self.true, minlength=len(self.labels))
        return self.labels[counts.argmax()], float(counts.max() / len(self))

    def mistakes(self, count: int = 20) -> list[Mistake]:
        """Returns the worst mistakes: those where the right class is least probable.

        Args:
            count: int, how many at most.

        Returns:
            List of `Mistake`, the worst first.
        """
        checks.not_negative_int("mistakes", count=count)
        expected = self.probabilities[np.arange(len(self)), self.true]
        wrong = np.flatnonzero(self.answered != self.true)
        worst = wrong[np.argsort(expected[wrong], kind="stable")][:count]
        return [
            Mistake(
                row=int(row),
                text=self.texts[row],
                expected=self.labels[self.true[row]],
                answer=self.labels[self.answered[row]],
                probability=float(self.probabilities[row].max()),
                expected_probability=float(expected[row]),
            )
            for row in worst
        ]

    def suspected_labels(self, count: int = 20) -> list[Suspect]:
        """Returns rows whose label may be wrong; see `kerasbert.evaluation.suspected_labels`."""
        found = suspected_labels(self.probabilities, self.true)[:count]
        return [
            Suspect(int(row), self.texts[row], self.labels[self.true[row]], self.labels[other], float(p))
            for row, other, p in found
        ]

    def charts(self) -> dict[str, str]:
        """Returns the reliability diagram."""
        return {"Calibration": reliability_chart(self.calibration.bins)}

    def verdict(self) -> tuple[str, list[tuple[bool, str]]]:
        """See `Evaluation.verdict`."""
        found, (label, share) = self.intervals["accuracy"], self.baseline
        better = found.low > share
        points = [
            (
                True,
                f"On other texts of this kind, expect {percent(found.low)} to {percent(found.high)}.",
            ),
            (
                better,
                f"Always answering {label!r} would be right for {percent(share)}"
                + ("." if better else ": the model is not surely better than that."),
            ),
        ]
        weakest = min(self.classes, key=lambda name: self.classes[name]["f1"])
        if len(self.labels) > 2:
            low = self.classes[weakest]["f1"] < 0.8 * self.scores["macro_f1"]
            points.append((not low, f"Weakest class: {weakest!r}, F1 {self.classes[weakest]['f1']:.3f}."))
        calibration = self.calibration
        off = calibration.mean_probability - calibration.accuracy
        trusted = calibration.error <= max(calibration.chance, 0.02)
        words = f"Probabilities are {percent(calibration.error)} off on average"
        if trusted:
            words += ", no more than chance or rounding explains."
        else:
            words += f", mostly too {'high' if off > 0 else 'low'}; {self._temperature_advice()}."
        points.append((trusted, words))
        headline = f"Right on {percent(found.value)} of {counted(len(self), 'row')}"
        return headline, [*points, *self._about_slices()]

    def _temperature_advice(self):
        """Whether `fit_temperature` is worth a try; after it was fitted, what is left is of another kind."""
        probabilities = tempered(self.probabilities, best_temperature(self.probabilities, self.true))
        best = calibration_of(probabilities.max(-1), self.answered == self.true)
        if best.error <= self.calibration.error / 2:
            return f"a rescaling (`fit_temperature`) would lower this to {percent(best.error)} at best"
        return "a rescaling (`fit_temperature`) does not mend this"

    def details(self) -> list[Table]:
        """Returns the tables of classes, confusions and calibration."""
        rows: list[Any] = [[name, *row.values()] for name, row in self.classes.items()]
        rows.sort(key=lambda row: row[3])
        header = ["class", "precision", "recall", "F1", "rows"]
        note = "The class with the lowest F1 comes first."
        return [Table("Classes", header, rows, note), self._confusions(), self.calibration.table()]

    def _confusions(self):
        matrix = self.confusion_matrix
        if len(self.labels) > MOST_IN_MATRIX:
            pairs = [(matrix[i, j], i, j) for i, j in np.argwhere(matrix) if i != j]
            rows = [[self.labels[i], self.labels[j], int(n)] for n, i, j in sorted(pairs, reverse=True)[:15]]
            return Table("Largest confusions", ["label", "answer", "rows"], rows)
        shares = matrix / np.maximum(matrix.sum(-1, keepdims=True), 1)
        rows = [
            [label, *(Shade(f"{matrix[i, j]:,}", shares[i, j], i == j) for j in range(len(self.labels)))]
            for i, label in enumerate(self.labels)
        ]
        note = "A line is a label, a column an answer; a cell is a number of rows."
        return Table("Confusion matrix", ["label", *self.labels], rows, note)


def evaluate_probabilities(
    probabilities: Any,
    true: Any,
    labels: Sequence[str],
    texts: Sequence[str] | None = None,
    *,
    model: str = "a model",
    slices: Mapping[str, Sequence[Any]] | None = None,
) -> ClassEvaluation:
    """Evaluates probabilities of classes that were already computed, by any model.

    Args:
        probabilities: float array `(rows, C)`, from 0 to 1.
        true: int array `(rows,)`, the number of the right class of each row.
        labels: sequence of str, the C class names.
        texts: sequence of str or None, to be shown with mistakes.
        model: str, its name for people.
        slices: dict or None, name -> a value for each row.

    Returns:
        `ClassEvaluation`.

    Raises:
        TypeError: if `labels` are no names.
        ValueError: if the shapes do not fit together, there is no row, a class number is not between 0 and
            C - 1, or a probability is not between 0 and 1.

    Example:

    >>> import numpy as np
    >>> probabilities = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]
    >>> evaluation = evaluate_probabilities(probabilities, [0, 1, 1], ["bad", "good"])
    >>> round(evaluation.scores["accuracy"], 3), evaluation.confusion_matrix.tolist()
    (0.667, [[1, 0], [1, 1]])
    """
    names = check_labels(labels)
    probabilities, true = checked_classes(probabilities, true, "evaluate_probabilities", len(names))
    rows = len(true)
    # Without texts there are no lengths to slice by.
    shown = [f"row {row}" for row in range(rows)] if texts is None else list(texts)
    if len(shown) != rows or isinstance(texts, str) or not all(isinstance(text, str) for text in shown):
        raise checks.invalid(
            "`texts` must be one str for each row.",
            fix="Pass as many texts as labels, or None.",
            where="evaluate_probabilities",
            rows=rows,
            texts=texts if isinstance(texts, str) else shown,
        )
    lengths = np.array([0 if texts is None else len(text) for text in shown])
    columns = checked_columns(slices, rows)
    return ClassEvaluation(model, shown, lengths, "characters", columns, names, true, probabilities)
