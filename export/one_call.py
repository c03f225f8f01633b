"""A model that several signatures of a TFLite file call.

From texts to answers in one call, the length of the tokens is known only while the file runs. XNNPACK takes
operations on such tensors one by one or not at all, but a graph of its own, a branch of IF, knows the shapes
of its inputs when it starts, and so stays one partition. All calls share one such graph: the converter and
the quantizer see the model once more and not once for each. It is not the graph of the task's own signature:
IF changes how the inputs of its branches are allocated, and calls of that signature in between were wrong.
"""

import itertools
import pathlib
import re

import numpy as np

from kerasbert.optional import tensorflow as tf

# In the order that a file has, as Hugging Face's `input_ids`, `attention_mask`, `token_type_ids`.
INPUTS = ("token_ids", "padding_mask", "segment_ids")

# A signature while the file is made: the graph that is called.
CALLED = "within"


def caller(function, specs):
    """Returns a function of tokens that calls the graph of `CALLED` once `connect` has seen the file.

    Args:
        function: graph function of three int32 tensors `(1, S)` that returns a dict of float32 tensors.
        specs: its input signature.
    """
    outputs = tf.function(function, input_signature=specs).get_concrete_function().structured_outputs

    def call(tokens):
        rows = [tokens[name] for name in INPUTS]

        def filled(value):
            length = tf.shape(rows[0])[1]
            shapes = (
                [length if size is None else size for size in outputs[name].shape] for name in sorted(outputs)
            )
            return [tf.fill(shape, value) for shape in shapes]

        def stand_in():
            # A PACK in front says which input is which.
            return filled(tf.cast(tf.reduce_max(tf.stack(rows)), tf.float32))

        found = tf.cond(tf.size(rows[0]) > 0, stand_in, lambda: filled(0.0))
        for name, value in zip(sorted(outputs), found, strict=True):
            value.set_shape(outputs[name].shape)
        return dict(zip(sorted(outputs), found, strict=True))

    return call


def number_branches(folder):
    """Names the branches in a SavedModel by their order, so that two exports give the same bytes.

    TensorFlow has numbered all functions of this process, and a TFLite file keeps the names of branches.
    """
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    path = pathlib.Path(folder) / "saved_model.pb"
    model = SavedModel.FromString(path.read_bytes())
    graph = model.meta_graphs[0].graph_def
    names = [function.signature.name for function in graph.library.function]
    found = filter(None, (re.fullmatch(r"(.*cond_(?:true|false)_)(\d+)", name) for name in names))
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
    """Puts the graph of `CALLED` into the place of the branches that stand for it, in a float file."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator, IfOptions, Model

    content = np.memmap(path, mode="r+")
    model = Model.GetRootAs(content, 0)
    called = next(s for s in signatures(model) if s.SignatureKey() == CALLED.encode())
    named = map(called.Outputs, range(called.OutputsLength()))
    index = {tensor.Name(): tensor.TensorIndex() for tensor in named}
    model.Subgraphs(called.SubgraphIndex()).OutputsAsNumpy()[:] = [index[name] for name in sorted(index)]
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
            content[place : place + 4].view("<i4")[:] = called.SubgraphIndex()
    content.flush()


def _packed(model, branch):
    """The inputs of a branch in the order in which a stand-in packs them; None if it is another branch."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    for operation in map(branch.Operators, range(branch.OperatorsLength())):
        if model.OperatorCodes(operation.OpcodeIndex()).BuiltinCode() == BuiltinOperator.PACK:
            packed = operation.InputsAsNumpy().tolist()
            if len(packed) == len(INPUTS) and set(packed) == set(branch.InputsAsNumpy().tolist()):
                return packed
    return None


def drop_called(path):
    """Takes `CALLED` out of the list of a finished file's signatures."""
    from ai_edge_litert.schema_py_generated import Model

    content = np.memmap(path, mode="r+")
    model = Model.GetRootAs(content, 0)
    names = [signature.SignatureKey() for signature in signatures(model)]
    # The vector of signatures: how many, and the distance of each from its own place.
    start = model._tab.Vector(model._tab.Offset(18))
    vector = content[start - 4 : start + 4 * len(names)].view("<i4")
    number = names.index(CALLED.encode())
    vector[1 + number : len(names)] = vector[2 + number :] + 4
    vector[0] -= 1
    content.flush()


def signatures(model):
    """The signatures of a flatbuffer, as a list."""
    return [*map(model.SignatureDefs, range(model.SignatureDefsLength()))]
