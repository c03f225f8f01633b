"""Graphs of code points, run by runtimes that know no strings."""

import numpy as np
import pytest
import tensorflow as tf

from kerasbert.text.integers import IntegerTokenizer

NAMES = ("ids", "starts", "ends")
INPUTS = ("code_points", "pair_code_points")


def code_points(text):
    """What a client makes of a text: int32 (1, N)."""
    return np.array([[ord(c) for c in text]], np.int32).reshape(1, -1)


def rows_of_any_integers(letters):
    """Yields int32 rows: any integers, those at the borders of code points and surrogates, and letters."""
    low, high = np.iinfo(np.int32).min, np.iinfo(np.int32).max
    odd = [low, low + 1, -1, 0, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0x10FFFF, 0x110000, high]
    letters, rng = [*map(ord, letters)], np.random.default_rng(7)
    for _ in range(100):
        row = rng.integers(low, high, 60, np.int32, endpoint=True)
        row = np.where(rng.random(60) < 0.5, rng.choice(odd, 60), row)
        yield np.where(rng.random(60) < 0.5, rng.choice(letters, 60), row).astype(np.int32)


def as_graph(function, inputs=1):
    """The function of `inputs` texts as one of TensorFlow, for any lengths."""
    specs = [tf.TensorSpec((1, None), tf.int32, name) for name in INPUTS[:inputs]]
    return tf.function(function, input_signature=specs, autograph=False)


def by_litert(function, inputs=1):
    """Converts a function of texts to builtin operations of TFLite alone, and returns what runs it."""
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    module = tf.Module()
    module.function = as_graph(function, inputs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.function.get_concrete_function()], module
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    content = converter.convert()
    model = interpreter.Interpreter(model_content=content, num_threads=1)
    runner = model.get_signature_runner()

    def run(*rows):
        assert model, content  # the runner keeps neither alive
        return runner(**dict(zip(INPUTS, rows, strict=False)))

    return run


def by_onnx_runtime(function, inputs=1):
    """The same with standard operations of ONNX's opset 17."""
    tf2onnx, onnxruntime = map(pytest.importorskip, ("tf2onnx", "onnxruntime"))
    graph = as_graph(function, inputs)
    model, _ = tf2onnx.convert.from_function(graph, graph.input_signature, opset=17)
    assert {(opset.domain, opset.version) for opset in model.opset_import} <= {("", 17), ("ai.onnx.ml", 2)}
    assert {node.domain for node in model.graph.node} == {""}
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(*rows):
        return dict(zip(names, session.run(None, dict(zip(INPUTS, rows, strict=False))), strict=True))

    return run


def tokenized(tokenizer, run):
    """A function of one text, or of integers (1, N), which returns [ids, starts, ends] as lists."""
    integers = IntegerTokenizer(tokenizer)

    def function(code_points):
        rows = integers.tokenize(code_points)
        return {name: row[tf.newaxis] for name, row in zip(NAMES, rows, strict=True)}

    run = run(function)

    def answer(text):
        found = run(code_points(text) if isinstance(text, str) else text)
        return [np.asarray(found[name])[0].tolist() for name in NAMES]

    return answer


def different(tokenizer, answer, texts):
    """The texts whose tokens or places are not the tokenizer's own."""
    expected = zip(*(rows.to_list() for rows in tokenizer.tokenize_with_offsets(texts)), strict=True)
    return [text for text, rows in zip(texts, expected, strict=True) if answer(text) != list(rows)]
