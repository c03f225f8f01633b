"""Layers, encoder and tasks on the other backends: the same outputs and losses, without TensorFlow."""

import importlib.util

import numpy as np
import pytest
from apart import run_apart
from conformance_cases import LAYERS, TASKS

SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
if sys.argv[2] == "without TensorFlow":
    sys.modules["tensorflow"] = sys.modules["tensorflow_text"] = None
import keras
import numpy as np
import kerasbert
from conformance_cases import CONFIG, LAYERS, TASKS, TOKENS, make_still_task, outputs, training_rows

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

for name in TASKS:
    task = make_still_task(name, CONFIG, None)
    numbers(task)
    tokens, y, options = training_rows(name, lambda texts: TOKENS, None)
    found[name] = task(tokens)
    task.compile(optimizer=kerasbert.training.BertAdamW(1e-3), **options)
    fit = task.fit(tokens, y, batch_size=2, epochs=3, shuffle=False, verbose=0)
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
    return run_apart(SCRIPT, tensorflow, KERAS_BACKEND=backend)


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
