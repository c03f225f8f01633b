"""Which parts of a model lose most when their weights are stored in four bits."""

import numpy as np

from kerasbert.export.recipes import BLOCK, parts_of
from kerasbert.export.token_batches import token_batches
from kerasbert.optional import tensorflow as tf


def part_errors(task, texts, rows=128):
    """How far answers move when one part at a time has its kernels rounded to int4.

    Kernels get a scale for each 64 numbers of an output, the table of tokens one for each row; all else stays
    float32.

    Args:
        task: a kerasbert task; it is as before when this returns.
        texts: texts as for `predict`.
        rows: int, about how many sequences to ask.

    Returns:
        dict, part (`"embeddings"`, `"block_0/attention"`, ...) -> the mean difference of an answer, the worst
        first.
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
    """How many numbers the kernels and tables of each part have."""
    return {
        part: sum(int(np.prod(weight.shape)) for weight in weights)
        for part, weights in _weights_by_part(task).items()
    }


def _weights_by_part(task):
    """Kernels and tables of each part that can have a recipe of its own: sublayers, and what is around."""
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
    """Weights as four bits give them back: whole numbers from -8 to 7 times a scale.

    Args:
        weights: float array, a kernel `(inputs, outputs)` or a table `(rows, D)`.
        by_row: bool, a scale for each row, as tables have; else for each 64 inputs of an output.

    Returns:
        Float array like it.

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
