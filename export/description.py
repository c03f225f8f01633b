"""What a file that takes text says of itself.

In a TFLite file it is a ZIP archive behind the model, which runtimes leave alone; in an ONNX file its
metadata.
"""

import json
import pathlib
import zipfile
from typing import Any

from kerasbert import checks
from kerasbert.export.artifact import Artifact
from kerasbert.export.onnx_graph import INSTALL
from kerasbert.types import PathLike

TASK, LABELS = "task.json", "labels.txt"
VERSION = 1
# How far answers of another processor may be from those of this one: the same float sums in another order, or
# quantized products, of other roundings.
EXACT, QUANTIZED = 1e-4, 5e-2


def add_description(task, path, content):
    """Appends what a file says of itself.

    Args:
        task: the kerasbert task that was exported.
        path: str or path.
        content: dict for JSON, see `describe`.
    """
    names = ("pad_id", "unk_id", "cls_id", "sep_id", "mask_id")
    special = {name.removesuffix("_id"): int(getattr(task.tokenizer, name)) for name in names}
    content = {"kerasbert": VERSION, **content, "special_ids": special}
    lines = "".join(f"{name}\n" for name in content["types"] or content["labels"])
    # A lone surrogate, which UTF-8 cannot hold, is written as JSON escapes it.
    parts = {
        TASK: json.dumps(content, indent=1, allow_nan=False),
        LABELS: lines.encode("utf-8", "backslashreplace").decode(),
    }
    if _is_onnx(path):
        onnx = checks.require("onnx", INSTALL)
        metadata = onnx.ModelProto()
        onnx.helper.set_model_props(metadata, parts)
        with open(path, "ab") as file:  # Protocol Buffers merge messages that stand one behind the other
            file.write(metadata.SerializeToString())
        return
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            # With one date, so that two exports give the same bytes.
            archive.writestr(zipfile.ZipInfo(name), part)


def describe(path: Artifact | PathLike) -> dict[str, Any]:
    """Reads what a TFLite or ONNX file that takes text says of itself.

    Args:
        path: str, path or `Artifact`.

    Returns:
        dict. It always has `kind` (the task's own signature, such as `"classify"`), `output` (the name of the
        answer), `max_sequence_length`, `vocabulary_size`, `special_ids`, `signatures` (with the names of
        their inputs and outputs), `recipe` and `part_recipes`. Classifiers have `problem`, `labels` and
        `thresholds` (of several labels, or None for one half), token classifiers `labels`, `scheme` and
        `types`, and masked language models `vocabulary`. `self_test` holds a `signature`, its `inputs`, the
        `outputs` that they gave on this machine, and `tolerance`, how much
        the outputs of another processor may differ.

    Raises:
        FileNotFoundError: if nothing is there.
        ValueError: if the file has no description.
    """
    path = getattr(path, "path", path)
    try:
        if _is_onnx(path):
            found = checks.require("onnx", INSTALL).load(path, load_external_data=False).metadata_props
            return json.loads({entry.key: entry.value for entry in found}[TASK])
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(TASK))
    except (zipfile.BadZipFile, KeyError) as error:
        raise no_description(path, "describe") from error


def no_description(path, where):
    """Returns the error for a file without a description."""
    return checks.invalid(
        "Only files that take text contain a description of themselves.",
        fix="Export it with `to_tflite(task, path, text=True)` or `to_onnx(task, path, text=True)`.",
        where=where,
        path=str(path),
    )


def _is_onnx(path):
    return pathlib.Path(path).suffix == ".onnx"
