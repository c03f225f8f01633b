"""Rows cut in two, for training and for validation."""

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import same_length


def cut_off(part, y, sample_weight, fraction):
    """Cuts the last `fraction` of rows off.

    Args:
        part: function of a slice of rows, that returns these of `x`.
        y: sequence, a label to a row.
        sample_weight: sequence or None.
        fraction: float.

    Returns:
        `x`, `y` and `sample_weight` of the first rows, and a tuple of those of the last.
    """
    weight = None if sample_weight is None else np.asarray(sample_weight)
    cut = int(len(y) * (1 - fraction))

    def rows(which):
        return part(which), y[which], None if weight is None else weight[which]

    return *rows(slice(cut)), rows(slice(cut, None))


def cut_lists(x, y, sample_weight, fraction):
    """As `cut_off`, of rows of `x` and `y` that come as any sequences."""
    x, y = list(x), list(y)
    same_length("x", x=x, y=y, sample_weight=sample_weight)
    return cut_off(x.__getitem__, y, sample_weight, fraction)


def cut_arrays(rows, fraction):
    """Cuts the last part of arrays off, as Keras does: the first rows, and the last."""
    kept = int(len(keras.tree.flatten(rows)[0]) * (1 - fraction))

    def part(which):
        return keras.tree.map_structure(lambda array: None if array is None else array[which], rows)

    return part(slice(kept)), part(slice(kept, None))


def no_labels(where):
    """The error of training and evaluation without labels."""
    return checks.invalid(
        "Training and evaluation need labels.",
        fix="Pass `y`, one label to a text; or a data set of `(x, y)`.",
        where=where,
        y=None,
    )
