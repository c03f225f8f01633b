"""What labels of a text can be: one class of several, any of several, or plain numbers."""

import dataclasses
from collections.abc import Callable

from kerasbert.data import class_numbers, label_lookup, multi_hot, row_numbers, rows_of_hot, rows_of_numbers


@dataclasses.dataclass(frozen=True)
class LabelKind:
    """How labels of one kind become what a loss takes.

    Args:
        least_labels: int, how many names there must be.
        numbers: function of labels in memory, the label names and a place for errors: an array.
        in_graph: function of the label names: a graph function of a tensor of labels.
    """

    least_labels: int
    numbers: Callable
    in_graph: Callable


LABEL_KINDS = {
    "single_label": LabelKind(2, class_numbers, label_lookup),
    "multi_label": LabelKind(1, multi_hot, rows_of_hot),
    "regression": LabelKind(1, row_numbers, rows_of_numbers),
}
