"""Turns row streams into `tf.data` data sets, and data sets into row streams."""

import warnings

from kerasbert import checks
from kerasbert.data.rows import no_rows
from kerasbert.data.streams import RowStream
from kerasbert.optional import tensorflow as tf

# The number of rows after which counting warns that it is reading all of them.
MANY = 1_000_000


def streamed_rows(stream, prepare, where="x"):
    """Returns the rows of a stream as a data set that reads and prepares them part by part in each epoch.

    All rows are read once beforehand to check and count them.

    Args:
        stream: `RowStream`.
        prepare: function that takes `x`, `y` and `sample_weight` as for rows in memory, and a place for error
            messages. It returns columns by name: tensors, ragged tensors or arrays whose first axis is rows.
        where: str, named in errors.

    Returns:
        `tf.data.Dataset` of dicts, which knows its cardinality.

    Raises:
        TypeError, ValueError: if a row is invalid, in which case the message names its place; or if there are
            no rows.

    Warns:
        UserWarning: if so many rows were read that the stream may be endless.
    """
    specs, count = None, 0
    for part in stream.parts():
        columns = _prepared(part, prepare)
        found = {name: _spec(column) for name, column in columns.items()}
        specs = specs or found
        if found != specs:
            raise checks.invalid(
                "All rows must have the same form: as many choices, labels or numbers in each.",
                fix="Correct the rows that differ from the first.",
                where=f"{where}, {part.places[0]} and after",
                received=found,
                first=specs,
            )
        before, count = count, count + next(iter(columns.values())).shape[0]
        if before < MANY <= count:
            warnings.warn(
                f"{where}: {count} rows were read so far. All rows are checked and counted before training, "
                "so the stream must end: if it does not, let `read` stop after one epoch.",
                stacklevel=2,
            )
    if not count:
        raise no_rows(where)
    parts = tf.data.Dataset.from_generator(
        lambda: (_prepared(part, prepare) for part in stream.parts()), output_signature=specs
    )
    return parts.unbatch().apply(tf.data.experimental.assert_cardinality(count))


def _prepared(part, prepare):
    columns = part.x, part.y, part.sample_weight
    try:
        return prepare(*columns, f"{part.places[0]} and after")
    except (TypeError, ValueError):
        for row in part.singles():  # finds the row that is wrong, so that the error names it
            prepare(row.x, row.y, row.sample_weight, row.places[0])
        raise


def _spec(column):
    if isinstance(column, tf.RaggedTensor):
        return tf.RaggedTensorSpec([None, *column.shape[1:]], column.dtype, column.ragged_rank)
    return tf.TensorSpec([None, *column.shape[1:]], tf.as_dtype(column.dtype))


def stream_of(dataset):
    """Returns a `tf.data.Dataset` of rows or of batches as a `RowStream`.

    Args:
        dataset: `tf.data.Dataset` of `x`, `(x, y)` or `(x, y, sample_weight)`. `x` is a row of words, a
            string tensor `(None,)`; a tuple or dict whose first item is a text; or a single text, not in
            batches.
    """
    spec = dataset.element_spec
    labelled = isinstance(spec, tuple)
    x = spec[0] if labelled else spec
    one = not isinstance(x, (tuple, dict))
    first = x if one else next(iter(x.values())) if isinstance(x, dict) else x[0]
    rows = dataset.unbatch() if (first.shape.rank or 0) > one else dataset
    return RowStream(lambda: map(_plain, rows.as_numpy_iterator()), labelled, "a tf.data.Dataset")


def _plain(value):
    """Converts the arrays in tuples and dicts to lists, str and numbers."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value.decode("utf-8", "ignore") if isinstance(value, bytes) else value
