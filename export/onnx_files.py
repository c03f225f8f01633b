"""ONNX files, for ONNX Runtime and whatever else reads them."""

import collections
import dataclasses
import gc
import math
import pathlib
from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.export.artifact import Artifact, check_exportable, in_float32
from kerasbert.export.onnx_graph import INSTALL, simplify
from kerasbert.export.onnx_order import graphs, reads
from kerasbert.export.onnx_runner import OnnxRunner
from kerasbert.export.onnx_texts import signatures_of, text_function
from kerasbert.export.text_files import finish_text_file
from kerasbert.export.text_graphs.tokenize import TEXT
from kerasbert.export.verify_export import verify_export
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.task import Task
from kerasbert.types import Labels, PathLike, Rows

# The first one with LayerNormalization; of July 2022.
OPSET = 17
AXES = ("batch", "sequence")
LIMIT = 2**31  # of Protocol Buffers


def to_onnx(
    task: Task,
    path: PathLike,
    *,
    data: tuple[Rows, Labels] | None = None,
    text: bool = False,
    pairs: bool = False,
    verify: bool | dict[str, Any] = True,
) -> Artifact:
    """Writes a task as an ONNX file in float32, for batches of any size and length or for texts.

    The file takes `token_ids`, `segment_ids` and `padding_mask`, int32 `(batch, sequence)`, and returns the
    task's answers by name: a classifier `probabilities` `(batch, C)`, a token classifier `(batch, sequence,
    C)`, a masked language model `(batch, sequence, V)`; an embedder `embedding` `(batch, D)`; a question
    answerer the logits `start` and `end`, `(batch, sequence)`; multiple choice the `score` of one choice,
    `(batch, 1)`. The task's `predict_with(export.open_artifact(path), x)` turns them into what `predict`
    returns. The file has only standard operations, of opset 17, and its weights have the names of
    `task.named_weights()`.

    Args:
        task: as for `to_tflite`.
        path: str or path of the file, which ends in `.onnx`. A file that exists is replaced once the new one
            is complete.
        data, verify: as for `to_tflite`.
        text: bool, whether the file takes a text instead of tokens. Its inputs and outputs are then those of
            the signatures `classify_text`, `tag_text`, `answer_text` and so on of `to_tflite`: it takes
            `code_points`, int32 `(1, N)`, and returns what `predict` returns. It also returns the tokens, as
            `tokenize/token_ids`, `tokenize/starts` and so on, or as `tokenize_pair/...` if it takes two
            texts; of several choices or sentences, those of the first one. `export.describe(path)` reads the
            description of the file, and `export.open_artifact(path).predict(texts)` needs no task.
        pairs: bool, whether a classifier or an embedder that takes text takes two texts: `code_points` and
            `pair_code_points`, as `classify_text_pair` does. An ONNX file has one graph, so if you need
            both, write two files.

    Returns:
        `Artifact`.

    Raises:
        FileExistsError: if `path` is a folder.
        OSError: if the disk is full.
        ImportError: if `onnx` or `tf2onnx` is missing.
        ValueError: if the path does not end in `.onnx`, a weight is not finite, Keras does not run on
            TensorFlow, the task cannot take text or pairs, or the file would have 2 GiB or more.
        VerificationError: if the file is not the same model.
        RuntimeError: if the conversion gives a file that is not what was asked for.
    """
    checks.require("tf2onnx", INSTALL, "Export to ONNX")
    checks.require("onnx", INSTALL, "Export to ONNX")
    check_exportable(task, "to_onnx")
    if pathlib.Path(path).suffix != ".onnx":
        raise checks.invalid(
            "The name of an ONNX file must end in `.onnx`.",
            fix="Add it; `open_artifact` recognizes these files by their name.",
            where="to_onnx",
            path=str(path),
        )
    if pairs and not text:
        raise checks.invalid(
            "`pairs` is for files that take text.",
            fix="Pass `text=True`; files of tokens take pairs as they are.",
            where="to_onnx",
            pairs=pairs,
        )
    task = in_float32(task)
    if text:
        name, function, specs = text_function(task, pairs)
    else:
        name, function, specs = task.endpoint, _of_tokens(task), [*task.input_specs(None, None).values()]
    model = _without_weights(task, function, specs)
    model.graph.name, inputs = name, [spec.name for spec in specs]
    _check(model, task, inputs, text)
    ops = collections.Counter(node.op_type for graph in graphs(model.graph) for node in graph.node)
    outputs = sorted(value.name for value in model.graph.output)
    with replacing(path) as temporary:
        _write(temporary, model, inputs, task.named_weights())
        artifact = Artifact.of(
            temporary,
            "onnx",
            signatures=signatures_of(name, inputs, outputs),
            recipe="float32",
            ops=dict(sorted(ops.items())),
        )
        if text:
            artifact = finish_text_file(task, artifact, OnnxRunner(temporary))
        if verify:
            verify_export(task, artifact, data, verify)
    gc.collect()  # graphs of the conversion refer to themselves, and hold weights
    return dataclasses.replace(artifact, path=pathlib.Path(path))


def _of_tokens(task):
    """The graph function of a file that takes tokens."""
    names = list(task.input_specs(None, None))
    return lambda *inputs: task.answer_tokens(dict(zip(names, inputs, strict=True)))


