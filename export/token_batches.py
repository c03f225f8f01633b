"""Batches of tokens: those that a task makes from texts, and those that callers pass."""

import contextlib

import numpy as np

from kerasbert import checks
from kerasbert.data import same_length
from kerasbert.text import TOKEN_INPUTS


class _EnoughError(Exception):
    """Ends an `answers_with` early."""


def token_batches(task, texts, rows=float("inf")):
    """Returns the tokens of texts in the batches of `predict`.

    Args:
        task: a kerasbert task.
        texts: texts as for `predict`.
        rows: int, the number of sequences after which to stop, at the end of a batch.

    Returns:
        List of dicts of int arrays `(B, S)`.
    """
    batches = []

    def keep(tokens):
        batches.append({name: np.asarray(value) for name, value in tokens.items()})
        if sum(len(batch["token_ids"]) for batch in batches) >= rows:
            raise _EnoughError
        return {name: value.numpy() for name, value in task.answer_tokens(tokens).items()}

    with contextlib.suppress(_EnoughError):
        task.answers_with(task.preprocessor.for_one_call(), keep, texts)
    return batches


def token_arrays(inputs, where):
    """Checks a batch, and returns its tokens as int32 arrays and its extra inputs as float32 arrays.

    Args:
        inputs: dict of arrays or tensors `(B, S)`: `token_ids`, `segment_ids`, `padding_mask`; and extra
            inputs, `(B, ...)`.
        where: str, the place to show in errors.

    Raises:
        ValueError: if tokens are not whole numbers of one shape `(B, S)`, with at least one row and one
            token; if an id is negative, which lookups would count from the end of the table; or if a mask
            has numbers other than 0 and 1, or a row without a 1.
    """
    arrays = {name: np.asarray(value) for name, value in inputs.items() if name in TOKEN_INPUTS}
    others = {name: np.asarray(v, "float32") for name, v in inputs.items() if name not in TOKEN_INPUTS}
    shapes = {name: value.shape for name, value in arrays.items()}
    shape, *more = set(shapes.values())
    if more or len(shape) != 2 or not all(shape):
        raise checks.invalid(
            "All token arrays must have the same shape (B, S), with at least one row and one token.",
            fix="Pass `task.tokenizer(texts)`; a single sequence is a batch of one row.",
            where=where,
            **shapes,
        )
    for name, value in arrays.items():
        allowed = "0 and 1" if name == "padding_mask" else "whole numbers from 0"
        highest = 1 if name == "padding_mask" else np.iinfo("int32").max
        if value.dtype.kind not in "iub" or value.min() < 0 or value.max() > highest:
            raise checks.invalid(
                f"`{name}` must contain {allowed}.",
                fix="Pass the result of the task's tokenizer.",
                where=where,
                dtype=str(value.dtype),
                lowest=value.min().item(),
                highest=value.max().item(),
            )
    empty = np.flatnonzero(~arrays["padding_mask"].any(1)) if "padding_mask" in arrays else ()
    if len(empty):
        raise checks.invalid(
            "Every row must contain a token, marked by a 1 in `padding_mask`.",
            fix="Leave out rows that are only padding; each runtime gives a different answer for them.",
            where=where,
            row=int(empty[0]),
        )
    same_length(where, **arrays, **others)
    return {name: value.astype("int32") for name, value in arrays.items()} | others


def single_rows(arrays):
    """Yields each row of a batch as a batch of one row, cut after the last 1 of its `padding_mask`."""
    _, width = arrays["padding_mask"].shape
    lengths = width - np.argmax(arrays["padding_mask"][:, ::-1], axis=1)
    for i, length in enumerate(lengths):
        row = {name: value[i : i + 1] for name, value in arrays.items()}
        yield row | {name: row[name][:, :length] for name in TOKEN_INPUTS if name in row}
