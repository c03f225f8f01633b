"""Measures which parts of a model lose the most accuracy if their weights are stored in four bits."""

import numpy as np

from kerasbert.export.recipes import BLOCK, parts_of
from kerasbert.export.token_batches import token_batches
from kerasbert.optional import tensorflow as tf


def part_errors(task, texts, rows=128):
    """Measures how much answers change if the kernels of one part at a time are rounded to int4.

    Kernels get a scale for every 64 inputs of an output, the token embedding one for each row; all other
    weights stay float32.

    Args:
        task: a kerasbert task; it is unchanged after the call.
        texts: texts as for `predict`.
        rows: int, about how many sequences to use.

    Returns:
        dict, part (`"embeddings"`, `"block_0/attention"`, ...) -> the mean difference of the answers, the
        worst first.
    """
    batches = token_batches(task, texts, rows)
    spec = task.input_specs(None, None)
    answer = tf.function(task.answer_tokens, [spec])

    def answers():
        found = []
        for batch in batches:
            named = {name: value.numpy() for name, value in answer(batch).items()}
            found.append(np.ravel(task.compared_values(named, batch["padding_mask"])))
        return np.concatenate(found)

    expected, errors = answers(), {}
    for part, weights in _weights_by_part(task).items():
        before = [np.asarray(weight) for weight in weights]
        try:
            for weight, value in zip(weights, before, strict=True):
                weight.assign(rounded(value, by_row=part == "embeddings"))
            errors[part] = float(np.abs(answers() - expected).mean())
        finally:
            for weight, value in zip(weights, before, strict=True):
                weight.assign(value)
    return dict(sorted(errors.items(), key=lambda item: -item[1]))


def part_sizes(task):
    """Returns how many numbers the kernels and tables of each part have."""
    return {
        part: sum(int(np.prod(weight.shape)) for weight in weights)
        for part, weights in _weights_by_part(task).items()
    }


def _weights_by_part(task):
    """The kernels and tables of each part that can have its own recipe: sublayers, embeddings and heads."""
    named = {path.removeprefix("encoder/"): weight for path, weight in task.named_weights().items()}
    parts = {"embeddings": [w for path, w in named.items() if path.startswith("embeddings/token_embedding/")]}
    for part in sorted(parts_of(task) - {"embeddings"}):
        inside = [w for path, w in named.items() if path.startswith(f"{part}/") and path.endswith("kernel")]
        if part.startswith("block_"):
            if part.count("/") == 1:
                parts[part] = inside
        elif "/" not in part:
            parts[part] = inside
    return parts


def rounded(weights, by_row=False):
    """Rounds weights to four bits, integers from -8 to 7 times a scale, and returns them as floats.

    Args:
        weights: float array, a kernel `(inputs, outputs)` or a table `(rows, D)`.
        by_row: bool, whether each row has a scale, as in tables; otherwise every 64 inputs of an output do.

    Returns:
        Float array of the same shape.

    Example:

    >>> rounded(np.array([[7.0, 3.4, -7.0]]), by_row=True).tolist()
    [[7.0, 3.0, -7.0]]
    """
    rows = weights if by_row else weights.T
    size = rows.shape[1] if by_row or rows.shape[1] % BLOCK else BLOCK
    blocks = rows.reshape(len(rows), -1, size)
    scale = np.maximum(np.abs(blocks).max(-1, keepdims=True) / 7, 1e-12)
    blocks = np.clip(np.round(blocks / scale), -8, 7) * scale
    found = blocks.reshape(rows.shape).astype(weights.dtype)
    return found if by_row else found.T
