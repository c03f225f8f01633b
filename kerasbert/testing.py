"""Checks that your own task keeps the promises of kerasbert's tasks, for use in your tests."""

import json
import pathlib
import tempfile
from collections.abc import Sequence

import keras
import numpy as np

from kerasbert import export
from kerasbert.tasks.task import Task
from kerasbert.text import TOKEN_INPUTS
from kerasbert.types import Labels, Rows

__all__ = ["check_task"]

# The largest difference allowed between answers that are computed in different ways, in float32.
TOLERANCE = 1e-4
WRITERS = {
    "saved_model": lambda task, path: export.to_saved_model(task, path, verify=False),
    "tflite": lambda task, path: export.to_tflite(task, f"{path}.tflite", "float32", verify=False),
    "onnx": lambda task, path: export.to_onnx(task, f"{path}.onnx", verify=False),
}


def check_task(task: Task, x: Rows, y: Labels = None, *, formats: Sequence[str] = tuple(WRITERS)) -> None:
    """Checks that a task keeps the promises of kerasbert's own tasks.

    The task is trained for three epochs, in which all weights of the head must change. Then its answers must
    stay the same after a round trip through its config, a `.keras` file and a preset, for a single sequence
    instead of a batch, with more padding, and in every file to which it is exported.

    Args:
        task: a compiled task, such as one with your own head. It is trained.
        x, y: a few rows and their labels, as for `fit`; y is None if rows need no labels.
        formats: the formats to check, among `"saved_model"`, `"tflite"` and `"onnx"`. They need TensorFlow
            and the extras `[tflite]` and `[onnx]`.

    Raises:
        AssertionError: if a promise is broken; the message says which one, and how much numbers differ.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> import kerasbert
    >>> task = kerasbert.BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> task.compile()
    >>> check_task(task, ["good good", "bad"], ["good", "bad"], formats=())
    """
    _learns(task, x, y)
    batch = next(iter(task.preprocessor.batches(x, y)))
    tokens = {name: np.asarray(value) for name, value in batch[0].items()}
    expected = _answers(task, tokens)
    with tempfile.TemporaryDirectory() as folder:
        for name, again in _round_trips(task, pathlib.Path(folder)):
            _same(expected, _answers(again, tokens), f"after {name}")
        texts = [row if isinstance(row, str) else " ".join(row) for row in x] if isinstance(x, list) else x
        for name in formats:
            artifact = WRITERS[name](task, pathlib.Path(folder) / name)
            export.verify(task, artifact, texts, max_difference=TOLERANCE)
    _same(
        {name: value[0] for name, value in expected.items()},
        _answers(task, {name: value[0] for name, value in tokens.items()}),
        "of one sequence",
    )
    padded = dict(tokens)
    for name in TOKEN_INPUTS:
        padded[name] = np.pad(tokens[name], [(0, 0)] * (tokens[name].ndim - 1) + [(0, 2)])
    padded["token_ids"][..., -2:] = task.tokenizer.pad_id
    found = _answers(task, padded)
    cut = {
        name: value if value.shape == expected[name].shape else value[:, : tokens["token_ids"].shape[-1]]
        for name, value in found.items()
    }
    _same(expected, cut, "with more padding")


def _learns(task, x, y):
    before = {path: np.array(weight) for path, weight in task.named_weights().items()}
    losses = task.fit(x, y, epochs=3, verbose=0).history["loss"]  # the first steps of a warm-up change little
    _promise(np.isfinite(losses).all(), f"The loss must be finite: {losses}")
    trained = {id(variable) for variable in task.trainable_variables}
    for path, weight in task.named_weights().items():
        if id(weight) in trained and not path.startswith("encoder/"):
            _promise(np.any(before[path] != np.array(weight)), f"`fit` must change {path}")


def _round_trips(task, folder):
    """Yields the name of each round trip, and the task that it returns."""
    again = type(task).from_config(json.loads(json.dumps(task.get_config())))
    values = task.named_weights()
    for path, weight in again.named_weights().items():
        _promise(path in values, f"A task built from `get_config` must have the same weights; it has {path}")
        weight.assign(values[path])
    yield "from_config(get_config())", again
    task.save(folder / "task.keras")
    yield "save and load_model", keras.saving.load_model(folder / "task.keras")
    task.save_to_preset(folder / "preset")
    again = type(task).from_preset(folder / "preset")
    report = again.load_report
    _promise(report.initialized == (), f"A preset must keep every weight; it lacks {report.initialized}")
    yield "save_to_preset and from_preset", again


def _answers(task, tokens):
    answers = task.answer_tokens(tokens)
    return {name: keras.ops.convert_to_numpy(value) for name, value in answers.items()}


def _same(expected, found, how):
    for name, value in expected.items():
        _promise(found[name].shape == value.shape, f"`{name}` {how} has the shape {found[name].shape}")
        difference = np.max(np.abs(found[name] - value), initial=0)
        _promise(difference <= TOLERANCE, f"`{name}` {how} differs by {difference:.1e}")


def _promise(kept, message):
    """Raises AssertionError unless a promise is kept. (`python -O` would remove an `assert`.)"""
    if not kept:
        raise AssertionError(message)
