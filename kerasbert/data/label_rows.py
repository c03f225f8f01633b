"""Rows of several labels for each text, or of numbers to predict."""

from collections.abc import Sequence

import numpy as np

from kerasbert import checks
from kerasbert.data.labels import as_array, class_numbers, is_whole, plain
from kerasbert.types import Labels


def multi_hot(
    values: Labels, labels: Sequence[str], where: str = "y", numeric_labels: str | None = None
) -> np.ndarray:
    """Turns sets of labels into rows of zeros and ones.

    The rule is the same for lists, arrays, columns and files, whatever their dtype. A row of str is a list of
    names. A row of numbers is a row of C indicators, a zero or a one for each class. With one or two classes,
    `[0, 1]` could also be a list of class numbers, so numbers are then an error unless `numeric_labels` says
    what they mean; True and False are always indicators. Lists of class numbers always need
    `numeric_labels="class_numbers"`.

    Args:
        values: for each row a list of class names, or C zeros and ones; or an array `(rows, C)` of these.
        labels: tuple of str, the C class names.
        where: str, named in errors.
        numeric_labels: str or None, what numbers mean: `"indicators"`, `"class_numbers"` or `"names"`.

    Returns:
        float32 array `(rows, C)`.

    Raises:
        ValueError: if a label is unknown or occurs twice in a row, if a row of indicators does not consist of
            C zeros and ones, or if numbers could be read in two ways.
        TypeError: if a row is neither a list of labels nor a row of indicators.

    Example:

    >>> multi_hot([["loud", "cheap"], []], ("cheap", "loud")).tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    >>> multi_hot([[0, 1]], ("cheap", "loud"), numeric_labels="indicators").tolist()
    [[0.0, 1.0]]
    """
    if hasattr(values, "__array__"):
        values = np.asarray(values)
        if values.ndim == 2 and values.dtype.kind in "biuf" and numeric_labels in (None, "indicators"):
            if values.dtype.kind != "b" and len(values):
                check_indicators_are_clear(labels, numeric_labels, where)
            if values.shape[1] != len(labels) or not np.isin(values, (0, 1)).all():
                raise _not_indicators(labels, where, shape=values.shape)
            return values.astype("float32")
    elif isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise _no_list(values, where)
    rows = list(values)
    hot: np.ndarray = np.zeros((len(rows), len(labels)), "float32")
    for i, row in enumerate(rows):
        place = f"{where}, row {i}"
        if isinstance(row, (str, bytes, dict)) or not hasattr(row, "__len__") or getattr(row, "ndim", 1) != 1:
            raise _no_list(row, place)
        row = [plain(value) for value in row]
        if _are_indicators(row, labels, place, numeric_labels):
            hot[i] = row
            continue
        numbers = class_numbers(row, labels, place, "label", numeric_labels)
        if len(set(numbers.tolist())) < len(numbers):
            raise checks.invalid(
                "No label may occur twice in a row.",
                fix='Remove the duplicate; for rows of zeros and ones, use numeric_labels="indicators".',
                where=place,
                labels=row,
            )
        hot[i, numbers] = 1
    return hot


def _are_indicators(row, labels, where, numeric_labels):
    """Whether a row holds a zero or one for each class; raises ValueError if it should but does not."""
    if not row and numeric_labels != "indicators":
        return False  # an empty list of labels
    flags = all(isinstance(value, bool) for value in row)
    if not (flags or all(is_whole(value) or isinstance(value, float) for value in row)):
        return False
    if not flags:
        check_indicators_are_clear(labels, numeric_labels, where)
        if numeric_labels in ("names", "class_numbers"):
            return False
    if len(row) != len(labels) or not all(value in (0, 1) for value in row):
        raise _not_indicators(labels, where, labels=row)
    return True


