"""Checks of probabilities, and of the class numbers that belong to them."""

from typing import Any

import numpy as np

from kerasbert import checks


def check_probabilities(probabilities: np.ndarray, shape: tuple[int, ...], where: str) -> None:
    """Raises ValueError unless probabilities have the shape, and are from 0 to 1."""
    good = probabilities.shape == shape and ((probabilities >= -1e-6) & (probabilities <= 1 + 1e-6)).all()
    if not good:
        raise checks.invalid(
            f"Probabilities must be numbers from 0 to 1, of shape {shape}: a row for each label, a column "
            "for each class.",
            fix="If they are logits, apply softmax; if some are NaN, the model is broken.",
            where=where,
            shape=probabilities.shape,
            not_finite=int((~np.isfinite(probabilities)).sum()),
        )


def checked_classes(
    probabilities: Any, true: Any, where: str, classes: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Returns probabilities as float64 `(rows, C)` and class numbers as int `(rows,)`.

    Args:
        probabilities, true: what a user passed.
        where: str, the function, for errors.
        classes: int or None, C; None for the number of columns.

    Raises:
        ValueError: if the shapes do not fit together, there is no row, a class number is not between 0 and
            C - 1, or a probability is not between 0 and 1.
    """
    true, probabilities = listed(true), floats(probabilities, where)
    if classes is None:
        classes = probabilities.shape[1] if probabilities.ndim == 2 else 2
    good = true.ndim == 1 and true.size and true.dtype.kind in "iu"
    if not good or not ((true >= 0) & (true < classes)).all():
        raise checks.invalid(
            "Each row must have the number of a class, from 0 up to but not including C.",
            fix="Pass an int for each row; for class names, call `evaluate` with the task.",
            where=where,
            true=true,
            classes=classes,
        )
    check_probabilities(probabilities, (len(true), classes), where)
    return probabilities, true.astype(int)


def listed(values: Any) -> np.ndarray:
    """Values as an array, also those of a generator."""
    plain = hasattr(values, "__iter__") and not hasattr(values, "__len__")
    return np.asarray(list(values) if plain else values)


def floats(values: Any, where: str) -> np.ndarray:
    """Probabilities as a float64 array; raises ValueError if they are no numbers."""
    try:
        return listed(values).astype("float64")
    except (TypeError, ValueError) as error:
        raise checks.invalid(
            "Probabilities must be numbers from 0 to 1, as many in each row.",
            fix="Pass a float array `(rows, C)`.",
            where=where,
            probabilities=values,
        ) from error
