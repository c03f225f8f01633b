"""Adds a task's scores to the logs of each epoch, where other callbacks can read them."""

from typing import Any

import keras

from kerasbert import checks
from kerasbert.types import Labels, Rows


class TaskScores(keras.callbacks.Callback):
    """Adds a task's `scores` to the logs of each epoch, such as the F1 of entities or of answers.

    They are named `val_f1` and so on. List the callbacks that read them after this one:

        callbacks=[TaskScores(x, y), keras.callbacks.EarlyStopping("val_f1", mode="max", patience=2)]

    Args:
        x, y: texts or words, and their correct labels, as for the task's `scores`.
        **kwargs: other arguments of `scores`, such as `null_threshold` of a question answerer.

    Raises:
        ValueError: when training begins, if the model is not a task that has `scores`.

    Example:

    >>> TaskScores(["Anna is in Bonn"], [[(0, 4, "PER"), (11, 15, "LOC")]]).kwargs
    {'verbose': 0}
    """

    def __init__(self, x: Rows, y: Labels = None, **kwargs: Any) -> None:
        super().__init__()
        self.x, self.y = x, y
        self.kwargs = {"verbose": 0} | kwargs

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks the task."""
        if not hasattr(self.model, "scores"):
            raise checks.invalid(
                "The model must be a task with `scores`.",
                fix="For other models, pass `metrics` to `compile` and `validation_data` to `fit`.",
                where="TaskScores",
                task=type(self.model).__name__,
            )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Adds the scores to `logs`."""
        scores = self.model.scores(self.x, self.y, **self.kwargs)
        logs |= {f"val_{name}": float(value) for name, value in scores.items()}
