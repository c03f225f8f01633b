"""What tf2onnx makes of TensorFlow's operations, in fewer operations, which runtimes have kernels for.

All-MiniLM-L6-v2 has 704 operations before and 248 after, and takes 15 % less time at 16 tokens, 6 % at 128.
"""

import math

import numpy as np

from kerasbert import checks
from kerasbert.export.onnx_order import drop_invariants, number, order, subgraphs

INSTALL = "pip install 'kerasbert[onnx]'"


def simplify(graph):
    """Rewrites layer normalizations, linear maps, the splitting of heads and GELUs, in place.

    Args:
        graph: `onnx.GraphProto`, whose operations are in an order in which they can run.
    """
    drop_invariants(graph)
    _rewrite(graph, {})
    order(graph)
    number(graph)


def _rewrite(graph, constants):
    rewriter = _Rewriter(graph, constants)
    for rule in (_layer_normalization, _linear_map, _heads, _gelu):
        for node in graph.node:
            rule(rewriter, node)
    for node in graph.node:
        for inner in subgraphs(node):
            _rewrite(inner, rewriter.constants)


class _Rewriter:
    """Finds the operations that an operation reads, and changes it.

    What changes keeps its place and its output, and reads no more than what was read before.
    """

    def __init__(self, graph, constants):
        self.onnx = checks.require("onnx", INSTALL, "Export to ONNX")
        self.graph = graph
        self.makers = {output: node for node in graph.node for output in node.output}
        self.constants = constants | {tensor.name: tensor for tensor in graph.initializer}

    def maker(self, node, index, kind):
        """The operation whose result is an input of `node`, if it is of this kind."""
        maker = self.makers.get(node.input[index]) if node is not None else None
        return maker if maker is not None and maker.op_type == kind else None

    def constant(self, name):
        """The array of this name, or None."""
        tensor = self.constants.get(name)
        return None if tensor is None else self.onnx.numpy_helper.to_array(tensor)

    def add_constant(self, name, array):
        """Returns the name of a new constant."""
        if name not in self.constants:
            self.constants[name] = self.onnx.numpy_helper.from_array(array, name)
            self.graph.initializer.append(self.constants[name])
        return name

    def change(self, node, kind, inputs, **attributes):
        """Makes another operation of `node`."""
        new = self.onnx.helper.make_node(kind, inputs, node.output, node.name, **attributes)
        node.CopyFrom(new)


def _layer_normalization(graph, node):
    """(x - mean) * (rate * gamma) + beta, where rate = 1 / sqrt(variance + epsilon)."""
    scaled = graph.maker(node, 0, "Mul") if node.op_type == "Add" else None
    centered, scale = graph.maker(scaled, 0, "Sub"), graph.maker(scaled, 1, "Mul")
    root = graph.maker(graph.maker(scale, 0, "Reciprocal"), 0, "Sqrt")
    variance = graph.maker(root, 0, "Add")
    # tf2onnx's word for the mean over the last of three axes is a pooling.
    means = [graph.maker(centered, 1, kind) for kind in ("GlobalAveragePool", "ReduceMean")]
    if not variance or not any(means):
        return
    inputs = [centered.input[0], scale.input[1], node.input[1]]
    epsilon = graph.constant(variance.input[1])
    graph.change(node, "LayerNormalization", inputs, axis=-1, epsilon=epsilon.item())


def _linear_map(graph, node):
    """A product of matrices, of what was reshaped to one and is reshaped back: TensorFlow's Tensordot."""
    product = graph.maker(node, 0, "MatMul") if node.op_type == "Reshape" else None
    matrix = graph.maker(product, 0, "Reshape")
    if matrix and node.output[0].endswith("/Tensordot:0"):
        graph.change(node, "MatMul", [matrix.input[0], product.input[1]])


def _heads(graph, node):
    """A reshape to (B, -1, ...), where B was read from the shape of the input: 0 means the same."""
    shape = graph.maker(node, 1, "Cast") if node.op_type == "Reshape" else None
    shape = graph.maker(shape, 0, "Concat")
    rest = [graph.constant(name) for name in shape.input[1:]] if shape else [None]
    if any(part is None for part in rest):
        return
    sizes = np.concatenate([[0], *rest]).astype("int64")
    name = graph.add_constant("shape_" + "_".join(map(str, sizes)), sizes)
    graph.change(node, "Reshape", [node.input[0], name])


def _gelu(graph, node):
    """erf(x * sqrt(0.5)), as the quotient that ONNX Runtime looks for."""
    scaled = graph.maker(node, 0, "Mul") if node.op_type == "Erf" else None
    if scaled and math.isclose(graph.constant(scaled.input[1]), 0.5**0.5, rel_tol=1e-6):
        root = graph.add_constant("sqrt_2", np.float32(2**0.5))
        graph.change(scaled, "Div", [scaled.input[0], root])
