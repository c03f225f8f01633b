"""One row of numbers for a text or a pair of texts."""

import numpy as np

from kerasbert.export.text_graphs.tokenize import PAIR, TEXT, as_code_points, packed, text_spec


def signatures(task, tokenizer, run):
    """Graph functions of a text and of a pair: the task's answers, and `truncated`."""

    def answers(code_points, pair_code_points=None):
        tokens = packed(task, tokenizer, code_points, pair_code_points)
        return run(tokens) | {"truncated": tokens["truncated"]}

    name = f"{task.endpoint}_text"
    return {
        name: (answers, [text_spec(TEXT)]),
        f"{name}_pair": (answers, [text_spec(TEXT), text_spec(PAIR)]),
    }


def inputs(kind, row):
    """The signature that answers a row, a tuple of one text or two, and its inputs."""
    texts = dict(zip((TEXT, PAIR), map(as_code_points, row), strict=False))
    return f"{kind}_text" + "_pair" * (len(row) > 1), texts


def predictions(description, rows, outputs):
    """Numbers `(rows, C)`."""
    name = description["output"]
    if outputs:
        return np.concatenate([row[name] for row in outputs])
    _, *shape = np.shape(description["self_test"]["outputs"][name])
    return np.zeros((0, *shape), "float32")
