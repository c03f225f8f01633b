"""What a classifier's logits mean: one of several classes, any number of labels, or a regression."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.preprocessing import LABEL_KINDS, LabelKind
from kerasbert.tasks.r_drop import bernoulli_divergence, categorical_divergence, normal_divergence
from kerasbert.types import Tensor


@dataclasses.dataclass(frozen=True)
class Problem:
    """One meaning of logits `(B, C)`.

    Args:
        output: str, the name of the answers.
        target: str, the `kind` of `kerasbert.tasks.measures.Target`.
        answers: function that computes the answers `(B, C)` from float32 logits.
        loss: function without arguments that returns a Keras loss on logits.
        metrics: function without arguments that returns a list of Keras metrics on logits.
        divergence: function that returns, for two tensors of logits `(B, C)`, how much they differ, `(B,)`.
        hard_predictions: function that returns, for an array of answers, the class of each row `(B,)`, or
            which labels it has `(B, C)`; None for a regression, whose numbers are never exactly equal.

    Example:

    >>> MULTI_LABEL.output, MULTI_LABEL.hard_predictions(np.array([[0.2, 0.9]])).tolist()
    ('probabilities', [[False, True]])
    """

    output: str
    target: str
    answers: Callable[[Tensor], Tensor]
    loss: Callable[[], Any]
    metrics: Callable[[], list[Any]]
    divergence: Callable[[Tensor, Tensor], Tensor]
    hard_predictions: Callable[[np.ndarray], np.ndarray] | None


SINGLE_LABEL = Problem(
    output="probabilities",
    target="classes",
    answers=ops.softmax,
    loss=lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=lambda: [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    divergence=categorical_divergence,
    hard_predictions=lambda answers: answers.argmax(-1),
)


@keras.saving.register_keras_serializable(package="kerasbert")
def label_accuracy(y_true, logits):
    """The fraction of each row's labels that are right, `(B,)`; `y_true` is 0 or 1, both are `(B, C)`."""
    return ops.mean(ops.cast((logits > 0) == (y_true > 0.5), "float32"), axis=-1)


MULTI_LABEL = Problem(
    output="probabilities",
    target="labels",
    answers=ops.sigmoid,
    loss=lambda: keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=lambda: [keras.metrics.MeanMetricWrapper(label_accuracy, name="accuracy")],
    divergence=bernoulli_divergence,
    hard_predictions=lambda answers: answers > 0.5,
)
REGRESSION = Problem(
    output="scores",
    target="numbers",
    answers=lambda logits: logits,
    loss=keras.losses.MeanSquaredError,
    metrics=lambda: [keras.metrics.MeanAbsoluteError(name="absolute_error")],
    divergence=normal_divergence,
    hard_predictions=None,
)
# The keys are the values of `problem`; `register_problem` adds to them.
BY_NAME = {"single_label": SINGLE_LABEL, "multi_label": MULTI_LABEL, "regression": REGRESSION}


def register_problem(name: str, problem: Problem, label_kind: LabelKind) -> None:
    """Registers another meaning of logits for `BertTextClassifier(problem=name)`.

    A process that loads such a classifier must register the problem first.

    Args:
        name: str.
        problem: `Problem`.
        label_kind: `kerasbert.preprocessing.LabelKind`, how labels are converted for the loss.

    Raises:
        ValueError: if the name is taken.

    Example:

    >>> import dataclasses
    >>> from kerasbert.preprocessing import LABEL_KINDS
    >>> robust = dataclasses.replace(BY_NAME["regression"], loss=lambda: keras.losses.Huber(0.1))
    >>> register_problem("robust_regression", robust, LABEL_KINDS["regression"])
    >>> BY_NAME["robust_regression"].output
    'scores'
    """
    if name in BY_NAME:
        raise checks.invalid(
            "A problem must have a name that no other problem has.",
            fix="Choose another name.",
            where="register_problem",
            name=name,
            taken=sorted(BY_NAME),
        )
    BY_NAME[name], LABEL_KINDS[name] = problem, label_kind
