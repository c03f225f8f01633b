"""Writes and describes TFLite (LiteRT) files."""

import collections
import gc
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from kerasbert import checks
from kerasbert.export import endpoints
from kerasbert.export.artifact import Artifact
from kerasbert.export.edge_graph import write_edge_graph
from kerasbert.export.quantize import quantize
from kerasbert.export.recipes import check_recipe
from kerasbert.export.shared_graphs import drop_shared
from kerasbert.export.structure import check_structure
from kerasbert.export.token_batches import single_rows, token_batches

INSTALL = "pip install 'kerasbert[tflite]'"
# Without what TensorFlow imports wherever it is installed, and no conversion needs: 2 s of the start's 5.
UNNEEDED = "cv2", "jax", "matplotlib", "pandas", "sklearn", "torch"
CONVERT = (
    f"import sys; sys.modules.update(dict.fromkeys({UNNEEDED})); "
    "from kerasbert.export.convert import main; main(*sys.argv[1:])"
)


def write_tflite(task, path, recipe, part_recipes, calibration, truncate=False, source=None, lengths=None):
    """Writes a task as a TFLite file; arguments, results and errors are those of `to_tflite`.

    `lengths` is None for a file that takes no text. `source` is the path of the float file that quantized
    ones are made of; it is written if it is not there.
    """
    check_recipe(task, recipe, part_recipes, calibration, "to_tflite")
    checks.require("ai_edge_litert.interpreter", INSTALL, "Export to TFLite")
    checks.require("litert_quantizer", INSTALL, "Export to TFLite")
    sequences = None if calibration is None else _sequences(task, calibration)
    # Beside the file, so that a later export removes it if this process is killed.
    with tempfile.TemporaryDirectory(dir=pathlib.Path(path).parent) as folder:
        if recipe.startswith("float"):
            _write_float(task, path, recipe, truncate, lengths)
        else:
            source = source or pathlib.Path(folder) / "float.tflite"
            if not source.exists():
                _write_float(task, source, recipe, truncate, lengths)
            quantize(source, path, recipe, part_recipes, task.encoder.config.vocabulary_size, sequences)
    if lengths is not None:
        drop_shared(path)
    artifact = describe_tflite(path, recipe, part_recipes)
    check_structure(task, artifact)
    return artifact


def _sequences(task, texts):
    """Tokens of texts, each sequence by itself without padding: a list of dicts of arrays `(1, S)`."""
    columns = endpoints.BY_NAME[task.endpoint].columns(texts)
    if not all(map(len, columns.values())):
        raise checks.invalid("Calibration needs texts.", fix="Pass training data.", where="to_tflite")
    return [row for tokens in token_batches(task, texts) for row in single_rows(tokens)]


def _write_float(task, path, recipe, truncate, lengths):
    with tempfile.TemporaryDirectory(dir=pathlib.Path(path).parent) as folder:
        signatures = write_edge_graph(task, folder, truncate, lengths)
        gc.collect()  # its graphs refer to themselves, and would hold weights beside the converter's
        done = run_conversion(folder, str(path), recipe, *signatures)
    if done.returncode:
        raise checks.invalid(
            "The conversion to TFLite failed.",
            fix="The converter's last lines are above. If the model is a plain kerasbert task, please report "
            "them.",
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


def tflite_bits(path):
    """In how many bits a TFLite file stores its narrowest weights: 32, 16, 8 or 4."""
    from ai_edge_litert.schema_py_generated import Model, TensorType

    bits = {TensorType.FLOAT16: 16, TensorType.INT8: 8, TensorType.INT4: 4}
    model = Model.GetRootAs(np.memmap(path, mode="r"), 0)
    graphs = map(model.Subgraphs, range(model.SubgraphsLength()))
    types = {graph.Tensors(i).Type() for graph in graphs for i in range(graph.TensorsLength())}
    return min(bits.get(kind, 32) for kind in types)


def describe_tflite(path, recipe=None, part_recipes=None):
    """Reads what a TFLite file holds.

    Args:
        path: str or path.
        recipe, part_recipes: as for `to_tflite`, or None; noted in the result.

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
        part_recipes=dict(part_recipes or {}),
        partitions=partitions,
        ops=dict(sorted(ops.items())),
    )
