"""Converts a SavedModel to TFLite; run as a process: FOLDER PATH SIGNATURE OPTIONS.

OPTIONS are JSON: `recipe` and `finer`; `vocabulary_size`; and `calibration`, the path of an .npz file with
inputs, or null.
"""

import hashlib
import json
import pathlib
import re
import sys

import flatbuffers
import numpy as np
from ai_edge_litert.schema_py_generated import BuiltinOperator


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
    """Writes `path` from the SavedModel in `folder`; arguments as `to_tflite` gives them."""
    import tensorflow as tf

    options = json.loads(options)
    recipe = options["recipe"]
    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[signature])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if recipe == "float16":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    pathlib.Path(path).write_bytes(converter.convert())
    if not recipe.startswith("float"):
        quantize(path, signature, options)


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
    builder.Finish(flatbuffer_utils.read_model_from_bytearray(quantized).Pack(builder), b"TFL3")
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


if __name__ == "__main__":
    main(*sys.argv[1:])
