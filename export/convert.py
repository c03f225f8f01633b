"""Converts a SavedModel to TFLite, in a process of its own."""

import hashlib
import json
import pathlib
import re

import flatbuffers
import numpy as np
from ai_edge_litert.schema_py_generated import BuiltinOperator, Model, TensorType

from kerasbert.export.edge_graph import STAND_IN, TABLE


class SharedVectors(flatbuffers.Builder):
    """Writes equal arrays once: zero points of equal lengths are most of what is beside the weights."""

    def __init__(self, size):
        super().__init__(size)
        self._written = {}

    def CreateNumpyVector(self, x):  # noqa: N802  the name that generated code calls
        """See `flatbuffers.Builder`."""
        key = x.dtype.str, hashlib.sha256(np.ascontiguousarray(x)).digest()
        if key not in self._written:
            self._written[key] = super().CreateNumpyVector(x)
        return self._written[key]


def main(folder, path, signature, options):
    """Writes `path` from the SavedModel in `folder`.

    Args:
        folder, path, signature: str.
        options: str, JSON: `recipe` and `finer`; `vocabulary_size`; and `calibration`, the path of an .npz
            file with inputs, or null.
    """
    from tensorflow.lite.python.convert import OpsSet, convert_saved_model

    options = json.loads(options)
    recipe = options["recipe"]
    halved = recipe == "float16"
    # What `TFLiteConverter` calls, after it has loaded the SavedModel itself, twice. What is quantized next
    # has its weights behind the flatbuffer: one copy less.
    content = convert_saved_model(
        saved_model_dir=folder,
        saved_model_version=1,
        saved_model_tags={"serve"},
        saved_model_exported_names=[signature],
        target_ops=[OpsSet.TFLITE_BUILTINS],
        use_buffer_offset=not recipe.startswith("float"),
        post_training_quantize=halved,
        quantize_to_float16=halved,
    )
    pathlib.Path(path).write_bytes(content)
    del content
    table = pathlib.Path(folder) / TABLE
    if table.exists():
        fill_table(path, table)
    if not recipe.startswith("float"):
        quantize(path, signature, options)


def fill_table(path, table):
    """Writes the table of tokens over the constant that stands for it in a float file."""
    table = np.load(table, mmap_mode="r")
    content = np.memmap(path, mode="r+")
    model = Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    for tensor in map(graph.Tensors, range(graph.TensorsLength())):
        buffer = model.Buffers(tensor.Buffer())
        start, data = buffer.Offset(), buffer.DataAsNumpy()
        place = content[start : start + buffer.Size()] if start else data
        if np.array_equal(tensor.ShapeAsNumpy(), table.shape) and np.size(place):
            numbers = place.view("float16" if tensor.Type() == TensorType.FLOAT16 else "float32")
            # A kernel may have the same shape.
            if np.all(numbers == STAND_IN):
                numbers[:] = table.ravel()
                return
    raise ValueError(f"no constant stands for the table, {table.shape}")


def quantize(path, signature, options):
    """Quantizes a float32 file in place."""
    from ai_edge_litert.tools import flatbuffer_utils
    from litert_quantizer import quantizer

    from kerasbert.export.recipes import quantizer_recipe

    pattern = token_lookup(flatbuffer_utils.read_model(path), options["vocabulary_size"])
    made = quantizer.Quantizer(str(path), quantizer_recipe(options["recipe"], options["finer"], pattern))
    ranges = None
    if options["calibration"]:
        with np.load(options["calibration"]) as arrays:
            rows = {}
            for name in arrays.files:
                number, _, key = name.partition("/")
                rows.setdefault(int(number), {})[key] = arrays[name]
        ranges = made.calibrate({signature: list(rows.values())})
    quantized = made.quantize(ranges, enable_progress_report=False).quantized_model
    builder = SharedVectors(1024)
    # As an array: buffers cut from bytes would be written byte by byte.
    model = flatbuffer_utils.read_model_from_bytearray(np.frombuffer(quantized, "uint8"))
    builder.Finish(model.Pack(builder), b"TFL3")
    pathlib.Path(path).write_bytes(builder.Output())


def token_lookup(model, vocabulary_size):
    """A pattern of the name of the operation that looks tokens up: only the size of its table tells."""
    graph = model.subgraphs[0]
    names = [
        graph.tensors[op.outputs[0]].name.decode()
        for op in graph.operators
        if model.operatorCodes[op.opcodeIndex].builtinCode == BuiltinOperator.EMBEDDING_LOOKUP
        and graph.tensors[op.inputs[1]].shape[0] == vocabulary_size
    ]
    return "|".join(f"(^|;){re.escape(name)}($|;)" for name in names)
