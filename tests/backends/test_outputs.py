"""Layers, encoder and tasks on the other backends: the same outputs and losses, without TensorFlow."""

import importlib.util
import json

import numpy as np
import pytest
from apart import run_apart
from conformance_cases import DIVERSE, LAYERS, TASKS, slow_but

SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
names = json.loads(sys.argv[2])
if sys.argv[3] == "without TensorFlow":
    sys.modules["tensorflow"] = sys.modules["tensorflow_text"] = None
import keras
import numpy as np
import kerasbert
from conformance_cases import LAYERS, TASK_CONFIG, TASKS, TOKENS, make_still_task, outputs, training_rows

def numbers(layer):
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(0, 0.3, weight.shape) for weight in layer.weights])

found = {}
for name in [name for name in LAYERS if name in names]:
    make, inputs = LAYERS[name]
    layer = make()
    layer(*inputs)
    numbers(layer)
    found[name] = layer(*inputs)
    if isinstance(found[name], dict) and "sequence_output" in found[name]:
        found[name] = {**found[name], "first": layer(*inputs, first_token_only=True)["sequence_output"]}

for name in [name for name in TASKS if name in names]:
    task = make_still_task(name, TASK_CONFIG, None)
    numbers(task)
    tokens, y, options = training_rows(name, lambda texts: TOKENS, None)
    found[name] = task(tokens)
    task.compile(optimizer=kerasbert.training.BertAdamW(1e-3), **options)
    fit = task.fit(tokens, y, batch_size=2, epochs=3, shuffle=False, verbose=0)
    found[name + ", losses"] = np.array(fit.history["loss"])
if sys.argv[3] == "without TensorFlow":
    assert sys.modules["tensorflow"] is None
print(json.dumps({
    name: {key: value.tolist() for key, value in outputs(result).items()}
    for name, result in found.items()
}))
"""


# JAX takes a minute to compile all tasks.
PARTS = {
    "layers and diverse tasks": [*LAYERS, *DIVERSE],
    "other tasks": [name for name in TASKS if name not in DIVERSE],
}


def results(names, backend, tensorflow="with TensorFlow"):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    return run_apart(SCRIPT, json.dumps(names), tensorflow, KERAS_BACKEND=backend)


@pytest.fixture(scope="module", params=slow_but(["layers and diverse tasks"], PARTS))
def names(request):
    return PARTS[request.param]


@pytest.fixture(scope="module")
def on_tensorflow(names):
    return results(names, "tensorflow")


@pytest.mark.slow
@pytest.mark.parametrize("backend", [pytest.param("jax", marks=pytest.mark.slow), "torch"])
def test_backends_agree(backend, names, on_tensorflow):
    found = results(names, backend, "without TensorFlow")
    assert set(found) == set(on_tensorflow) >= set(names)
    for name, arrays in on_tensorflow.items():
        tolerance = {"rtol": 2e-5} if name.endswith("losses") else {"rtol": 0, "atol": 1e-5}
        assert set(found[name]) == set(arrays)
        for key, values in arrays.items():
            np.testing.assert_allclose(found[name][key], values, err_msg=f"{name}: {key}", **tolerance)
