"""Writes and describes TFLite (LiteRT) files."""

import collections
import os
import pathlib
import subprocess
import sys
import tempfile

from kerasbert import checks
from kerasbert.export import endpoints
from kerasbert.export.artifact import Artifact, check_exportable, check_float32
from kerasbert.export.edge_graph import write_edge_graph
from kerasbert.export.quantize import quantize
from kerasbert.export.recipes import check_recipe
from kerasbert.export.structure import check_structure
from kerasbert.export.token_batches import token_batches
from kerasbert.garbage import only_new_garbage

INSTALL = "pip install 'kerasbert[tflite]'"
# Without what TensorFlow imports wherever it is installed, and no conversion needs: 2 s of the start's 5.
UNNEEDED = "cv2", "jax", "matplotlib", "pandas", "sklearn", "torch"
CONVERT = (
    f"import sys; sys.modules.update(dict.fromkeys({UNNEEDED})); "
    "from kerasbert.export.convert import main; main(*sys.argv[1:])"
)


def write_tflite(task, path, recipe, finer, calibration, truncate=False, source=None, text=False):
    """Writes a task as a TFLite file; arguments, results and errors are those of `to_tflite`.

    `source` is the path of the float file that quantized ones are made of; it is written if it is not there.
    """
    check_exportable(task, "to_tflite")
    check_recipe(task, recipe, finer, calibration, "to_tflite")
    checks.require("ai_edge_litert.interpreter", INSTALL, "Export to TFLite")
    checks.require("litert_quantizer", INSTALL, "Export to TFLite")
    # The edge graph calls the layers themselves, and they would leave casts between all of them.
    check_float32(task, "to_tflite", "TFLite")
    sequences = None if calibration is None else _sequences(task, calibration)
    with tempfile.TemporaryDirectory() as folder:
        if recipe.startswith("float"):
            _write_float(task, path, recipe, truncate, text)
        else:
            source = source or pathlib.Path(folder) / "float.tflite"
            if not source.exists():
                _write_float(task, source, recipe, truncate, text)
            quantize(source, path, recipe, finer, task.encoder.config.vocabulary_size, sequences)
    artifact = describe_tflite(path, recipe, finer)
    check_structure(task, artifact)
    return artifact


def _sequences(task, texts):
    """Tokens of texts, each sequence by itself without padding: a list of dicts of arrays `(1, S)`."""
    columns = endpoints.BY_NAME[task.endpoint].columns(texts)
    if not all(map(len, columns.values())):
        raise checks.invalid("Calibration needs texts.", fix="Pass training data.", where="to_tflite")
    return [
        {name: value[i : i + 1, :length] for name, value in tokens.items()}
        for tokens in token_batches(task, texts)
        for i, length in enumerate(tokens["padding_mask"].sum(-1))
    ]


def _write_float(task, path, recipe, truncate, text):
    with tempfile.TemporaryDirectory() as folder:
        with only_new_garbage():
            signatures = write_edge_graph(task, folder, truncate, text)
        done = run_conversion(folder, str(path), recipe, *signatures)
    if done.returncode:
        raise checks.invalid(
            "The converter must finish.",
            fix="Read its last lines above; report them if the model is a plain kerasbert task.",
            where="to_tflite",
            kind=RuntimeError,
            exit_status=done.returncode,
        ) from RuntimeError(done.stderr[-2000:])


def run_conversion(*arguments):
    """Runs `convert.main` in a process of its own, since each conversion leaves 22 MB behind."""
    # One arena: freed memory is used again.
    environment = os.environ | {"MALLOC_ARENA_MAX": "1"}
    command = [sys.executable, "-c", CONVERT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def describe_tflite(path, recipe=None, finer=None):
    """Reads what a TFLite file holds.

    Args:
        path: str or path.
        recipe, finer: as for `to_tflite`, or None; noted in the result.

    Returns:
        `Artifact`. `partitions` counts the pieces that XNNPACK runs.
    """
    interpreter = checks.require("ai_edge_litert.interpreter", INSTALL).Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    ops = collections.Counter(op["op_name"] for op in interpreter._get_ops_details())
    partitions = ops.pop("DELEGATE", 0)
    signatures = interpreter.get_signature_list()
    return Artifact.of(
        path,
        "tflite",
        signatures={name: {k: list(v) for k, v in s.items()} for name, s in signatures.items()},
        recipe=recipe,
        finer=dict(finer or {}),
        partitions=partitions,
        ops=dict(sorted(ops.items())),
    )
