"""Numeric inputs in addition to the text of a row, such as the columns of a table."""

import numpy as np

from kerasbert import checks


def take_extra_inputs(x, shapes, where):
    """Splits a user's columns into texts and numbers.

    Args:
        x: dict of columns: texts, and a column of numbers for each name in `shapes`.
        shapes: dict, name -> shape of the numbers of one row.
        where: str, the place to show in errors.

    Returns:
        A pair: a dict of texts, and a dict of float32 arrays `(rows, *shape)`.

    Raises:
        TypeError: if `x` is not a dict.
        ValueError: if a column is missing, has a wrong shape, or has numbers that are not finite.
    """
    missing = sorted(set(shapes) - set(x)) if isinstance(x, dict) else sorted(shapes)
    if missing:
        raise checks.invalid(
            "This task takes texts together with numbers, each under its name.",
            fix=f"Pass a dict, {{'text': texts, {', '.join(f'{name!r}: ...' for name in shapes)}}}.",
            where=where,
            kind=ValueError if isinstance(x, dict) else TypeError,
            missing=missing,
        )
    numbers = {name: _numbers(x[name], name, shape, where) for name, shape in shapes.items()}
    return {name: column for name, column in x.items() if name not in shapes}, numbers


def _numbers(values, name, shape, where):
    try:
        array = np.asarray(values, "float32")
    except (TypeError, ValueError):
        array = None
    if array is None or array.shape[1:] != shape or not array.ndim or not np.isfinite(array).all():
        raise checks.invalid(
            f"`{name}` must be finite numbers of the shape (rows{''.join(f', {size}' for size in shape)}).",
            fix="Pass an array without missing values.",
            where=where,
            shape=np.shape(values) if array is None else array.shape,
        )
    return array
