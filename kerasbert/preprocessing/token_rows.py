"""Checks rows that are already tokens."""

import numpy as np

from kerasbert import checks
from kerasbert.data import is_dataset, without_autograph
from kerasbert.optional import tensorflow as tf
from kerasbert.text import TOKEN_INPUTS


def checked_ids(x, config, where):
    """Checks that `token_ids` and `segment_ids` are within their embedding tables.

    Without this check, lookups count negative ids from the end of the table, and return zeros for ids beyond
    it on some devices.

    Args:
        x: dict of tokens in memory, or a `tf.data.Dataset` of such dicts or of tuples that begin with one.
        config: `BertConfig` of the encoder; None if there is no encoder yet, so that nothing is checked.
        where: str, the place to show in the error.

    Returns:
        `x`; a data set checks each batch when it is read, and raises `tf.errors.InvalidArgumentError`.

    Raises:
        ValueError: if an id in memory is outside its table, or is not a whole number.
    """
    if config is None:
        return x
    tables = {"token_ids": config.vocabulary_size, "segment_ids": config.num_segments}
    if not is_dataset(x):
        for name, rows in tables.items():
            if name in x and rows:
                _check(np.asarray(x[name]), name, rows, where)
        return x
    is_tuple = isinstance(x.element_spec, tuple)

    def check(*element):
        for name, rows in tables.items():
            if name in element[0] and rows:
                ids = element[0][name]
                ids = getattr(ids, "flat_values", ids)
                inside = tf.reduce_all((ids >= 0) & (ids < rows))
                tf.debugging.Assert(inside, [_rule(name, rows), "Received:", ids])
        return element if is_tuple else element[0]

    return x.map(without_autograph(check))


def _rule(name, rows):
    return f"`{name}` must be whole numbers from 0 to {rows - 1}."


def _check(ids, name, rows, where):
    if ids.dtype.kind not in "iu" or (ids.size and not 0 <= ids.min() <= ids.max() < rows):
        raise checks.invalid(
            _rule(name, rows),
            fix="Use the tokenizer that belongs to the encoder.",
            where=where,
            dtype=str(ids.dtype),
            lowest=ids.min().item() if ids.size else None,
            highest=ids.max().item() if ids.size else None,
        )


def token_columns(x, config, max_sequence_length, where):
    """Converts tokens in memory, `(rows, S)`, to ragged columns without padding.

    Args:
        x: dict of tokens in memory, with all inputs.
        config: `BertConfig` of the encoder, or None; its number of positions limits the length of a row.
        max_sequence_length: int, the limit if there is no config.
        where: str, the place to show in errors.

    Returns:
        dict of `ids` and `segment_ids`, ragged int `(rows, None)`.
    """
    if set(x) != set(TOKEN_INPUTS):
        raise tokens_not_by_row(x, where)
    checked_ids(x, config, where)
    places = np.arange(1, x["padding_mask"].shape[1] + 1)
    lengths = np.max((x["padding_mask"] != 0) * places, axis=1, initial=1)
    limit = max_sequence_length if config is None else config.max_sequence_length
    if lengths.max() > limit:
        raise checks.invalid(
            f"A row must have at most {limit} tokens, because the encoder has no more positions.",
            fix="Write the rows again with a shorter `max_length`.",
            where=where,
            tokens=lengths.max().item(),
        )
    names = {"ids": "token_ids", "segment_ids": "segment_ids"}
    return {name: tf.RaggedTensor.from_tensor(x[theirs], lengths=lengths) for name, theirs in names.items()}


def tokens_not_by_row(x, where):
    """Returns the error for tokens that cannot be batched row by row."""
    return checks.invalid(
        "Each row of tokens must have all inputs, and one label or one list of numbers.",
        fix=f"Name {', '.join(TOKEN_INPUTS)}; tokens for other tasks come as arrays, or as a "
        "`tf.data.Dataset` of batches.",
        where=where,
        names=sorted(x),
    )
