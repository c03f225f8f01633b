import json
import subprocess
import sys

import keras
import pytest
import tensorflow as tf

from kerasbert.text import BertTokenizer

TEXTS = ["Unwanted film!", "", "中 İ [MASK]\0" + "a" * 300]
# The process that serves knows nothing of kerasbert.
LOAD = """
import json, sys
import tensorflow as tf, tensorflow_text
served = tf.saved_model.load(sys.argv[1])
out = served.signatures["serving_default"](texts=tf.constant(json.loads(sys.argv[2])))
assert "kerasbert" not in sys.modules
print(json.dumps({name: value.numpy().tolist() for name, value in out.items()}))
"""


def in_another_process(folder):
    command = [sys.executable, "-c", LOAD, str(folder), json.dumps(TEXTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def expected(tokenizer):
    _, starts, ends = tokenizer.tokenize_with_offsets(TEXTS)
    found = {**tokenizer(TEXTS, max_length=9), "starts": starts.to_tensor(), "ends": ends.to_tensor()}
    return {name: value.numpy().tolist() for name, value in found.items()}


def outputs(tokenizer, texts):
    _, starts, ends = tokenizer.tokenize_with_offsets(texts)
    return {**tokenizer(texts, max_length=9), "starts": starts.to_tensor(), "ends": ends.to_tensor()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [pytest.param({}, marks=pytest.mark.slow), {"split_chinese": False, "special_tokens_in_text": True}],
)
def test_a_module(tokens, tmp_path, options):
    tokenizer = BertTokenizer(tokens, **options)
    module = tf.Module()
    module.serve = tf.function(
        lambda texts: outputs(tokenizer, texts),
        input_signature=[tf.TensorSpec([None], tf.string, name="texts")],
    )
    tf.saved_model.save(module, str(tmp_path), signatures=module.serve)
    assert in_another_process(tmp_path) == expected(tokenizer)


@pytest.mark.slow
def test_an_export_archive(tokens, tmp_path):
    tokenizer = BertTokenizer(tokens)
    archive = keras.export.ExportArchive()
    archive.add_endpoint(
        "serving_default",
        lambda texts: outputs(tokenizer, texts),
        input_signature=[tf.TensorSpec([None], tf.string, name="texts")],
    )
    archive.write_out(str(tmp_path), verbose=False)
    assert in_another_process(tmp_path) == expected(tokenizer)


@pytest.mark.parametrize("split_chinese", [True, False])
def test_only_two_operations_are_not_tensorflows_own(tokens, split_chinese):
    """TensorFlow Serving has both; RoundRobinTrim and FastBertNormalize are missing from many releases."""
    tokenizer = BertTokenizer(tokens, split_chinese=split_chinese, special_tokens_in_text=True)
    function = tf.function(lambda texts: outputs(tokenizer, texts))
    graph = function.get_concrete_function(tf.TensorSpec([None], tf.string)).graph.as_graph_def()
    used = {node.op for node in graph.node} | {node.op for f in graph.library.function for node in f.node_def}
    named = {f.signature.name for f in graph.library.function}
    text = {op for op in used - named if not hasattr(tf.raw_ops, op)}
    assert text == {"FastWordpieceTokenizeWithOffsets", "NormalizeUTF8"}
