"""Builds a task again with weights of other shapes."""

from typing import TypeVar

import keras
import numpy as np

from kerasbert import checks
from kerasbert.config import BertConfig
from kerasbert.layers.dense import left_empty
from kerasbert.tasks.task import Task
from kerasbert.text.base import TextTokenizer

# A kind of task: what goes in comes out.
AnyTask = TypeVar("AnyTask", bound=Task)


def weights_of(task, where):
    """The weights of a task as arrays, by the paths of `named_weights`.

    Args:
        task: a kerasbert task.
        where: str, the caller's name, for the error message.

    Raises:
        ValueError: if the encoder has LoRA weights that are not merged.
    """
    task.encoder.check_merged(where)
    return {path: keras.ops.convert_to_numpy(weight) for path, weight in task.named_weights().items()}


def rebuilt(
    task: AnyTask, config: BertConfig, weights: dict[str, np.ndarray], tokenizer: TextTokenizer | None = None
) -> AnyTask:
    """Builds a task like another, but with an encoder of other sizes.

    Args:
        task: a kerasbert task.
        config: `BertConfig` of the new encoder.
        weights: dict, path -> array, all weights of the new task.
        tokenizer: the tokenizer of the new task, or None to use that of `task`.

    Returns:
        A task with the same class and arguments, as is its encoder. It is not compiled, and none of its
        weights are frozen.

    Raises:
        ValueError: if layers that a subclass of `BertEncoder` adds are not built with it.
    """
    old, changed = task.encoder, {"config": config, "trainable": True, "frozen": None}
    with left_empty():
        encoder = type(old).from_config(old.get_config() | changed)
    parts = {"encoder": encoder, "tokenizer": tokenizer or task.tokenizer, "trainable": True}
    new = type(task)(**(task.get_config() | parts))
    variables = new.named_weights()
    lost = sorted(set(weights) - set(variables))
    if lost:
        raise checks.invalid(
            "An encoder must have all its weights before it is called.",
            fix="Build the layers that your class adds in its `build`.",
            where=type(old).__name__,
            lost=lost,
        )
    for path, weight in variables.items():
        weight.assign(weights[path])
    return new
