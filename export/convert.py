"""Converts a SavedModel to a float TFLite file, in a process of its own."""

import pathlib

import numpy as np
from ai_edge_litert.schema_py_generated import Model, TensorType

from kerasbert.export.edge_graph import STAND_IN, TABLE
from kerasbert.export.shared_graphs import INPUTS, MODEL, connect


def main(folder, path, recipe, *signatures):
    """Writes `path` from the SavedModel in `folder`.

    Args:
        folder, path: str.
        recipe: str, `"float32"`, `"float16"`, or the recipe by which the file will be quantized later.
        signatures: str, the names of the signatures, the task's first.
    """
    from tensorflow.lite.python.convert import OpsSet, convert_saved_model

    halved = recipe == "float16"
    # `TFLiteConverter` calls the same, but first loads the SavedModel twice. If the file will be quantized,
    # its weights are stored after the flatbuffer, which saves a copy.
    content = convert_saved_model(
        saved_model_dir=folder,
        saved_model_version=1,
        saved_model_tags={"serve"},
        saved_model_exported_names=list(signatures),
        target_ops=[OpsSet.TFLITE_BUILTINS],
        use_buffer_offset=not recipe.startswith("float"),
        post_training_quantize=halved,
        quantize_to_float16=halved,
    )
    pathlib.Path(path).write_bytes(content)
    del content
    order_inputs(path)
    if MODEL in signatures:
        connect(path)
    table = pathlib.Path(folder) / TABLE
    if table.exists():
        fill_table(path, table)


def order_inputs(path):
    """Sorts the inputs of a file in the order of `INPUTS`, for callers that refer to them by index.

    The converter's own order, segments, tokens, mask, has no meaning.
    """
    content = np.memmap(path, mode="r+")
    model = Model.GetRootAs(content, 0)
    for signature in map(model.SignatureDefs, range(model.SignatureDefsLength())):
        named = map(signature.Inputs, range(signature.InputsLength()))
        index = {tensor.Name().decode(): tensor.TensorIndex() for tensor in named}
        if index.keys() >= set(INPUTS):
            graph, others = model.Subgraphs(signature.SubgraphIndex()), sorted(index.keys() - set(INPUTS))
            graph.InputsAsNumpy()[:] = [index[name] for name in (*INPUTS, *others)]


def fill_table(path, table):
    """Overwrites the placeholder constant of a float file with the token embedding."""
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
            # The values are checked, because a kernel may have the same shape.
            if np.all(numbers == STAND_IN):
                numbers[:] = table.ravel()
                return
    raise ValueError(f"no constant stands for the table, {table.shape}")
