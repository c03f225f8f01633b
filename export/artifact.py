"""Describes the file or folder that an export wrote."""

import dataclasses
import hashlib
import pathlib
from typing import Any

import keras

from kerasbert import checks
from kerasbert.atomic import MARK
from kerasbert.types import PathLike, Self


@dataclasses.dataclass(frozen=True)
class Artifact:
    """A file or folder that an export wrote, and its contents.

    Args:
        path: `pathlib.Path`.
        format: str, `"saved_model"`, `"tflite"`, `"onnx"`, `"huggingface"`, `"google"` or `"keras_hub"`.
        size_bytes: int, the size of all files together.
        sha256: str, the hash of the file, or of all files in the order of their names.
        signatures: dict, signature -> {"inputs": names, "outputs": names}.
        recipe: str or None, how it was quantized.
        part_recipes: dict, part of the model -> its recipe, for parts with another one.
        partitions: int or None, the number of partitions of the graph that XNNPACK runs.
        ops: dict, operation -> how often it occurs.
        trials: tuple of `Trial`, all files that were tried for a budget.
        part_errors: dict, part of the model -> how much answers change if only this part is stored in four
            bits, the worst first; filled if int4 for all parts did not meet a budget.
    """

    path: pathlib.Path
    format: str
    size_bytes: int
    sha256: str
    signatures: dict[str, Any]
    recipe: str | None = None
    part_recipes: dict[str, str] = dataclasses.field(default_factory=dict)
    partitions: int | None = None
    ops: dict[str, int] = dataclasses.field(default_factory=dict)
    trials: tuple[Any, ...] = ()
    part_errors: dict[str, float] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        said = [repr(str(self.path)), self.format, f"{self.size_bytes / 1e6:.1f} MB"]
        said += [f"{name}={value!r}" for name in ("recipe", "partitions") if (value := getattr(self, name))]
        return f"Artifact({', '.join([*said, f'signatures={list(self.signatures)}'])})"

    @classmethod
    def of(cls, path: PathLike, format: str, **fields: Any) -> Self:
        """Describes the file or folder at `path`."""
        path = pathlib.Path(path)
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        files = [file for file in files if file != path / MARK]  # it is written last, and adds nothing
        digest = hashlib.sha256()
        for file in files:
            if path.is_dir():
                digest.update(str(file.relative_to(path)).encode())
            digest.update(file.read_bytes())
        size = sum(file.stat().st_size for file in files)
        return cls(path=path, format=format, size_bytes=size, sha256=digest.hexdigest(), **fields)


def check_tokenizer(task, where):
    """Raises ValueError unless a file can hold the task's tokenizer."""
    if not task.tokenizer.in_graph:
        raise checks.invalid(
            "A file that takes texts needs a tokenizer made of graph operations.",
            fix="This one runs in Python: write a file that takes tokens, with `to_tflite` or `to_onnx`, and "
            "tokenize in front of it.",
            where=where,
            tokenizer=type(task.tokenizer).__name__,
        )


def check_exportable(task, where):
    """Raises ValueError unless a task can be exported.

    It must run on TensorFlow, have an endpoint (take texts), have its LoRA weights merged, have finite
    weights, and compute its logits in `logits`. Warns if one of its heads was never trained.
    """
    if keras.backend.backend() != "tensorflow":
        raise checks.invalid(
            "Exports need Keras on TensorFlow.",
            fix="Save the task, then load the file and export it in a process with KERAS_BACKEND=tensorflow.",
            where=where,
            backend=keras.backend.backend(),
        )
    if not hasattr(task, "endpoint") or task.tokenizer is None:
        raise checks.invalid(
            "Only tasks that take texts can be exported to this format.",
            fix="Build the task with a tokenizer. To export an encoder or a pre-trained model, build a task "
            "on it.",
            where=where,
            task=type(task).__name__,
        )
    fix = "Override `logits`, which exports call."
    checks.not_overridden(where, task, "call", fix=fix)
    task.encoder.check_merged(where)
    for path, weight in task.named_weights().items():
        if not keras.ops.all(keras.ops.isfinite(weight)):
            raise checks.invalid(
                "All weights must be finite to be exported, because NaN or infinity in a weight spoils the "
                "answers.",
                fix="Go back to a checkpoint from before the loss became NaN, and train with a smaller "
                "learning rate.",
                where=where,
                weight=path,
            )
    task.warn_if_untrained()


def in_float32(task):
    """Returns the task, or a copy with the same weights that computes in float32 if the task does not.

    TFLite and ONNX files compute in float32; a model trained in `mixed_bfloat16` has float32 weights.
    """
    if task.dtype_policy.compute_dtype == task.dtype_policy.variable_dtype == "float32":
        return task
    copy = type(task).from_config(_with_float32(task.get_config()))
    values = task.named_weights()
    for path, weight in copy.named_weights().items():
        weight.assign(keras.ops.cast(values[path], "float32"))
    return copy


def _with_float32(config):
    """Returns the config of a layer with all its dtypes replaced."""
    if isinstance(config, dict):
        return {k: "float32" if k == "dtype" else _with_float32(v) for k, v in config.items()}
    return config
