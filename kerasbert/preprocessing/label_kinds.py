"""The kinds of labels of a text: one of several classes, any number of labels, or numbers."""

import dataclasses
from collections.abc import Callable

import numpy as np

from kerasbert.data import (
    NUMERIC_LABELS,
    class_numbers,
    label_lookup,
    multi_hot,
    row_numbers,
    rows_of_hot,
    rows_of_numbers,
)
from kerasbert.types import Tensor


@dataclasses.dataclass(frozen=True)
class LabelKind:
    """How labels of one kind are converted for the loss.

    Args:
        least_labels: int, the smallest number of label names.
        numeric_labels: tuple, the values that `numeric_labels` of a preprocessor may have.
        numbers: function that takes labels in memory, the label names, the place to show in errors and
            `numeric_labels`, and returns an array.
        in_graph: function that takes the label names and `numeric_labels`, and returns a graph function that
            converts a tensor of labels.
    """

    least_labels: int
    numeric_labels: tuple[str | None, ...]
    numbers: Callable[..., np.ndarray]
    in_graph: Callable[..., Callable[[Tensor], Tensor]]


LABEL_KINDS = {
    "single_label": LabelKind(2, (None, "names", "class_numbers"), class_numbers, label_lookup),
    "multi_label": LabelKind(1, NUMERIC_LABELS, multi_hot, rows_of_hot),
    "regression": LabelKind(1, (None,), row_numbers, rows_of_numbers),
}
