"""What a classifier's logits mean: one class of several, any of several, or plain numbers."""

import dataclasses
from collections.abc import Callable

import keras
from keras import ops

from kerasbert.data import class_numbers, label_lookup, multi_hot, row_numbers, rows_of_hot, rows_of_numbers
from kerasbert.tasks.r_drop import bernoulli_divergence, categorical_divergence, normal_divergence


@dataclasses.dataclass(frozen=True)
class Problem:
    """One meaning of logits `(B, C)`.

    Args:
        output: str, the name of the answers.
        least_labels: int, how many labels there must be.
        answers: function of float32 logits, of the answers' values `(B, C)`.
        loss: function without arguments, of a Keras loss on logits.
        metrics: function without arguments, of a list of Keras metrics on logits.
        label_numbers: function of labels in memory, the label names and a place for errors: an array.
        label_function: function of the label names: a graph function of a tensor of labels.
        divergence: function of two tensors of logits `(B, C)`: how far their answers are apart, `(B,)`.
        decisions: function of answers, an array: what counts as the same answer; None where nothing does.
    """

    output: str
    least_labels: int
    answers: Callable
    loss: Callable
    metrics: Callable
    label_numbers: Callable
    label_function: Callable
    divergence: Callable
    decisions: Callable | None


SINGLE_LABEL = Problem(
    output="probabilities",
    least_labels=2,
    answers=ops.softmax,
    loss=lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=lambda: [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    label_numbers=class_numbers,
    label_function=label_lookup,
    divergence=categorical_divergence,
    decisions=lambda answers: answers.argmax(-1),
)


@keras.saving.register_keras_serializable(package="kerasbert")
def label_accuracy(y_true, logits):
    """The share of right yes-or-no answers of each row, `(B,)`, from 0 and 1 and from logits, `(B, C)`."""
    return ops.mean(ops.cast((logits > 0) == (y_true > 0.5), "float32"), axis=-1)


MULTI_LABEL = Problem(
    output="probabilities",
    least_labels=1,
    answers=ops.sigmoid,
    loss=lambda: keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=lambda: [keras.metrics.MeanMetricWrapper(label_accuracy, name="accuracy")],
    label_numbers=multi_hot,
    label_function=rows_of_hot,
    divergence=bernoulli_divergence,
    decisions=lambda answers: answers > 0.5,
)
REGRESSION = Problem(
    output="scores",
    least_labels=1,
    answers=lambda logits: logits,
    loss=keras.losses.MeanSquaredError,
    metrics=lambda: [keras.metrics.MeanAbsoluteError(name="absolute_error")],
    label_numbers=row_numbers,
    label_function=rows_of_numbers,
    divergence=normal_divergence,
    decisions=None,
)
BY_NAME = {"single_label": SINGLE_LABEL, "multi_label": MULTI_LABEL, "regression": REGRESSION}
