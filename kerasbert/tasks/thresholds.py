"""What a classifier answers for its probabilities: the best class, or the labels above their thresholds."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.types import Rows

# The probability above which a row has a label, where nobody has chosen another.
HALF = 0.5


class Thresholds:
    """The part of `BertTextClassifier` that decides."""

    _thresholds: dict[str, float] | None = None

    @property
    def thresholds(self) -> dict[str, float] | None:
        """dict or None, label -> the probability above which a row has it, if rows have several labels.

        None stands for one half. Set it to a number, or to a dict with one for each label, as
        `best_thresholds` of `kerasbert.evaluation.LabelEvaluation` chooses them. It is kept in `.keras`
        files, presets, SavedModels and files that take text; `predict` returns probabilities as before.
        """
        return None if self._thresholds is None else dict(self._thresholds)

    @thresholds.setter
    def thresholds(self, value: float | Mapping[str, float] | None) -> None:
        self._thresholds = None if value is None else self._one_each(value)

    @property
    def limits(self) -> np.ndarray:
        """float array `(C,)`, the thresholds in the order of the labels."""
        return self._in_order(self._thresholds or dict.fromkeys(self.labels, HALF))

    def predict_labels(
        self, x: Rows, threshold: float | Mapping[str, float] | None = None, **kwargs: Any
    ) -> list[Any]:
        """Returns a list of the most probable class name of each row.

        If rows have several labels, each item is a list of the labels whose probability is above the
        threshold.

        Args:
            x: as for `predict`.
            threshold: float from 0 to 1, or a dict with one for each label, as `best_thresholds` of
                `kerasbert.evaluation.LabelEvaluation` returns it; None for the task's `thresholds`. Only for
                several labels.
            **kwargs: arguments of `predict`.

        Raises:
            ValueError: if the task is a regression, or `threshold` does not fit the task.
        """
        limits = None if threshold is None else self._in_order(self._one_each(threshold))
        answers = self.predict(x, **kwargs)
        hard = self.hard_predictions(answers) if limits is None else answers > limits
        if hard is None:
            raise checks.invalid(
                "A regression predicts numbers and has no labels.",
                fix="Use `predict`, which returns the numbers.",
                where=self.name,
                problem=self.problem,
            )
        if hard.ndim == 1:
            return [self.labels[number] for number in hard]
        return [[self.labels[number] for number in row.nonzero()[0]] for row in hard]

    def hard_predictions(self, answers: np.ndarray) -> np.ndarray | None:
        """The most probable class of each row `(B,)`, or which labels each row has, bool `(B, C)`; None for
        a regression. See `TextTask.hard_predictions`."""
        if self._thresholds is not None:
            return answers > self.limits
        decide = self._problem.hard_predictions
        return None if decide is None else decide(answers)

    def _in_order(self, thresholds):
        return np.array([thresholds[label] for label in self.labels])

    def _one_each(self, value):
        """A threshold for each label, checked."""
        given = dict(value) if isinstance(value, Mapping) else dict.fromkeys(self.labels, value)
        if self.target.kind != "labels" or set(given) != set(self.labels):
            raise checks.invalid(
                "A `threshold` is for rows with several labels, and a dict of them must have all.",
                fix="Leave it out; or pass a number, or what `best_thresholds` returned.",
                where=self.name,
                problem=self.problem,
                threshold=value,
            )
        for label, number in given.items():
            checks.rate(f"{self.name}, {label!r}", threshold=number)
        return {label: float(given[label]) for label in self.labels}
