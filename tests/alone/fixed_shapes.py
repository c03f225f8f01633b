"""Signatures of fixed shapes, run by LiteRT's CompiledModel, beside those of any length, run by Interpreter.

FILE KIND LENGTH TOKENS: from texts to answers by those of LENGTH, and by the tokens of those of TOKENS. Reads
signatures and their inputs as JSON, and prints the largest difference.
"""

import json
import sys
import zipfile

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.interpreter import Interpreter

path, kind, length, tokens = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
model, interpreter = CompiledModel.from_file(path), Interpreter(path)
CHARACTERS = 8  # for each token
INPUTS = ("token_ids", "segment_ids", "padding_mask")


def by_compiled_model(signature, inputs):
    details = model.get_output_tensor_details(signature)
    given = {name: model.create_input_buffer_by_name(signature, name) for name in inputs}
    for name, rows in inputs.items():
        given[name].write(rows)
    outputs = {name: model.create_output_buffer_by_name(signature, name) for name in details}
    model.run_by_name(signature, given, outputs)
    found = {}
    for name, detail in details.items():
        values = outputs[name].read(int(np.prod(detail["shape"])), np.dtype(detail["dtype"]).type)
        found[name] = values.reshape(detail["shape"])
    return found


def by_interpreter(signature, inputs):
    return interpreter.get_signature_runner(signature)(**inputs)


def of_size(texts, size):
    rows = {name: np.zeros((1, size), np.int32) for name in texts}
    for name, row in rows.items():
        text = texts[name][0][:size]
        row[0, : len(text)] = text
    return rows


PAD = json.loads(zipfile.ZipFile(path).read("task.json"))["special_ids"]["pad"]


def difference(found, expected):
    """The largest one; padding stands behind tokens, and zeros behind entities."""
    worst = 0.0
    for name, value in expected.items():
        padding = PAD if name == "token_ids" else 0
        behind = [(0, a - b) for a, b in zip(found[name].shape, value.shape, strict=True)]
        worst = max(worst, float(np.abs(found[name] - np.pad(value, behind, constant_values=padding)).max()))
    return worst


differences = [0.0]
for signature, texts in json.load(sys.stdin):
    inputs = of_size(texts, CHARACTERS * length)
    found, expected = by_compiled_model(f"{signature}_{length}", inputs), by_interpreter(signature, inputs)
    differences.append(difference(found, expected))
    if kind != "tag":  # answers have one shape, whatever the text's length is
        for name, row in inputs.items():
            model.resize_input_tensor_by_name(signature, name, row.shape)
        differences.append(difference(by_compiled_model(signature, inputs), expected))

    inputs = of_size(texts, CHARACTERS * tokens)
    name = "tokenize_pair" if len(texts) == 2 else "tokenize"
    found, expected = by_compiled_model(f"{name}_{tokens}", inputs), by_interpreter(name, inputs)
    differences.append(difference(found, expected))

    size = expected["token_ids"].shape[1]
    found = by_compiled_model(f"{kind}_{tokens}", {name: found[name] for name in INPUTS})
    expected = by_interpreter(kind, {name: expected[name] for name in INPUTS})
    if kind in ("tag", "answer"):  # an answer for each token
        found = {name: value[:, :size] for name, value in found.items()}
    differences.append(difference(found, expected))
print(max(differences))
