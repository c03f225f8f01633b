"""Texts as the batches of tokens that a task makes of them."""

import contextlib

import numpy as np


class _EnoughError(Exception):
    """Ends a `predict_by` early."""


def token_batches(task, texts, rows=float("inf")):
    """The tokens of texts as `predict` batches them.

    Args:
        task: a kerasbert task.
        texts: texts as for `predict`.
        rows: int, after so many sequences it stops, at the end of a batch.

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
        task.predict_by(keep, texts)
    return batches
