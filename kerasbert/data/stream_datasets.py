"""Row streams as data sets of `tf.data`, and the other way around."""

import warnings

from kerasbert import checks
from kerasbert.data.streams import RowStream
from kerasbert.optional import tensorflow as tf

# Rows after which counting says what it does.
MANY = 1_000_000


def streamed_rows(stream, prepare, where="x"):
    """Returns the rows of a stream as a data set that prepares them part by part, anew in each epoch.

    All rows are gone through once before, to check and count them.

    Args:
        stream: `RowStream`.
        prepare: function of `x`, `y`, `sample_weight`, as for rows in memory, and of a place for errors. It
            returns columns by name: tensors, ragged tensors and arrays whose first axes are rows.
        where: str, named in errors.

    Returns:
        `tf.data.Dataset` of dicts, which knows its cardinality.

    Raises:
        TypeError, ValueError: if a row is wrong, with its place; or if there is none.

    Warns:
        UserWarning: if there are so many rows that they may have no end.
    """
    specs, count = None, 0
    for part in stream.parts():
        columns = _prepared(part, prepare)
        found = {name: _spec(column) for name, column in columns.items()}
        specs = specs or found
        if found != specs:
            raise checks.invalid(
                "Rows must be alike: as many choices, labels or numbers in each.",
                fix="Correct the rows that differ from the first.",
                where=f"{where}, {part.places[0]} and after",
                received=found,
                first=specs,
            )
        before, count = count, count + next(iter(columns.values())).shape[0]
        if before < MANY <= count:
            warnings.warn(
                f"{where}: {count} rows were read so far. All rows are checked and counted first, "
                "so they must come to an end: if they do not, let `read` stop after an epoch.",
                stacklevel=2,
            )
    if not count:
        raise no_rows(where)
    parts = tf.data.Dataset.from_generator(
        lambda: (_prepared(part, prepare) for part in stream.parts()), output_signature=specs
    )
    return parts.unbatch().apply(tf.data.experimental.assert_cardinality(count))


def no_rows(where):
    """The error of training and evaluation on nothing."""
    return checks.invalid(
        "There must be at least one row, with at least one word or sentence.",
        fix="Pass texts.",
        where=where,
        rows=0,
    )


def _prepared(part, prepare):
    columns = part.x, part.y, part.sample_weight
    try:
        return prepare(*columns, f"{part.places[0]} and after")
    except (TypeError, ValueError):
        for row in part.singles():  # which one it was
            prepare(row.x, row.y, row.sample_weight, row.places[0])
        raise


def _spec(column):
    if isinstance(column, tf.RaggedTensor):
        return tf.RaggedTensorSpec([None, *column.shape[1:]], column.dtype, column.ragged_rank)
    return tf.TensorSpec([None, *column.shape[1:]], tf.as_dtype(column.dtype))


def stream_of(dataset):
    """Returns a `tf.data.Dataset` of rows, or of batches of them, as a `RowStream`.

    Args:
        dataset: of `x`, `(x, y)` or `(x, y, sample_weight)`. `x` is a row of words, a string tensor
            `(None,)`; a tuple or dict that begins with a text; or a text, which comes alone, not in batches.
    """
    spec = dataset.element_spec
    labelled = isinstance(spec, tuple)
    x = spec[0] if labelled else spec
    one = not isinstance(x, (tuple, dict))
    first = x if one else next(iter(x.values())) if isinstance(x, dict) else x[0]
    rows = dataset.unbatch() if (first.shape.rank or 0) > one else dataset
    return RowStream(lambda: map(_plain, rows.as_numpy_iterator()), labelled, "a tf.data.Dataset")


def _plain(value):
    """Tuples and dicts of arrays as those of lists, str and numbers."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value.decode("utf-8", "ignore") if isinstance(value, bytes) else value
