"""Splits rows into a part for training and a part for validation."""

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import same_length


def cut_off(part, y, sample_weight, fraction):
    """Splits off the last `fraction` of the rows.

    Args:
        part: function that takes a slice and returns these rows of `x`.
        y: sequence, a label for each row.
        sample_weight: sequence or None.
        fraction: float.

    Returns:
        `x`, `y` and `sample_weight` of the first rows, and a tuple of the same for the last rows.
    """
    weight = None if sample_weight is None else np.asarray(sample_weight)
    cut = int(len(y) * (1 - fraction))

    def rows(which):
        return part(which), y[which], None if weight is None else weight[which]

    return *rows(slice(cut)), rows(slice(cut, None))


def cut_lists(x, y, sample_weight, fraction):
    """Like `cut_off`, for `x` and `y` that are any sequences of rows."""
    x, y = list(x), list(y)
    same_length("x", x=x, y=y, sample_weight=sample_weight)
    return cut_off(x.__getitem__, y, sample_weight, fraction)


def cut_arrays(rows, fraction):
    """Splits arrays as Keras does; returns the first rows and the last rows."""
    kept = int(len(keras.tree.flatten(rows)[0]) * (1 - fraction))

    def part(which):
        return keras.tree.map_structure(lambda array: None if array is None else array[which], rows)

    return part(slice(kept)), part(slice(kept, None))


def no_labels(where):
    """Returns the error for training or evaluation without labels."""
    return checks.invalid(
        "Training and evaluation need labels.",
        fix="Pass `y`, one label to a text; or a data set of `(x, y)`.",
        where=where,
        y=None,
    )
