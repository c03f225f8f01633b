"""Turns what a user passes as `x` into rows of text."""

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf

# The names of the texts in a row: one text, a pair, or a triplet with a negative.
GROUP = ("text", "text_pair", "text_negative")


def is_tokens(x):
    """Whether `x` is already tokenized: a dict with `token_ids`, or a data set of such dicts."""
    if is_dataset(x):
        spec = x.element_spec
        x = spec[0] if isinstance(spec, tuple) else spec
    return isinstance(x, dict) and "token_ids" in x


def is_dataset(x):
    """Whether `x` is a `tf.data.Dataset`; does not import TensorFlow to find out."""
    return hasattr(x, "element_spec") and hasattr(x, "cardinality")


def text_columns(x, where="x"):
    """Returns texts in memory as a dict of string tensors `(rows,)`.

    Args:
        x: sequence of str (list, array, pandas Series) for one text per row; a tuple of two such sequences
            for two texts per row; or a dict of `text` and optionally `text_pair`.
        where: str, named in errors.

    Returns:
        dict with `text`, and with `text_pair` if each row has two texts.

    Raises:
        TypeError: if a row is not a str or bytes.
        ValueError: if the columns differ in length.
    """
    from kerasbert.text import as_text_tensor

    if isinstance(x, dict):
        if "text" not in x or set(x) - {"text", "text_pair"}:
            raise checks.invalid(
                "A dict of texts must have `text`, and `text_pair` if there is a second text.",
                fix="Rename the columns; tokens are named `token_ids`, `segment_ids` and `padding_mask`.",
                where=where,
                names=sorted(map(str, x)),
            )
        columns = dict(x)
    elif is_pair(x):
        columns = {"text": x[0], "text_pair": x[1]}
    elif isinstance(x, tuple) and len(x) == 2 and {isinstance(c, (str, bytes)) for c in x} == {True, False}:
        raise not_rows(x, where)
    else:
        columns = {"text": x}
    columns = {name: as_text_tensor(column, f"{where}: {name}") for name, column in columns.items()}
    if any(column.shape.rank == 0 for column in columns.values()):
        raise not_rows(x, where)
    same_length(where, **columns)
    return columns


def not_rows(x, where, fix='Put it in a list, ["what a film"]; for a pair, (["what?"], ["a film"]).'):
    """The error for a single text where rows of texts are expected."""
    return checks.invalid("A task takes rows of text, not one text.", fix=fix, where=where, x=x)


def no_rows(where):
    """The error for training or evaluating without any rows."""
    return checks.invalid(
        "There must be at least one row, with at least one word or sentence.",
        fix="Pass texts.",
        where=where,
        rows=0,
    )


def is_empty(x):
    """Whether `x`, a data set or tokens in memory, has no rows; a data set of unknown size may have some."""
    if is_dataset(x):
        return int(x.cardinality()) == 0
    return is_tokens(x) and len(x["token_ids"]) == 0


def check_some_rows(x, where="x"):
    """Raises ValueError if `is_empty`."""
    if is_empty(x):
        raise no_rows(where)


def is_pair(x):
    """Whether `x` is a pair of columns; a tuple of two texts is not a pair but two rows."""
    return isinstance(x, tuple) and len(x) == 2 and not any(isinstance(c, (str, bytes)) for c in x)


def raw_columns(x):
    """The columns of `x` that hold texts or words, as they are: one, or two for pairs."""
    if isinstance(x, dict):
        return [x[name] for name in ("text", "text_pair") if name in x]
    return list(x) if is_pair(x) else [x]


def count_rows(x):
    """The number of rows of texts, in any form that `predict` takes."""
    if isinstance(x, dict):
        return len(next(iter(x.values())))
    return len(x[0]) if is_pair(x) else len(x)


def rows_of(x, rows):
    """The rows of texts with the given numbers, in the same form."""
    if isinstance(x, dict):
        return {name: pick_rows(column, rows) for name, column in x.items()}
    return tuple(pick_rows(column, rows) for column in x) if is_pair(x) else pick_rows(x, rows)


def pick_rows(values, rows):
    """The values of one column with the given numbers: an array of an array or a tensor, otherwise a list."""
    values = values.numpy() if hasattr(values, "numpy") else values
    if isinstance(values, np.ndarray):
        return values[rows]
    values = list(values)  # by position, whatever index a pandas Series has
    return [values[row] for row in rows]


def same_length(where, **columns):
    """Raises ValueError unless all columns have the same number of rows."""
    given = {name: column for name, column in columns.items() if column is not None}
    lengths = {name: c.shape[0] if hasattr(c, "shape") else len(c) for name, c in given.items()}
    if len(set(lengths.values())) > 1:
        raise checks.invalid(
            "Every column must have as many rows as the others.",
            fix="Check that texts and labels come from the same rows.",
            where=where,
            **lengths,
        )


def counted(dataset):
    """Returns a data set that knows its cardinality, reading it once to count its elements if necessary."""
    if dataset.cardinality() != tf.data.UNKNOWN_CARDINALITY:
        return dataset
    count = dataset.reduce(tf.constant(0, tf.int64), lambda n, *_: n + 1)
    return dataset.apply(tf.data.experimental.assert_cardinality(count))


def dataset_rows(dataset, most_texts=2):
    """Turns a user's data set of texts into a data set of rows for `text_batches`.

    Args:
        dataset: `tf.data.Dataset` of `x`, `(x, y)` or `(x, y, sample_weight)`, where `x` is a string, a pair
            of strings or a dict of `text` and `text_pair`. Its elements are single rows or batches of rows.
        most_texts: int, the most texts in a row: 2, or 3 for a task that also takes triplets.

    Returns:
        A pair: the data set of dicts, and whether its elements are batches.

    Raises:
        TypeError: if the elements have another form.
    """

    def row(*element):
        x = element[0]
        if isinstance(x, dict):
            named = dict(x)
        elif isinstance(x, tuple):
            if not 2 <= len(x) <= most_texts:
                raise TypeError(f"{len(x)} texts in a row")
            named = dict(zip(GROUP, x, strict=False))
        else:
            named = {"text": x}
        return named | dict(zip(("label", "sample_weight"), element[1:], strict=False))

    try:
        rows = dataset.map(row)
        spec = rows.element_spec
        names = [name for name in spec if name.startswith("text")]
        texts = [spec[name] for name in names]
        good = bool(texts) and set(names) <= set(GROUP[:most_texts])
        good = good and all(s.dtype == tf.string and s.shape.rank in (0, 1) for s in texts)
    except TypeError:
        good = False
    if not good:
        raise checks.invalid(
            "A data set must give texts as `x`, `(x, y)` or `(x, y, sample_weight)`.",
            fix="Make `x` a string, a pair of strings, or a dict of `text` and `text_pair`.",
            kind=TypeError,
            element_spec=dataset.element_spec,
        )
    return rows, texts[0].shape.rank == 1


def count_batches(x, batch_size):
    """The number of batches in an epoch.

    Args:
        x: dict of tokens in memory, `tf.data.Dataset`, or another sequence of batches.
        batch_size: int, used for tokens in memory.

    Raises:
        ValueError: if the number is infinite or unknown.
    """
    if isinstance(x, dict):
        return -(-len(x["token_ids"]) // batch_size)
    count = int(x.cardinality()) if is_dataset(x) else len(x) if hasattr(x, "__len__") else -1
    if count < 0:
        raise checks.invalid(
            "An endless data set needs `steps_per_epoch`.",
            fix="Pass `steps_per_epoch`, or remove `repeat()`.",
            where="fit",
            cardinality="infinite or unknown",
        )
    return count
