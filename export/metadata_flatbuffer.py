"""Writes TFLite Model Metadata, which describes a model's tensors, into the model's own file.

The format: https://ai.google.dev/edge/litert/models/metadata. The metadata are a flatbuffer in an additional
buffer of the model; the files that they name follow the model as an uncompressed ZIP archive.
"""

import mmap
import os
import shutil
import struct
import zipfile

import flatbuffers

from kerasbert import checks
from kerasbert.export.tflite_files import INSTALL

ENTRY = "TFLITE_METADATA"
# The tables of the metadata's schema, with their fields in the order of their numbers.
_FIELDS = {
    "ModelMetadata": (
        "name",
        "description",
        "version",
        "subgraph_metadata",
        "author",
        "license",
        "associated_files",
        "min_parser_version",
    ),
    "SubGraphMetadata": (
        "name",
        "description",
        "input_tensor_metadata",
        "output_tensor_metadata",
        "associated_files",
        "input_process_units",
    ),
    "TensorMetadata": (
        "name",
        "description",
        "dimension_names",
        "content",
        "process_units",
        "stats",
        "associated_files",
    ),
    "ProcessUnit": ("options_type", "options"),
    "BertTokenizerOptions": ("vocab_file",),
    "AssociatedFile": ("name", "description", "type"),
}
BERT_TOKENIZER = 4  # in the union ProcessUnitOptions
TENSOR_AXIS_LABELS, VOCABULARY = 2, 5  # in the enum AssociatedFileType
_PARSER_VERSION = "1.1.0"  # the first version with BertTokenizerOptions
# Fields of a model that point to its parts, except buffers and metadata: operator codes, subgraphs,
# description, metadata_buffer, signatures, groups of external buffers, and these.
_KEPT, _BUFFERS, _METADATA = (1, 2, 3, 5, 7, 8, 9), 4, 6
_ALIGNMENT = 64  # the widest alignment of a buffer


def table(kind, **fields):
    """Returns a table of the metadata, for `model_metadata`.

    Args:
        kind: str, its name in the schema.
        **fields: str, int (for enums), another table or a list of tables.
    """
    return {_FIELDS[kind].index(name): value for name, value in fields.items()}


def model_metadata(name, description, subgraph):
    """Returns the bytes of a metadata flatbuffer.

    Args:
        name: str, the model's name.
        description: str, the model's description.
        subgraph: `table("SubGraphMetadata", ...)`.
    """
    builder = flatbuffers.Builder()
    root = table(
        "ModelMetadata",
        name=name,
        description=description,
        subgraph_metadata=[subgraph],
        min_parser_version=_PARSER_VERSION,
    )
    builder.Finish(_placed(builder, root), b"M001")
    return bytes(builder.Output())


def _placed(builder, value):
    """Writes a value, after its parts, and returns its offset."""
    if isinstance(value, str):
        return builder.CreateString(value)
    if isinstance(value, list):
        return _vector(builder, [_placed(builder, part) for part in value])
    numbers = {slot: part for slot, part in value.items() if isinstance(part, int)}
    places = {slot: _placed(builder, part) for slot, part in value.items() if slot not in numbers}
    return _table(builder, places, numbers, builder.PrependUint8Slot)


def _table(builder, places, numbers=(), prepend_number=None):
    """Writes a table.

    Args:
        builder: `flatbuffers.Builder`.
        places: dict, slot -> offset of the value.
        numbers: dict, slot -> the number itself.
        prepend_number: the method of the builder that writes numbers of the right width.
    """
    builder.StartObject(max([*places, *numbers]) + 1)
    for slot, place in places.items():
        builder.PrependUOffsetTRelativeSlot(slot, place, 0)
    for slot, number in dict(numbers).items():
        prepend_number(slot, number, 0)
    return builder.EndObject()


def _vector(builder, places):
    builder.StartVector(4, len(places), 4)
    for place in reversed(places):
        builder.PrependUOffsetTRelative(place)
    return builder.EndVector()


