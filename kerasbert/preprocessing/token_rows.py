"""Rows that come as tokens."""

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text import TOKEN_INPUTS


def check_ids(x, config, where):
    """Raises ValueError if ids are outside their embedding: some devices would read zeros there.

    Args:
        x: dict of tokens in memory.
        config: `BertConfig` of the encoder; None where there is none yet, and nothing to check against.
        where: str, named in the error.
    """
    if config is None:
        return
    for name, rows in (("token_ids", config.vocabulary_size), ("segment_ids", config.num_segments)):
        ids = np.asarray(x[name]) if name in x and rows else np.zeros(1, int)
        if ids.dtype.kind not in "iu" or (ids.size and not 0 <= ids.min() <= ids.max() < max(rows, 1)):
            raise checks.invalid(
                f"`{name}` must be whole numbers from 0 to {rows - 1}.",
                fix="Use the tokenizer that belongs to the encoder.",
                where=where,
                dtype=str(ids.dtype),
                lowest=ids.min().item(),
                highest=ids.max().item(),
            )


def token_columns(x, config, max_sequence_length, where):
    """Tokens in memory, `(rows, S)`, as ragged columns without their padding.

    Args:
        x: dict of tokens in memory, with all inputs.
        config: `BertConfig` of the encoder, or None; its positions are the limit of a row.
        max_sequence_length: int, the limit where there is no config.
        where: str, named in errors.

    Returns:
        dict of `ids` and `segment_ids`, ragged int `(rows, None)`.
    """
    if set(x) != set(TOKEN_INPUTS):
        raise tokens_not_by_row(x, where)
    check_ids(x, config, where)
    places = np.arange(1, x["padding_mask"].shape[1] + 1)
    lengths = np.max((x["padding_mask"] != 0) * places, axis=1, initial=1)
    limit = max_sequence_length if config is None else config.max_sequence_length
    if lengths.max() > limit:
        raise checks.invalid(
            f"Tokens must be at most {limit}, as many as the encoder has positions for.",
            fix="Write them anew with a shorter `max_length`.",
            where=where,
            tokens=lengths.max().item(),
        )
    names = {"ids": "token_ids", "segment_ids": "segment_ids"}
    return {name: tf.RaggedTensor.from_tensor(x[theirs], lengths=lengths) for name, theirs in names.items()}


def tokens_not_by_row(x, where):
    """The error of tokens that cannot be batched row by row."""
    return checks.invalid(
        "Rows of tokens must have all of their inputs, and one label or list of numbers each.",
        fix=f"Name {', '.join(TOKEN_INPUTS)}; tokens for other tasks come as arrays, or as a "
        "`tf.data.Dataset` of batches.",
        where=where,
        names=sorted(x),
    )
