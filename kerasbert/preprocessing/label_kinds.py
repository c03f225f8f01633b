"""What labels of a text can be: one class of several, any of several, or plain numbers."""

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
    """How labels of one kind become what a loss takes.

    Args:
        least_labels: int, how many names there must be.
        numeric_labels: tuple, what users may say that numbers among the labels mean.
        numbers: function of labels in memory, the label names, a place for errors and `numeric_labels`: an
            array.
        in_graph: function of the label names and `numeric_labels`: a graph function of a tensor of labels.
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
