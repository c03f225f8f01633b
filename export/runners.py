"""Opens any artifact as a function that takes and returns a dict of arrays."""

import pathlib
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data import are_words, count_rows, rows_of
from kerasbert.export import endpoints
from kerasbert.export.artifact import Artifact
from kerasbert.export.onnx_runner import OnnxRunner
from kerasbert.export.saved_model_runner import SavedModelRunner
from kerasbert.export.text_runner import warn_of_truncated
from kerasbert.export.tflite_runner import TFLiteRunner
from kerasbert.tasks.task import Task
from kerasbert.types import PathLike, Rows

BATCH_SIZE = 32


def existing(path):
    """Returns the path of an artifact, or raises FileNotFoundError."""
    path = pathlib.Path(path)
    if not path.exists():
        raise checks.invalid(
            "The artifact must exist.",
            fix="Export it first.",
            kind=FileNotFoundError,
            path=str(path),
        )
    return path


def open_artifact(
    path: Artifact | PathLike, num_threads: int = 1
) -> SavedModelRunner | TFLiteRunner | OnnxRunner:
    """Returns the runner for a file or folder.

    Args:
        path: str, path or `Artifact`.
        num_threads: int, for a TFLite or ONNX file.

    Raises:
        FileNotFoundError: if it does not exist.
        ImportError: if its runtime is missing.
        ValueError: if it is not a SavedModel, a TFLite file or an ONNX file, whose name must end in `.onnx`;
            or if it is damaged.
    """
    path = existing(getattr(path, "path", path))
    if (path / "saved_model.pb").is_file():
        kind: Any = SavedModelRunner
        arguments: tuple[Any, ...] = (path,)
    elif path.is_file() and _is_tflite(path):
        kind, arguments = TFLiteRunner, (path, num_threads)
    elif path.is_file() and path.suffix == ".onnx":
        kind, arguments = OnnxRunner, (path, num_threads)
    else:
        raise checks.invalid(
            "The artifact must be a SavedModel folder, a TFLite file, or an ONNX file called `.onnx`.",
            fix="Export the model with `to_saved_model`, `to_tflite` or `to_onnx`.",
            path=str(path),
        )
    try:
        return kind(*arguments)
    except ImportError:
        raise
    except Exception as error:  # the runtimes have no common exception class
        raise checks.invalid(
            "The artifact must be a complete file that its runtime can load.",
            fix="The file is damaged or of another version. Export it again.",
            path=str(path),
            reason=str(error),
        ) from error


def answer_texts(runner: SavedModelRunner | TFLiteRunner | OnnxRunner, task: Task, x: Rows) -> Any:
    """Runs an artifact on texts; if the artifact does not take texts, the task tokenizes them.

    Args:
        runner: `SavedModelRunner`, `TFLiteRunner` or `OnnxRunner`.
        task: the kerasbert task that was exported.
        x: texts, as for the task's `predict`, in memory.

    Returns:
        What the task's `predict` returns (for a masked language model, `fill_masks`).

    Warns:
        UserWarning: if texts were truncated, with their number.
    """
    if not isinstance(runner, SavedModelRunner):
        if runner.takes_texts and not (task.endpoint == "tag" and are_words(x)):
            return runner.predict(x)
        return task.predict_with(runner, x)
    endpoint, found, truncated = endpoints.BY_NAME[task.endpoint], [], 0
    count = count_rows(x)
    if not count:
        return task.predict_with(runner, x)  # which then runs nothing
    for start in range(0, count, BATCH_SIZE):
        part = rows_of(x, range(start, min(start + BATCH_SIZE, count)))
        outputs = runner(endpoint.columns(part))
        if "truncated" in outputs:  # of each row, or of each sentence of a row
            truncated += int(outputs["truncated"].reshape(len(outputs["truncated"]), -1).any(1).sum())
        found.append(endpoint.predictions(task, outputs, part))
    warn_of_truncated(truncated, count, task.max_sequence_length)
    return (
        np.concatenate(found) if isinstance(found[0], np.ndarray) else [row for part in found for row in part]
    )


def _is_tflite(path):
    with path.open("rb") as file:
        return file.read(8)[4:] == b"TFL3"