def write_with_metadata(source, target, metadata, files):
    """Copies a TFLite file and adds metadata to it.

    The model itself is copied unchanged, whatever its size, after a new head: offsets in a flatbuffer point
    forwards and are relative to their own position, so that the head can point to the parts of the model.
    Only two things are changed: the offsets of weights after the flatbuffer, which count from the start of
    the file; and the order of the inputs, which becomes that of the graph's tensors, because MediaPipe 1.2
    fills the wrong tensors in any other order.

    Args:
        source: str or path, a TFLite file without metadata.
        target: str or path of the new file.
        metadata: bytes, the result of `model_metadata`.
        files: dict, name -> str, the contents of the files that the metadata names.

    Raises:
        ValueError: if the model already has metadata.
    """
    with open(source, "rb") as model, open(target, "w+b") as file:
        with mmap.mmap(model.fileno(), 0, access=mmap.ACCESS_READ) as content:
            opened = open_model(content)
            head, moved = _head(opened, metadata, str(source)), _outside(opened)
            inputs = [_sorted_inputs(opened.Subgraphs(i)) for i in range(opened.SubgraphsLength())]
        file.write(head)
        shutil.copyfileobj(model, file, 1 << 20)
        changes = [(position, struct.pack("<Q", len(head) + place)) for position, place in moved]
        for position, content in changes + inputs:
            file.seek(len(head) + position)
            file.write(content)
        file.seek(0, os.SEEK_END)
        with zipfile.ZipFile(file, "w") as archive:
            for name, text in files.items():
                # A plain ZipInfo is not compressed and dated 1980, so that the bytes are always the same.
                archive.writestr(zipfile.ZipInfo(name), text)


def open_model(content):
    """Returns a reader of a TFLite model, from LiteRT's own schema.

    Args:
        content: bytes-like.
    """
    return checks.require("ai_edge_litert.schema_py_generated", INSTALL).Model.GetRootAs(content)


def _head(model, metadata, where):
    """Returns the bytes to put before a model: a new root table with an additional buffer and metadata entry.

    A builder counts offsets from its end, where the old file begins, so that its byte `n` is at `-n`.
    """
    entries = [model.Metadata(i) for i in range(model.MetadataLength())]
    buffers = [model.Buffers(i) for i in range(model.BuffersLength())]
    if ENTRY in [entry.Name().decode() for entry in entries]:
        raise checks.invalid(
            "The file must not have metadata yet.",
            fix="Add metadata to the file as `to_tflite` wrote it.",
            where=where,
            entry=ENTRY,
        )
    builder = flatbuffers.Builder()
    builder.Prep(_ALIGNMENT, 0)  # the size of the head is a multiple of it, so that the model stays aligned
    builder.Prep(16, len(metadata))
    data = builder.CreateByteVector(metadata)
    new_buffer = _table(builder, {0: data})
    name = builder.CreateString(ENTRY)
    new_entry = _table(builder, {0: name}, {1: len(buffers)}, builder.PrependUint32Slot)
    places = {
        _BUFFERS: _vector(builder, [*(-buffer._tab.Pos for buffer in buffers), new_buffer]),
        _METADATA: _vector(builder, [*(-entry._tab.Pos for entry in entries), new_entry]),
    }
    old = model._tab
    for slot in _KEPT:
        field = old.Offset(4 + 2 * slot)
        if field:
            places[slot] = -old.Indirect(old.Pos + field)
    builder.Finish(_table(builder, places, {0: model.Version()}, builder.PrependUint32Slot), b"TFL3")
    return builder.Output()


def _outside(model):
    """Returns, for weights after the flatbuffer, pairs: the position of the offset field, and the offset."""
    buffers = [model.Buffers(i) for i in range(model.BuffersLength())]
    # 0 and 1 are not offsets.
    return [(b._tab.Pos + b._tab.Offset(6), b.Offset()) for b in buffers if b.Offset() > 1]


def _sorted_inputs(graph):
    """Returns the position of a graph's inputs in the file, and their bytes in the order of its tensors."""
    numbers = sorted(graph.Inputs(i) for i in range(graph.InputsLength()))
    return graph._tab.Vector(graph._tab.Offset(6)), struct.pack(f"<{len(numbers)}i", *numbers)
