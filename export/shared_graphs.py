"""The model, and the tokenizer of fixed lengths, as graphs that several signatures of a TFLite file call.

From texts to answers in one call, the length of the tokens is known only while the file runs. XNNPACK takes
operations on such tensors one by one or not at all, but a graph of its own, a branch of IF, knows the shapes
of its inputs when it starts, and so stays one partition. All calls share one such graph: the converter and
the quantizer see the model once more and not once for each. It is not the graph of the task's own signature:
IF changes how the inputs of its branches are allocated, and calls of that signature in between were wrong.

The tokenizer is shared by the signatures of fixed lengths alone: a call costs 0.03 ms, 5 % of a short
sentence's time, and a copy some 20 KB.
"""

import itertools
import pathlib
import re

import numpy as np

from kerasbert.export.text_graphs.tokenize import TEXT, text_spec
from kerasbert.optional import tensorflow as tf

# In the order that a file has, as Hugging Face's `input_ids`, `attention_mask`, `token_type_ids`.
INPUTS = ("token_ids", "padding_mask", "segment_ids")

# Signatures while the file is made: the graphs that are called. The number of their inputs tells them apart.
MODEL, TOKENIZER = SHARED = ("shared_model", "shared_tokenizer")


def caller(function, specs):
    """Returns a function with the inputs and outputs of another that calls its graph in the file.

    Until `connect` has seen the file, a branch that computes something else stands for the graph.

    Args:
        function: graph function that returns a dict of tensors, the one of a signature in `SHARED`.
        specs: its input signature, int32 tensors.

    Returns:
        Function of these inputs, in the order that the file's graph has: the model's is `INPUTS`.
    """
    outputs = tf.function(function, input_signature=specs).get_concrete_function().structured_outputs
    outputs = {name: outputs[name] for name in sorted(outputs)}

    def call(*inputs):
        def filled(number):
            sizes = ([number if n is None else n for n in value.shape] for value in outputs.values())
            return [
                tf.fill(size, tf.cast(number, value.dtype))
                for size, value in zip(sizes, outputs.values(), strict=True)
            ]

        # The converter must not know which branch runs, nor the sizes of what it returns. A PACK in front,
        # of all inputs twice, says which branch stands for a graph, and which input is which.
        lowest = tf.reduce_min(tf.concat([tf.reshape(inputs[0], [-1]), [0]], 0))
        found = tf.cond(
            lowest <= 0,
            lambda: filled(tf.reduce_max(tf.stack([*inputs, *inputs]))),
            lambda: filled(tf.reduce_min(inputs[0])),
        )
        for value, like in zip(found, outputs.values(), strict=True):
            value.set_shape(like.shape)
        return dict(zip(outputs, found, strict=True))

    return call


class SharedTokenizer:
    """An `IntegerTokenizer` that calls the file's graph `TOKENIZER`, which is `signature`."""

    def __init__(self, tokenizer):
        self._names = ("ids", "starts", "ends")
        self.join, self.joined_length = tokenizer.join, tokenizer.joined_length

        def function(code_points):
            return dict(zip(self._names, tokenizer.tokenize(code_points), strict=True))

        self.signature = function, [text_spec(TEXT)]
        self._call = caller(*self.signature)

    def tokenize(self, code_points):
        """See `IntegerTokenizer`."""
        found = self._call(code_points if code_points.shape.rank == 2 else code_points[tf.newaxis])
        return tuple(found[name] for name in self._names)


def number_branches(folder):
    """Names the branches in a SavedModel by their order, so that two exports give the same bytes.

    TensorFlow has numbered all functions of this process, and a TFLite file keeps the names of branches.
    """
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    path = pathlib.Path(folder) / "saved_model.pb"
    model = SavedModel.FromString(path.read_bytes())
    graph = model.meta_graphs[0].graph_def
    names = [function.signature.name for function in graph.library.function]
    found = filter(None, (re.fullmatch(r"(.*cond(?:_\d+)?_(?:true|false)_)(\d+)", name) for name in names))
    found = sorted(found, key=lambda match: int(match[2]))
    new = {match[0]: f"{match[1]}{number:04d}" for number, match in enumerate(found)}
    for function in graph.library.function:
        function.signature.name = new.get(function.signature.name, function.signature.name)
    for node in itertools.chain(graph.node, *(function.node_def for function in graph.library.function)):
        for attribute in node.attr.values():
            if attribute.func.name in new:
                attribute.func.name = new[attribute.func.name]
    path.write_bytes(model.SerializeToString(deterministic=True))


def connect(path):
    """Puts the graphs of `SHARED` into the place of the branches that stand for them, in a float file."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator, IfOptions, Model

    content = np.memmap(path, mode="r+")
    model = Model.GetRootAs(content, 0)
    shared = {s.InputsLength(): s for s in signatures(model) if s.SignatureKey().decode() in SHARED}
    for signature in shared.values():
        named = map(signature.Outputs, range(signature.OutputsLength()))
        index = {tensor.Name(): tensor.TensorIndex() for tensor in named}
        graph = model.Subgraphs(signature.SubgraphIndex())
        graph.OutputsAsNumpy()[:] = [index[name] for name in sorted(index)]
    for graph in map(model.Subgraphs, range(model.SubgraphsLength())):
        for operation in map(graph.Operators, range(graph.OperatorsLength())):
            if model.OperatorCodes(operation.OpcodeIndex()).BuiltinCode() != BuiltinOperator.IF:
                continue
            table, options = operation.BuiltinOptions(), IfOptions()
            options.Init(table.Bytes, table.Pos)
            branch = model.Subgraphs(options.ThenSubgraphIndex())
            inputs, order = branch.InputsAsNumpy().tolist(), _packed(model, branch)
            if order is None:
                continue  # an IF of a head of a user's own
            given = operation.InputsAsNumpy()
            given[1:] = given[1:][[inputs.index(i) for i in order]].copy()
            place = table.Pos + options._tab.Offset(4)
            content[place : place + 4].view("<i4")[:] = shared[len(order)].SubgraphIndex()
    content.flush()


def _packed(model, branch):
    """The inputs of a branch in the order in which a stand-in packs them; None if it is another branch."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    inputs = {*branch.InputsAsNumpy().tolist()}
    for operation in map(branch.Operators, range(branch.OperatorsLength())):
        if model.OperatorCodes(operation.OpcodeIndex()).BuiltinCode() == BuiltinOperator.PACK:
            packed = operation.InputsAsNumpy().tolist()
            order = packed[: len(packed) // 2]
            if packed == order * 2 and {*order} == inputs:
                return order
    return None


def drop_shared(path):
    """Takes `SHARED` out of the list of a finished file's signatures."""
    from ai_edge_litert.schema_py_generated import Model

    content = np.memmap(path, mode="r+")
    model = Model.GetRootAs(content, 0)
    kept = [number for number, s in enumerate(signatures(model)) if s.SignatureKey().decode() not in SHARED]
    # The vector of signatures: how many, and the distance of each from its own place.
    start = model._tab.Vector(model._tab.Offset(18))
    vector = content[start - 4 : start + 4 * model.SignatureDefsLength()].view("<i4")
    vector[1 : 1 + len(kept)] = [vector[1 + number] + 4 * (number - new) for new, number in enumerate(kept)]
    vector[0] = len(kept)
    content.flush()


def signatures(model):
    """The signatures of a flatbuffer, as a list."""
    return [*map(model.SignatureDefs, range(model.SignatureDefsLength()))]
