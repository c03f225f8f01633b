"""Splits rows into a part for training and a part for validation."""

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import RowStream, is_dataset, same_length


def split_rows(preprocessor, x, y, sample_weight, fraction):
    """Splits off the last `fraction` of the rows in memory, or of a reader, for validation.

    Args:
        preprocessor: `Preprocessor`, which knows the form of rows in memory.
        x, y, sample_weight: as in `Task.fit`.
        fraction: float in [0, 1).

    Returns:
        `x, y, sample_weight, validation_data`.
    """
    checks.fraction("validation_split", validation_split=fraction)
    if is_dataset(x):
        raise checks.invalid(
            "`validation_split` needs rows in memory, or the rows of a reader.",
            fix="Split the data set with `take` and `skip`, and pass the second part as `validation_data`.",
            where="fit",
            validation_split=fraction,
        )
    if not isinstance(x, RowStream):
        return preprocessor.split(x, y, sample_weight, fraction)
    cut = int(x.count() * (1 - fraction))
    return x[:cut], y, sample_weight, x[cut:]


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
        fix="Pass `y`, one label for each text; or a data set of `(x, y)`.",
        where=where,
        y=None,
    )
