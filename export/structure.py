"""Checks the structure of an artifact, so that it runs fast and on every device."""

import re

from kerasbert import checks
from kerasbert.export.recipes import RECIPES

# The limit for a file whose recipe is not known: the largest one of the recipes for CPUs.
PARTITIONS = max(recipe.partitions for recipe in RECIPES.values() if recipe.target == "cpu")


def check_structure(task, artifact, kind=RuntimeError):
    """Raises an error for anything that a converter may silently get wrong.

    Args:
        task: the kerasbert task that was exported.
        artifact: `Artifact`, described from the files on disk.
        kind: the class of the exception.
    """
    if artifact.format == "saved_model":
        _check_signature(task, artifact, f"{task.endpoint}_tokens", kind)
        return
    if artifact.format == "onnx":
        if any("code_points" in names["inputs"] for names in artifact.signatures.values()):
            _check_takes_texts(task, artifact, kind)
        else:
            _check_signature(task, artifact, next(iter(artifact.signatures)), kind)
        return
    bad = [op for op in artifact.ops if op.startswith("Flex") or op in ("VAR_HANDLE", "READ_VARIABLE")]
    limit = RECIPES[artifact.recipe].partitions if artifact.recipe else PARTITIONS
    if task.has_own_head:  # it may have operations that XNNPACK does not support
        limit = artifact.partitions
    of_tokens = [
        name
        for name, names in artifact.signatures.items()
        if "code_points" not in names["inputs"] and not re.fullmatch(rf"{task.endpoint}_\d+", name)
    ]
    if bad or len(of_tokens) != 1 or artifact.partitions > limit:
        raise checks.invalid(
            "A converted file must have one signature that takes tokens of any length, only built-in "
            f"operations, and at most {limit} XNNPACK partitions.",
            fix="Use the versions of TensorFlow and LiteRT that setup.cfg names. If you already do, please "
            "report this error.",
            where=str(artifact.path),
            kind=kind,
            operations=bad,
            signatures=artifact.signatures,
            partitions=artifact.partitions,
        )
    _check_signature(task, artifact, task.endpoint, kind)


def _check_signature(task, artifact, name, kind):
    expected = {"inputs": sorted(task.input_specs(None, None)), "outputs": sorted(task.answer_names)}
    found = {key: sorted(names) for key, names in artifact.signatures.get(name, {}).items()}
    missing = {key: set(names) - set(found.get(key, ())) for key, names in expected.items()}
    if any(missing.values()):
        raise checks.invalid(
            f"An artifact must have the signature `{name}` with the task's inputs and outputs.",
            fix="Export this task again.",
            where=str(artifact.path),
            kind=kind,
            missing=sorted(set.union(*missing.values())),
            signatures=artifact.signatures,
        )


def _check_takes_texts(task, artifact, kind):
    names = {f"{task.endpoint}_text", f"{task.endpoint}_text_pair"}
    if not names & artifact.signatures.keys():
        raise checks.invalid(
            "An ONNX file that takes text must be of the task's kind.",
            fix="Export this task again.",
            where=str(artifact.path),
            kind=kind,
            endpoint=task.endpoint,
            signatures=artifact.signatures,
        )