def _without_weights(task, function, specs):
    """A function as an `onnx.ModelProto` whose weights are inputs beside its own.

    So a conversion holds none of the copies of weights that it would hold of constants, and folds none.
    """
    tf2onnx, weights = checks.require("tf2onnx", INSTALL), task.named_weights()

    def answer(*inputs):
        with keras.StatelessScope(list(zip(weights.values(), inputs[count:], strict=True))):
            return function(*inputs[:count])

    count = len(specs)
    specs = specs + [tf.TensorSpec(weight.shape, weight.dtype, path) for path, weight in weights.items()]
    model, _ = tf2onnx.convert.from_function(
        tf.function(answer, autograph=False), specs, opset=OPSET, custom_op_handlers=HANDLERS
    )
    graph = model.graph
    simplify(graph)
    graph.doc_string = ""
    del model.opset_import[1:]  # ai.onnx.ml, which is not used
    of_texts = specs[0].name == TEXT
    for value in (*graph.input, *graph.output):
        names = (f"{value.name}_rows", f"{value.name}_size") if of_texts else AXES
        for axis, name in zip(value.type.tensor_type.shape.dim, names, strict=False):
            if not axis.dim_value:
                axis.dim_param = name
    return model


def _erfc(graph, node, name, args):
    """Converts TensorFlow's Erfc, which Keras' own GELU has and tf2onnx does not know: 1 - Erf(x)."""
    form = {"shapes": node.output_shapes, "dtypes": node.output_dtypes}
    inputs, outputs = list(node.input), list(node.output)
    graph.remove_node(name)
    erf = graph.make_node("Erf", inputs, **form)
    one = graph.make_const(f"{name}_one", np.float32(1))
    graph.make_node("Sub", [one.output[0], erf.output[0]], outputs=outputs, name=name, **form)


def _segment_sum(graph, node, name, args):
    """Converts sums of segments: tf2onnx's have no row for segments behind the last that is not empty."""
    onnx = checks.require("onnx", INSTALL)
    form = {"shapes": node.output_shapes, "dtypes": node.output_dtypes}
    (values, segments, count), outputs, (kind,) = node.input, list(node.output), node.output_dtypes
    graph.remove_node(name)
    size = graph.make_node("Cast", [count], attr={"to": onnx.TensorProto.INT64}).output[0]
    size = graph.make_node("Reshape", [size, graph.make_const(f"{name}_one", np.array([1])).output[0]])
    zero = onnx.helper.make_tensor("value", kind, [1], [0])
    zeros = graph.make_node("ConstantOfShape", [size.output[0]], attr={"value": zero}, dtypes=[kind])
    inputs = [zeros.output[0], segments, values]
    attributes = {"axis": 0, "reduction": "add"}
    graph.make_node("ScatterElements", inputs, attr=attributes, outputs=outputs, name=name, **form)


HANDLERS: dict[str, Any] = {"Erfc": (_erfc, []), "UnsortedSegmentSum": (_segment_sum, [])}


def _check(model, task, inputs, text):
    """Raises RuntimeError for what a converter can get wrong without saying so."""
    onnx, graph, reason = checks.require("onnx", INSTALL), model.graph, None
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = str(error)
    found = {value.name for value in graph.input} - set(task.named_weights())
    outputs = {value.name for value in graph.output}
    domains = {node.domain for part in graphs(graph) for node in part.node} - {""}
    other = not text and outputs != set(task.answer_names)
    if reason or domains or other or found != set(inputs):
        raise checks.invalid(
            "The converted graph must be valid, have the inputs and outputs of the task, and use only "
            "standard ONNX operations.",
            fix="Use the versions of TensorFlow and tf2onnx that setup.cfg names. If you already do, please "
            "report this error.",
            where="to_onnx",
            kind=RuntimeError,
            reason=reason,
            domains=domains,
            inputs=found,
            outputs=outputs,
        )


def _write(path, model, inputs, weights):
    """Writes a model whose inputs that are weights become constants, but for those that nothing reads.

    Weights are written by hand, one after the other, because a `ModelProto` would hold all of them in
    memory three times.
    """
    onnx, graph = checks.require("onnx", INSTALL), model.graph
    values = {value.name: value for value in graph.input}
    del graph.input[:]
    graph.input.extend(values[name] for name in inputs)
    read = {name for node in graph.node for name in reads(node)}
    tensors, length = [], graph.ByteSize()
    for name in [name for name in weights if name in read]:
        shape, dtype = weights[name].shape, np.dtype(weights[name].dtype)
        size = dtype.itemsize * math.prod(shape)
        kind = onnx.helper.np_dtype_to_tensor_dtype(dtype)
        head = onnx.TensorProto(name=name, dims=shape, data_type=kind).SerializeToString()
        head += _field(onnx.TensorProto.RAW_DATA_FIELD_NUMBER, size)
        head = _field(onnx.GraphProto.INITIALIZER_FIELD_NUMBER, len(head) + size) + head
        tensors.append((head, weights[name]))
        length += len(head) + size
    if length >= LIMIT:
        raise checks.invalid(
            "An ONNX file must be smaller than 2 GiB.",
            fix="Export a smaller model; `to_saved_model` has no such limit.",
            where="to_onnx",
            size_bytes=length,
        )
    written = graph.SerializeToString()
    model.ClearField("graph")
    with open(path, "wb") as file:
        file.write(model.SerializeToString() + _field(onnx.ModelProto.GRAPH_FIELD_NUMBER, length) + written)
        for head, weight in tensors:
            file.write(head)
            file.write(np.ascontiguousarray(keras.ops.convert_to_numpy(weight)))


def _field(number, size):
    """What Protocol Buffers write before a part of `size` bytes: its number in the whole, and its size."""
    written = [number << 3 | 2]
    while size > 127:
        written.append(size & 127 | 128)
        size >>= 7
    return bytes([*written, size])
