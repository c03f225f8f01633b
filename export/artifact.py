"""What an export wrote."""

import dataclasses
import hashlib
import pathlib

from kerasbert import checks
from kerasbert.atomic import MARK


@dataclasses.dataclass(frozen=True)
class Artifact:
    """A file or folder that an export wrote, and what is in it.

    Args:
        path: `pathlib.Path`.
        format: str, `"saved_model"`, `"tflite"`, `"onnx"`, `"huggingface"`, `"google"` or `"keras_hub"`.
        size_bytes: int, of all files together.
        sha256: str, of the file, or of all files in the order of their names.
        signatures: dict, signature -> {"inputs": names, "outputs": names}.
        recipe: str or None, how it was quantized.
        finer: dict, parts of the model that have another recipe -> theirs.
        partitions: int or None, pieces of the graph that XNNPACK runs as a whole.
        ops: dict, operation -> how often it occurs.
        rungs: tuple of `Rung`, every file that was tried for a budget.
        part_errors: dict, part of the model -> how far answers move when it alone is stored in four bits, the
            worst first; of budgets that int4 alone does not hold.
    """

    path: pathlib.Path
    format: str
    size_bytes: int
    sha256: str
    signatures: dict
    recipe: str | None = None
    finer: dict = dataclasses.field(default_factory=dict)
    partitions: int | None = None
    ops: dict = dataclasses.field(default_factory=dict)
    rungs: tuple = ()
    part_errors: dict = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, path, format, **fields):
        """Measures what stands at `path`."""
        path = pathlib.Path(path)
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        files = [file for file in files if file != path / MARK]  # it is written last, and says nothing new
        digest = hashlib.sha256()
        for file in files:
            if path.is_dir():
                digest.update(str(file.relative_to(path)).encode())
            digest.update(file.read_bytes())
        size = sum(file.stat().st_size for file in files)
        return cls(path=path, format=format, size_bytes=size, sha256=digest.hexdigest(), **fields)


def check_exportable(task, where):
    """Raises ValueError unless a task answers to texts, and so has an endpoint, and its LoRA is merged."""
    task.encoder.check_merged(where)
    if not hasattr(task, "endpoint") or task.tokenizer is None:
        raise checks.invalid(
            "A task must answer to texts to be exported to this format.",
            fix="Give it a tokenizer; of a pre-trained model export the encoder in a task of its own.",
            where=where,
            task=type(task).__name__,
            tokenizer=task.tokenizer,
        )


def check_float32(task, where, format):
    """Raises ValueError unless a task computes in float32, as `format` needs."""
    if task.compute_dtype != "float32":
        raise checks.invalid(
            f"A task must compute in float32 to be exported to {format}.",
            fix="Build the same task with dtype='float32', give it `task.get_weights()`, and export that.",
            where=where,
            compute_dtype=task.compute_dtype,
        )
