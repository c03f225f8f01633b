"""Quantizes a float TFLite file, with litert-quantizer."""

import contextlib
import hashlib
import io
import pathlib
import re
import warnings

import flatbuffers
import numpy as np

from kerasbert import checks
from kerasbert.export.recipes import UNQUANTIZED, quantizer_recipe
from kerasbert.export.shared_graphs import INPUTS


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


def quantize(source, path, recipe, part_recipes, vocabulary_size, calibration=None):
    """Writes `path` from a float32 file.

    Args:
        source, path: str or path.
        recipe, part_recipes: as for `to_tflite`.
        vocabulary_size: int, which tells the table of tokens from others.
        calibration: list of dicts of int32 arrays `(1, S)`, the inputs that ranges are taken from, or None.

    Raises:
        RuntimeError: if litert-quantizer cannot do it.
    """
    from ai_edge_litert.tools import flatbuffer_utils

    try:
        quantized = _quantized(source, recipe, part_recipes, vocabulary_size, calibration)
    except Exception as error:
        raise checks.invalid(
            "litert-quantizer must be able to quantize the file.",
            fix="Its error is above. If the model is a plain kerasbert task, please report it.",
            where="to_tflite",
            kind=RuntimeError,
            recipe=recipe,
            part_recipes=part_recipes,
        ) from error
    builder = SharedVectors(1024)
    # As an array: buffers cut from bytes would be written byte by byte.
    model = flatbuffer_utils.read_model_from_bytearray(np.frombuffer(quantized, "uint8"))
    _drop_names(model)
    builder.Finish(model.Pack(builder), b"TFL3")
    pathlib.Path(path).write_bytes(builder.Output())


def _quantized(source, recipe, part_recipes, vocabulary_size, calibration):
    from ai_edge_litert.tools import flatbuffer_utils
    from litert_quantizer import quantizer

    model = flatbuffer_utils.read_model(source)
    rules = quantizer_recipe(recipe, part_recipes, _token_lookup(model, vocabulary_size))
    if calibration is not None and (around := _around(model)):
        rules.append(UNQUANTIZED | {"regex": around})
    made, ranges = quantizer.Quantizer(str(source), rules), None
    # It draws progress bars that no argument turns off, and has LiteRT warn that it is asked for all tensors.
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*experimental_preserve_all_tensors", UserWarning)
        if calibration is not None:
            # The task's own signature, and the one that those of texts call.
            ranges = made.calibrate({s.signatureKey.decode(): calibration for s in _of_tokens(model)})
        return made.quantize(ranges, enable_progress_report=False).quantized_model


def _of_tokens(model):
    """The signatures of a float file that take tokens."""
    return [signature for signature in model.signatureDefs if len(signature.inputs) == len(INPUTS)]


def _around(model):
    """A pattern of the names of all operations around the model, from texts to tokens and to answers.

    No ranges are known of their numbers, and those of answers stay exact.
    """
    graphs = {signature.subgraphIndex for signature in _of_tokens(model)}
    names = {
        graph.tensors[tensor].name.decode()
        for number, graph in enumerate(model.subgraphs)
        if number not in graphs
        for tensor in (*graph.inputs, *(output for op in graph.operators for output in op.outputs))
    }
    return f"(^|;)({'|'.join(map(re.escape, sorted(names)))});" if names else ""


def _drop_names(model):
    """Takes the names of tensors that nobody asks for: they cost 10 % of a further signature."""
    for graph in model.subgraphs[1:]:
        asked = {*graph.inputs, *graph.outputs}
        for number, tensor in enumerate(graph.tensors):
            tensor.name = tensor.name if number in asked else b""


def _token_lookup(model, vocabulary_size):
    """A pattern of the name of the operation that looks tokens up: only the size of its table tells."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    names = [
        graph.tensors[op.outputs[0]].name.decode()
        for graph in model.subgraphs
        for op in graph.operators
        if model.operatorCodes[op.opcodeIndex].builtinCode == BuiltinOperator.EMBEDDING_LOOKUP
        and graph.tensors[op.inputs[1]].shape[0] == vocabulary_size
    ]
    return "|".join(f"(^|;){re.escape(name)}($|;)" for name in names)