def check_indicators_are_clear(labels, numeric_labels, where):
    """Raises ValueError if rows of numbers could be either indicators or class numbers."""
    if numeric_labels is None and len(labels) <= 2:
        raise checks.invalid(
            "With one or two classes, a row of numbers can be read in two ways: as zeros and ones for all "
            "classes, or as a list of class numbers.",
            fix='Build the task with numeric_labels="indicators" or numeric_labels="class_numbers"; or pass '
            "lists of names, or True and False.",
            where=where,
            classes=labels,
        )


def _not_indicators(classes, where, **received):
    return checks.invalid(
        f"A row of numbers must be {len(classes)} zeros and ones, one for each class.",
        fix=f"Pass the shape (rows, {len(classes)}), or lists of names; "
        'lists of class numbers need numeric_labels="class_numbers".',
        where=where,
        **received,
    )


def _no_list(row, where):
    return checks.invalid(
        "For several labels per row, each row must be a list of labels.",
        fix='Write ["loud"] for one label, and [] for no label.',
        where=where,
        kind=TypeError,
        labels=row,
    )


# The squared errors of larger numbers would overflow float32.
LARGEST = 1e15


def row_numbers(values, labels, where="y", numeric_labels=None):
    """Turns the targets of a regression into an array.

    Args:
        values: numbers, one per row or C per row.
        labels: tuple of str, the C names of the numbers.
        where: str, named in errors.
        numeric_labels: None, because the labels of a regression can only be numbers.

    Returns:
        float32 array `(rows, C)`.

    Raises:
        TypeError: if the values are not numbers.
        ValueError: if a row does not have C numbers, or a number is not finite or is beyond 1e15, so that its
            squared error would overflow.

    Example:

    >>> row_numbers([2, 3.5], ("score",)).tolist()
    [[2.0], [3.5]]
    """
    array = as_array(values)
    flags = not hasattr(values, "__array__") and any(isinstance(v, (bool, np.bool_)) for v in _flat(values))
    if array.dtype.kind not in "iuf" or flags:
        raise checks.invalid(
            "Regression needs numbers.",
            fix="Convert the values to float; with `read_csv`, pass parse_label=float.",
            where=where,
            kind=TypeError,
            values=array.tolist(),
        )
    if array.ndim == 1:
        array = array[:, None] if len(array) else array.reshape(0, len(labels))
    bad = np.flatnonzero(~(np.abs(array) <= LARGEST).all(axis=tuple(range(1, array.ndim))))
    if bad.size or array.ndim != 2 or array.shape[1] != len(labels):
        raise checks.invalid(
            f"Regression needs {len(labels)} finite numbers in each row, none beyond {LARGEST:g}.",
            fix="Correct the row, or scale the numbers; there is one number for each name in `labels`.",
            where=f"{where}, row {bad[0]}" if bad.size else where,
            shape=array.shape,
            **({"values": array[bad[0]].tolist()} if bad.size else {}),
        )
    return array.astype("float32")


def _flat(values):
    for value in values if hasattr(values, "__iter__") and not isinstance(values, (str, bytes)) else ():
        yield from value if isinstance(value, (list, tuple)) else [value]


def row_weights(values, where="sample_weight"):
    """Turns the sample weights of rows into a float32 array `(rows,)`.

    Raises:
        TypeError: if the weights are not numbers.
        ValueError: if there is not one weight per row, or a weight is negative or not finite.
    """
    array = as_array(values)
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.dtype.kind not in "biuf" and array.size:
        raise checks.invalid(
            "`sample_weight` must be numbers.",
            fix="Convert the weights to float.",
            where=where,
            kind=TypeError,
            values=array.tolist(),
        )
    bad = np.flatnonzero(~((array >= 0) & (array <= LARGEST))) if array.ndim == 1 else np.zeros(0, int)
    if bad.size or array.ndim != 1:
        raise checks.invalid(
            "`sample_weight` must be one number per row, finite and not negative.",
            fix="Correct the row; a weight of 0 leaves it out of the loss.",
            where=f"{where}, row {bad[0]}" if bad.size else where,
            **({"weight": array[bad[0]].item()} if bad.size else {"shape": array.shape}),
        )
    return array.astype("float32")
