"""Describes SavedModels."""

import collections

from kerasbert.export.artifact import Artifact


def describe_saved_model(path):
    """Describes a SavedModel without loading its weights.

    Args:
        path: str or path of the folder.

    Returns:
        `Artifact`; its `ops` count the operations of the graph and of every function in it.
    """
    graph = read_graph(path)
    signatures = {
        name: {"inputs": sorted(s.inputs), "outputs": sorted(s.outputs)}
        for name, s in graph.signature_def.items()
        if not name.startswith("__")
    }
    return Artifact.of(path, "saved_model", signatures=signatures, ops=count_ops(graph))


def read_graph(path):
    """Returns the `MetaGraphDef` of a SavedModel."""
    from tensorflow.python.saved_model import loader_impl

    return loader_impl.parse_saved_model(str(path)).meta_graphs[0]


def count_ops(graph):
    """Counts each operation in a graph and in its functions."""
    nodes = [*graph.graph_def.node, *(n for f in graph.graph_def.library.function for n in f.node_def)]
    return dict(sorted(collections.Counter(node.op for node in nodes).items()))
