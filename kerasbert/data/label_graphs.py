"""Labels in `tf.data` graphs, which are read and checked by the same rules as labels in memory."""

from kerasbert import checks
from kerasbert.data.label_rows import LARGEST, check_indicators_are_clear
from kerasbert.data.labels import check_numbers_are_clear
from kerasbert.optional import tensorflow as tf


def label_lookup(labels, numeric_labels=None, ranks=(1,)):
    """Returns a graph function that turns labels into int32 class numbers by the rule of `class_numbers`.

    For a wrong dtype or shape, the function raises the same errors as `class_numbers` when it is traced. For
    a wrong label, it raises InvalidArgumentError when it runs.

    Args:
        labels: tuple of str.
        numeric_labels: as for `class_numbers`.
        ranks: tuple of int, the ranks that label tensors may have; `(B, 1)` counts as `(B,)`.
    """
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(list(labels), tf.range(len(labels))), default_value=-1
    )
    names = ", ".join(labels)
    message = f"A label must be one of {names}, or a class number from 0 to {len(labels) - 1}. Received:"

    def numbers(values):
        if ranks == (1,) and values.shape.rank == 2 and values.shape[1] == 1:
            values = values[:, 0]
        _check_form(
            values,
            ranks,
            "There must be one label in each row.",
            "Make each label of the data set a scalar; convert one-hot rows with tf.argmax.",
        )
        if values.dtype == tf.string:
            found = table.lookup(values)
        else:
            _check_dtype(values, "Labels must be class names or whole class numbers.")
            check_numbers_are_clear(labels, numeric_labels, "y")
            whole = tf.cast(values, tf.int64)
            exact = tf.cast(whole, values.dtype) == values
            if numeric_labels == "names":
                found = table.lookup(tf.strings.as_string(whole))
            else:
                found = tf.cast(tf.clip_by_value(whole, -1, len(labels)), tf.int32)
            found = tf.where(exact, found, -1)
        return _checked(found, (found >= 0) & (found < len(labels)), message, values)

    return numbers


def rows_of_numbers(labels, numeric_labels=None):
    """Returns a graph function that turns numbers to predict into float32 `(B, C)`.

    It takes C numbers for each row, `(B, C)`, or `(B,)` if C is 1, and checks them as `row_numbers` does.
    """
    message = f"Labels must be finite numbers, {len(labels)} per row, none beyond {LARGEST:g}. Received:"

    def rows(values):
        _check_dtype(values, "Regression needs numbers.")
        values = values[:, None] if values.shape.rank == 1 else values
        values = tf.cast(_of_width(values, len(labels)), tf.float32)
        return _checked(values, tf.abs(values) <= LARGEST, message)

    return rows


def rows_of_hot(labels, numeric_labels=None):
    """Returns a graph function that turns rows of zeros and ones, `(B, C)`, into float32 `(B, C)`.

    It checks them as `multi_hot` does. Lists of names or class numbers are only supported in memory and by
    the readers, not in a `tf.data.Dataset`.
    """
    message = f"Labels must be zeros and ones, {len(labels)} per row. Received:"

    def rows(values):
        if numeric_labels in ("names", "class_numbers") or values.dtype == tf.string:
            raise checks.invalid(
                "For several labels per row, a `tf.data.Dataset` must give zeros and ones for all classes.",
                fix="Convert the labels; or pass a list, an array or a reader of `kerasbert.data`, which may "
                "contain names.",
                where="y",
                kind=TypeError,
                dtype=values.dtype.name,
                numeric_labels=numeric_labels,
            )
        if values.dtype != tf.bool:
            _check_dtype(values, "For several labels per row, a data set must give zeros and ones.")
            check_indicators_are_clear(labels, numeric_labels, "y")
        values = tf.cast(_of_width(values, len(labels)), tf.float32)
        return _checked(values, (values == 0) | (values == 1), message)

    return rows


def rows_of_scores(values):
    """Turns scores `(B,)` or `(B, 1)` in a graph into float32 `(B, 1)`; checks that they are from 0 to 1."""
    _check_dtype(values, "The score of a pair must be a number.")
    values = values[:, None] if values.shape.rank == 1 else values
    values = tf.cast(_of_width(values, 1), tf.float32)
    return _checked(values, (values >= 0) & (values <= 1), "Scores must be from 0 to 1. Received:")


def whole_numbers(least=0):
    """Returns a graph function that turns whole numbers into int32, and checks that none is below `least`."""

    def numbers(values):
        _check_dtype(values, "Labels must be whole numbers.")
        found = tf.cast(values, tf.int32)
        exact = tf.cast(found, values.dtype) == values
        return _checked(
            found, exact & (found >= least), f"Labels must be whole numbers from {least}. Received:", values
        )

    return numbers


def graph_weights(values):
    """Turns sample weights in a graph into float32, and checks them as `row_weights` does."""
    _check_dtype(values, "`sample_weight` must be numbers.")
    values = tf.cast(values, tf.float32)
    message = "`sample_weight` must be finite numbers that are not negative. Received:"
    return _checked(values, (values >= 0) & (values <= LARGEST), message)


def _checked(result, good, message, received=None):
    """Returns `result` after a check that runs in the graph."""
    check = tf.debugging.Assert(tf.reduce_all(good), [message, result if received is None else received])
    with tf.control_dependencies([check] if check is not None else []):
        return tf.identity(result)


def _check_dtype(values, rule):
    if not (values.dtype.is_integer or values.dtype.is_floating):
        raise checks.invalid(
            rule,
            fix="Convert the labels in the data set.",
            where="y",
            kind=TypeError,
            dtype=values.dtype.name,
        )


def _check_form(values, ranks, rule, fix):
    if values.shape.rank is not None and values.shape.rank not in ranks:
        raise checks.invalid(rule, fix=fix, where="y", shape=tuple(values.shape))


def _of_width(values, width):
    _check_form(
        values,
        (2,),
        f"There must be {width} labels in each row.",
        f"Give the labels of the data set the shape ({width},).",
    )
    if values.shape.rank is not None and values.shape[1] not in (None, width):
        raise checks.invalid(
            f"There must be {width} labels in each row, one for each name.",
            fix="Correct the data set, or the task's `labels`.",
            where="y",
            shape=tuple(values.shape),
        )
    return tf.ensure_shape(values, (None, width))
