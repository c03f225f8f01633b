"""Labels: names or numbers in, class numbers out."""

import difflib

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf

# The label of a token that does not count: a special token, padding, a later piece of a word.
IGNORED = -100


def check_labels(labels, least=2):
    """Returns class names as a tuple, or raises ValueError: at least so many, different, not empty."""
    names = tuple(labels) if not isinstance(labels, str) else labels
    good = isinstance(names, tuple) and all(isinstance(name, str) and name for name in names)
    if not good or len(names) < least or len(set(names)) < len(names):
        raise checks.invalid(
            f"`labels` must be at least {'two' if least == 2 else 'one'} different class names.",
            fix='Pass the names in the order of their numbers, such as ["negative", "positive"].',
            labels=labels,
        )
    return names


def as_array(values):
    """Labels as an array, of objects where some are lists and others are not."""
    try:
        return np.asarray(values)
    except ValueError:
        values = list(values)
        array = np.empty(len(values), object)
        array[:] = values
        return array


def class_numbers(values, labels, where="y", item="row"):
    """Turns labels into class numbers.

    Args:
        values: list, array or pandas Series of class names (str), or of class numbers (int).
        labels: tuple of str, the class names.
        where: str, named in errors.
        item: str, what errors call one of the values.

    Returns:
        int32 array `(rows,)`.

    Raises:
        ValueError: if a name is not among `labels`, or a number is not in [0, classes).
        TypeError: if the values are neither names nor whole numbers.

    Example:

    >>> class_numbers(["positive", "negative"], ("negative", "positive")).tolist()
    [1, 0]
    """
    array = as_array(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise checks.invalid(
            "Labels must be one to a row.",
            fix="Pass a flat list of class names or class numbers.",
            where=where,
            shape=array.shape,
        )
    items = array.tolist()
    if array.dtype.kind in "OUST" and all(isinstance(item, (str, bytes)) for item in items):
        names = [item.decode() if isinstance(item, bytes) else item for item in items]
        return _numbers_of_names(names, labels, where, item)
    if array.dtype.kind not in "iu":
        if array.size == 0:
            return np.zeros(0, "int32")
        named = any(isinstance(value, str) for value in items)
        wrong = (lambda value: not isinstance(value, str)) if named else (lambda value: not _is_whole(value))
        bad = next((row for row, value in enumerate(items) if wrong(value)), None)
        if array.dtype.kind != "f" or bad is not None:
            raise checks.invalid(
                "Labels must be class names or whole class numbers, all of one kind.",
                fix="Convert them, or drop the rows that have none.",
                where=where if bad is None else f"{where}, {item} {bad}",
                kind=TypeError,
                values=items if bad is None else items[bad],
            )
    bad = np.flatnonzero((array < 0) | (array >= len(labels)))
    if bad.size:
        raise checks.invalid(
            f"A class number must be from 0 to {len(labels) - 1}: there are {len(labels)} classes.",
            fix="Give every class a name in `labels`, or correct the row.",
            where=f"{where}, {item} {bad[0]}",
            number=array[bad[0]].item(),
        )
    return array.astype("int32")


def _is_whole(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value % 1 == 0


def _numbers_of_names(names, labels, where, item):
    number_of = {name: number for number, name in enumerate(labels)}
    for row, name in enumerate(names):
        if name not in number_of:
            near = difflib.get_close_matches(name, labels, 1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            raise checks.invalid(
                "A label must be one of the model's labels.",
                fix=f"{hint}The labels are {', '.join(labels)}.",
                where=f"{where}, {item} {row}",
                label=name,
            )
    return np.array([number_of[name] for name in names], "int32")


def label_lookup(labels):
    """Returns a graph function from labels, string or int, to int32 class numbers; checks when it runs."""
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(list(labels), tf.range(len(labels))), default_value=-1
    )

    def numbers(values):
        found = table.lookup(values) if values.dtype == tf.string else tf.cast(values, tf.int32)
        names = ", ".join(labels)
        message = f"A label must be one of {names}, or a number from 0 to {len(labels) - 1}. Received:"
        inside = tf.debugging.Assert(tf.reduce_all((found >= 0) & (found < len(labels))), [message, values])
        with tf.control_dependencies([inside] if inside is not None else []):
            return tf.identity(found)

    return numbers


def multi_hot(values, labels, where="y"):
    """Turns sets of labels into rows of zeros and ones.

    Args:
        values: for each row a list of class names or numbers, or of C floats, zeros and ones; or an array
            `(rows, C)` of zeros and ones.
        labels: tuple of str, the C class names.
        where: str, named in errors.

    Returns:
        float32 array `(rows, C)`.

    Raises:
        ValueError: if a label is unknown or twice in a row, or zeros and ones are of another form.
        TypeError: if the values are neither.

    Example:

    >>> multi_hot([["loud", "cheap"], []], ("cheap", "loud")).tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        if values.ndim != 2 or values.shape[1] != len(labels) or not np.isin(values, (0, 1)).all():
            raise checks.invalid(
                "An array of several labels must have a row of zeros and ones for each text.",
                fix=f"Pass the shape (rows, {len(labels)}), or a list of names for each row.",
                where=where,
                shape=values.shape,
            )
        return values.astype("float32")
    rows = list(values)
    hot = np.zeros((len(rows), len(labels)), "float32")
    for i, row in enumerate(rows):
        if isinstance(row, (str, bytes)) or not hasattr(row, "__iter__"):
            raise checks.invalid(
                "With several labels, each row must have a list of them.",
                fix='Write ["loud"] for one label, [] for none.',
                where=f"{where}, row {i}",
                kind=TypeError,
                labels=row,
            )
        row = list(row)
        if row and all(isinstance(value, float) for value in row):
            hot[i] = multi_hot(np.array([row]), labels, f"{where}, row {i}")
            continue
        numbers = class_numbers(row, labels, f"{where}, row {i}")
        if len(set(numbers.tolist())) < len(numbers):
            raise checks.invalid(
                "No label may be twice in a row.",
                fix="Pass zeros and ones as floats, or as an array for all rows.",
                where=f"{where}, row {i}",
                labels=row,
            )
        hot[i, numbers] = 1
    return hot


def row_numbers(values, labels, where="y"):
    """Turns numbers to predict into an array.

    Args:
        values: numbers, one to a row, or C to a row.
        labels: tuple of str, the C names of the numbers.
        where: str, named in errors.

    Returns:
        float32 array `(rows, C)`.

    Raises:
        TypeError: if the values are no numbers.
        ValueError: if there are not C to a row, or one is not finite.

    Example:

    >>> row_numbers([2, 3.5], ("score",)).tolist()
    [[2.0], [3.5]]
    """
    array = as_array(values)
    if array.dtype.kind not in "iuf":
        raise checks.invalid(
            "Regression needs numbers.",
            fix="Convert the values to float; `read_csv` does by parse_label=float.",
            where=where,
            kind=TypeError,
            values=array.tolist(),
        )
    array = array.astype("float32")
    array = array[:, None] if array.ndim == 1 else array
    bad = np.flatnonzero(~np.isfinite(array).all(axis=tuple(range(1, array.ndim))))
    if bad.size or array.ndim != 2 or array.shape[1] != len(labels):
        raise checks.invalid(
            f"Regression needs {len(labels)} finite numbers to a row.",
            fix="Correct the row; `labels` names the numbers.",
            where=f"{where}, row {bad[0]}" if bad.size else where,
            shape=array.shape,
        )
    return array


def rows_of_numbers(labels):
    """Returns a graph function from C numbers a row, `(B, C)`, or `(B,)` for one, to float32 `(B, C)`.

    It checks when it runs that they are finite.
    """
    return lambda values: _checked_rows(values, labels, tf.math.is_finite, "finite")


def rows_of_hot(labels):
    """Returns a graph function from rows of zeros and ones, `(B, C)`, to float32 `(B, C)`; checks them."""
    return lambda values: _checked_rows(values, labels, lambda v: (v == 0) | (v == 1), "zeros and ones")


def _checked_rows(values, labels, good, kind):
    if values.dtype == tf.string:
        raise checks.invalid(
            "A data set must give numbers for this problem.",
            fix="Convert the labels; a reader of `kerasbert.data` takes lists of names.",
            where="y",
            kind=TypeError,
            dtype="string",
        )
    values = tf.cast(values, tf.float32)
    values = values[:, None] if values.shape.rank == 1 else values
    message = f"Labels must be {kind}, {len(labels)} to a row. Received:"
    check = tf.debugging.Assert(tf.reduce_all(good(values)), [message, values])
    with tf.control_dependencies([check] if check is not None else []):
        return tf.ensure_shape(values, (None, len(labels)))
