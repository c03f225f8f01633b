"""What a benchmark of an ONNX file that takes text needs: texts by their length, and its tokenizer alone."""

import json
import pathlib

import numpy as np

from kerasbert import checks
from kerasbert.export.description import describe
from kerasbert.export.onnx_graph import INSTALL
from kerasbert.export.onnx_order import order
from kerasbert.export.onnx_texts import SEPARATOR

TOKENIZER, TEXTS = "tokenizer.onnx", "texts.json"
_BLANK = ord(" ")


def write_onnx_texts(path, lengths, folder):
    """Writes what `measure.py` reads beside an ONNX file that takes text.

    Args:
        path: str or path of the file.
        lengths: sequence of int, how many tokens the texts are to have.
        folder: str or path, where it writes the tokenizer's part of the file, and for each length what the
            file takes, a dict of lists.

    Returns:
        bool, whether the file takes text; nothing is written for others.

    Raises:
        ValueError: if a length has no text, because the file cuts texts to fewer tokens or its inputs have
            more tokens by themselves.
    """
    onnx, onnxruntime = checks.require("onnx", INSTALL), checks.require("onnxruntime", INSTALL)
    model = onnx.load(path)
    if not any(value.name == "code_points" for value in model.graph.input):
        return False
    # ONNX Runtime computes all that stands in a graph, whatever is asked for.
    kept = [value for value in model.graph.output if value.name.startswith("tokenize")]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    order(model.graph)
    onnx.save(model, pathlib.Path(folder) / TOKENIZER)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    ends = next(value.name for value in kept if value.name.endswith(f"{SEPARATOR}ends"))

    def tokenize(inputs):
        arrays = {value.name: np.array(inputs[value.name], "int32") for value in session.get_inputs()}
        return session.run([ends], arrays)[0][0]

    inputs = describe(path)["self_test"]["inputs"]
    texts = {length: _of_length(inputs, length, tokenize, path) for length in lengths}
    (pathlib.Path(folder) / TEXTS).write_text(json.dumps(texts))
    return True


def _of_length(inputs, length, tokenize, where):
    """The inputs with as much of the last text, repeated, as makes `length` tokens."""
    *first, last = inputs
    rows = [[*row, _BLANK] * length for row in inputs[last]]

    def cut(size):
        return {name: inputs[name] for name in first} | {last: [row[:size] for row in rows]}

    for end in np.unique(tokenize(cut(None))):
        if tokenize(cut(end)).size == length:
            return cut(end)
    raise checks.invalid(
        "A file that takes text can be measured at lengths that its texts can have.",
        fix="Leave out lengths above `max_sequence_length`, and those of a few tokens.",
        where=str(where),
        length=length,
    )
