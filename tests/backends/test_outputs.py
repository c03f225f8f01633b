"""Layers, encoder and tasks on the other backends: the same outputs and losses, without TensorFlow."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from conformance_cases import LAYERS, TASKS

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Another process each: the backend is chosen when Keras is imported.
SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
if sys.argv[2] == "without TensorFlow":
    sys.modules["tensorflow"] = sys.modules["tensorflow_text"] = None
import keras
import numpy as np
import kerasbert
from conformance_cases import CONFIG, LAYERS, TASKS, TOKENS, make_still_task, outputs

def numbers(layer):
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(0, 0.3, weight.shape) for weight in layer.weights])

found = {}
for name, (make, inputs) in LAYERS.items():
    layer = make()
    layer(*inputs)
    numbers(layer)
    found[name] = layer(*inputs)
    if isinstance(found[name], dict) and "sequence_output" in found[name]:
        found[name] = {**found[name], "first": layer(*inputs, first_token_only=True)["sequence_output"]}

def labels(name):
    rows, length = TOKENS["token_ids"].shape
    one, each = np.arange(rows) % 2, np.arange(rows * length).reshape(rows, length) % 2
    return {
        "BertTextClassifier of several labels": np.eye(3)[one],
        "BertTextClassifier of numbers": one.astype("float32"),
        "BertTokenClassifier": each,
        "BertSummarizer": each,
        "BertQuestionAnswerer": {"start": one, "end": one + 1},
        "BertMaskedLM": each,
        "BertPretrainer": {"masked_lm": each, "next_sentence": one},
        "BertTextEmbedder": np.ones((rows, CONFIG.hidden_dim)),
    }.get(name, one)

for name in TASKS:
    task = make_still_task(name, CONFIG, None)
    numbers(task)
    tokens = TOKENS
    if name == "BertMultipleChoice":
        tokens = {key: np.stack([value, value[::-1]], 1) for key, value in TOKENS.items()}
    found[name] = task(tokens)
    options = {"loss": "mse", "metrics": None} if name == "BertTextEmbedder" else {}
    task.compile(optimizer=kerasbert.training.BertAdamW(1e-3), **options)
    fit = task.fit(tokens, labels(name), batch_size=2, epochs=3, shuffle=False, verbose=0)
    found[name + ", losses"] = np.array(fit.history["loss"])
if sys.argv[2] == "without TensorFlow":
    assert sys.modules["tensorflow"] is None
print(json.dumps({
    name: {key: value.tolist() for key, value in outputs(result).items()}
    for name, result in found.items()
}))
"""


def results(backend, tensorflow="with TensorFlow"):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    environment = {**os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, "-c", SCRIPT, str(ROOT), tensorflow]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def on_tensorflow():
    return results("tensorflow")


@pytest.fixture(scope="module", params=["jax", "torch"])
def found(request):
    return results(request.param, "without TensorFlow")


@pytest.mark.parametrize("name", [*LAYERS, *TASKS, *(f"{name}, losses" for name in TASKS)])
def test_backends_agree(name, on_tensorflow, found):
    expected = on_tensorflow[name]
    assert set(found[name]) == set(expected)
    for key, values in expected.items():
        tolerance = {"rtol": 2e-5} if name.endswith("losses") else {"rtol": 0, "atol": 1e-5}
        np.testing.assert_allclose(found[name][key], values, err_msg=key, **tolerance)
