"""TFLite (LiteRT) files: float, float16 and quantized."""

import collections
import dataclasses
import pathlib
import subprocess
import sys
import tempfile

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.export.artifact import Artifact, check_exportable
from kerasbert.export.edge_graph import write_edge_graph
from kerasbert.text import TOKEN_INPUTS

INSTALL = "pip install 'kerasbert[tflite]'"
# Recipe -> XNNPACK partitions. The converter writes float32 and float16; the others are litert-quantizer's,
# by its names. LiteRT looks rows up in float32 and int8 only: float16 tables are widened first, apart.
PARTITIONS = {"float32": 1, "float16": 2, "dynamic_wi8_afp32": 1}
RECIPES = tuple(PARTITIONS)


def to_tflite(task, path, recipe="dynamic_wi8_afp32"):
    """Writes a task as a TFLite file for one sequence of any length.

    Its one signature is called after the task, such as `classify`. It takes `token_ids`, `segment_ids` and
    `padding_mask`, int32 `(1, S)`, and returns the task's answers by name: `probabilities` `(1, C)` of a
    classifier, `(1, S, C)` of a token classifier, `(1, S, V)` of a masked language model; `embedding`
    `(1, D)`; `start` and `end` `(1, S)`, logits, of a question answerer; `score` `(1, 1)` of one choice of
    several. The task's `predict_by(export.open_artifact(path), x)` makes entities and answers of them.

    Args:
        task: a kerasbert task, such as `BertTextClassifier`, with float32 variables.
        path: str or path of the file. A file that exists is replaced once the new one is complete.
        recipe: str, how weights are stored and products computed: `"dynamic_wi8_afp32"`, int8 weights with
            a scale per channel and activations quantized while it runs; `"float16"`; `"float32"`.

    Returns:
        `Artifact`.

    Raises:
        ImportError: if `ai-edge-litert` or `litert-quantizer` is missing.
        ValueError: if the recipe is unknown, or the task computes in another dtype than float32.
        RuntimeError: if the conversion fails, or gives a file that would answer slowly or wrongly.
    """
    checks.one_of("to_tflite", RECIPES, recipe=recipe)
    checks.require("ai_edge_litert.interpreter", INSTALL, "Export to TFLite")
    checks.require("litert_quantizer", INSTALL, "Export to TFLite")
    check_exportable(task, "to_tflite")
    if task.compute_dtype != "float32":
        # The edge graph calls the layers themselves, and they would leave casts between all of them.
        raise checks.invalid(
            "A task must compute in float32 to be exported to TFLite.",
            fix="Build the same task with dtype='float32', give it `task.get_weights()`, and export that.",
            where="to_tflite",
            compute_dtype=task.compute_dtype,
        )
    with tempfile.TemporaryDirectory() as folder, replacing(path) as temporary:
        write_edge_graph(task, folder)
        _convert(folder, temporary, task.endpoint, recipe)
        artifact = describe_tflite(temporary, recipe)
        _check(artifact, task)
    return dataclasses.replace(artifact, path=pathlib.Path(path))


def _convert(folder, path, signature, recipe):
    # A process of its own: each conversion leaves about 22 MB behind.
    command = [sys.executable, "-m", "kerasbert.export.convert", folder, str(path), signature, recipe]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise checks.invalid(
            "The converter must finish.",
            fix="Read its last lines above; report them if the model is a plain kerasbert task.",
            where="to_tflite",
            kind=RuntimeError,
            exit_status=done.returncode,
        ) from RuntimeError(done.stderr[-2000:])


def describe_tflite(path, recipe=None):
    """Reads what a TFLite file holds.

    Args:
        path: str or path.
        recipe: str or None, noted in the result.

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
        partitions=partitions,
        ops=dict(sorted(ops.items())),
    )


def _check(artifact, task):
    """Raises RuntimeError for what a converter can get wrong without saying so."""
    bad = [op for op in artifact.ops if op.startswith("Flex") or op in ("VAR_HANDLE", "READ_VARIABLE")]
    limit = PARTITIONS[artifact.recipe]
    expected = {"inputs": sorted(TOKEN_INPUTS), "outputs": sorted(task.answer_names)}
    found = {k: sorted(v) for k, v in artifact.signatures.get(task.endpoint, {}).items()}
    if bad or found != expected or len(artifact.signatures) != 1 or artifact.partitions > limit:
        raise checks.invalid(
            "A converted file must have one signature, builtin operations alone, and at most "
            f"{limit} XNNPACK partitions.",
            fix="Use the tested versions of TensorFlow and LiteRT; report this if you do.",
            where="to_tflite",
            kind=RuntimeError,
            operations=bad,
            signatures=artifact.signatures,
            partitions=artifact.partitions,
        )
