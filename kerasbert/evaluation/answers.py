"""Labelled rows in memory, and what a model answers to them: a task, or a file that was exported from it."""

import dataclasses
import os
import pathlib
from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import QuestionRows, RowStream, count_rows, is_dataset, is_tokens, raw_columns
from kerasbert.export import describe, open_artifact
from kerasbert.export.runners import answer_texts
from kerasbert.preprocessing import LABEL_KINDS
from kerasbert.tasks.problems import BY_NAME
from kerasbert.tasks.text_task import TextTask
from kerasbert.text import as_text_tensor


@dataclasses.dataclass(frozen=True)
class Answers:
    """What a model answers to labelled rows.

    Args:
        model: str, its name for people.
        kind: str, the task's `endpoint`, such as `"classify"`.
        x, y: the rows in memory.
        predictions: what the task's `predict` returns.
        task: the task, or None for a file that says itself what it answers.
        labels: tuple of str, the class names.
        problem: str or None, of a classifier.
        thresholds: dict or None, label -> the probability above which a row has it, of several labels.
    """

    model: str
    kind: str
    x: Any
    y: Any
    predictions: Any
    task: TextTask | None
    labels: tuple[str, ...]
    problem: str | None
    thresholds: dict[str, float] | None = None

    @property
    def target(self):
        """`"classes"`, `"labels"` or `"numbers"`, what a classifier's answers are."""
        return BY_NAME[self.problem].target

    def label_numbers(self):
        """The labels as the loss takes them: class numbers `(rows,)`, or float32 `(rows, C)`."""
        if self.task is not None:
            return np.asarray(self.task.preprocessor.label_numbers(self.y, "y"))
        return LABEL_KINDS[self.problem].numbers(self.y, self.labels, "y", numeric_labels=None)


def answers_of(model, x, y, task=None, verbose=0):
    """Returns the `Answers` of a model.

    Args:
        model: a task; or a runner, an `Artifact` or the path of a file that was exported from `task`. A
            TFLite file that takes text needs no `task`.
        x, y: rows in memory, or the rows of a reader, which hold their labels.
        task: the task that was exported, or None.
        verbose: as for `predict`, of a task.
    """
    x, y = in_memory(x, y)
    if isinstance(model, TextTask):
        name = f"{type(model).__name__} in Keras"
        return _of_task(name, model, x, y, model.predict(x, verbose=verbose))
    if isinstance(model, keras.Model):
        raise checks.invalid(
            "An evaluation needs a task that answers rows of texts.",
            fix="For a masked language model or a pre-training task, call the task's own `evaluate`.",
            where="evaluate",
            kind=TypeError,
            model=type(model).__name__,
        )
    if not hasattr(model, "path") and not isinstance(model, (str, os.PathLike)):
        raise checks.invalid(
            "An evaluation needs a task, or a file that was exported from one.",
            fix="Pass the task, an `Artifact`, a path, or what `open_artifact` returned; for probabilities "
            "of another model, call `evaluate_probabilities`.",
            where="evaluate",
            kind=TypeError,
            model=type(model).__name__,
        )
    runner = model if hasattr(model, "path") and callable(model) else open_artifact(model)
    path = pathlib.Path(runner.path)
    name = path.name if path.is_file() else f"SavedModel {'/'.join(path.parts[-2:])}"
    if task is not None:
        return _of_task(name, task, x, y, answer_texts(runner, task, x))
    if not getattr(runner, "takes_texts", False):
        raise checks.invalid(
            "Only a TFLite file that takes text describes its own answers; other files need their task.",
            fix="Pass `task=`, the task that was exported; or export by `to_tflite(task, path, text=True)`.",
            where="evaluate",
            model=str(path),
        )
    about = describe(path)
    labels, problem = tuple(about["labels"]), about["problem"]
    return Answers(
        name, about["kind"], x, y, runner.predict(x), None, labels, problem, about.get("thresholds")
    )


def _of_task(name, task, x, y, predictions):
    labels = tuple(getattr(task, "labels", ()))
    kept = (getattr(task, name, None) for name in ("problem", "thresholds"))
    return Answers(name, task.endpoint, x, y, predictions, task, labels, *kept)


def in_memory(x, y):
    """Returns rows and labels in memory; those of a reader are read."""
    if is_dataset(x) or is_tokens(x):
        raise checks.invalid(
            "An evaluation shows texts, so it needs rows of text in memory, or those of a reader.",
            fix="Pass a list of texts and a list of labels.",
            where="evaluate",
            kind=TypeError,
            x=type(x).__name__,
        )
    if isinstance(x, QuestionRows):
        x, y = (list(x.questions), list(x.contexts)), list(x.answers) if y is None else y
    if isinstance(x, RowStream):
        if y is not None or not x.labelled:
            raise checks.invalid(
                "The rows of a reader must hold their labels, and come alone.",
                fix="Name the field of labels to the reader, and pass no `y`.",
                where="evaluate",
                labelled=x.labelled,
            )
        parts = list(x.parts())
        x, y = _joined([part.x for part in parts]), [label for part in parts for label in part.y]
    if y is None:
        raise checks.invalid(
            "An evaluation compares answers with the right labels.",
            fix="Pass `y`, one label for each row.",
            where="evaluate",
            y=None,
        )
    if not all(hasattr(part, "__len__") for part in (x, y)):
        raise checks.invalid(
            "Rows and labels must be in memory.",
            fix="Pass lists; of a generator, `list(...)`.",
            where="evaluate",
            kind=TypeError,
            x=type(x).__name__,
            y=type(y).__name__,
        )
    count = count_rows(x)
    if not count or count != len(y):
        raise checks.invalid(
            "There must be one label for each row, and at least one row.",
            fix="Check that `x` and `y` come from the same rows.",
            where="evaluate",
            rows=count,
            labels=len(y),
        )
    return x, y


def _joined(parts):
    """The rows of all parts of a stream, in the form of one part."""
    if not parts:
        return []
    if isinstance(parts[0], dict):
        return {name: [row for part in parts for row in part[name]] for name in parts[0]}
    if isinstance(parts[0], tuple):
        return tuple([row for part in parts for row in part[i]] for i in range(len(parts[0])))
    return [row for part in parts for row in part]


def texts_of(x):
    """One str for each row, to show to people: pairs and choices are joined by a bar."""
    return [" | ".join(map(_as_str, row)) for row in zip(*raw_columns(x), strict=True)]


def _as_str(value):
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (list, tuple)):
        return " ".join(map(_as_str, value))
    return str(value)


def lengths_of(x, task):
    """The length of each row, int `(rows,)`, and its unit: tokens if a task is known, else characters."""
    columns = [[_as_str(value) for value in column] for column in raw_columns(x)]
    if task is None:
        return sum(np.array([len(text) for text in column]) for column in columns), "characters"
    tokens = [task.tokenizer.tokenize(as_text_tensor(column, "x")) for column in columns]
    return sum(rows.row_lengths().numpy() for rows in tokens), "tokens"
