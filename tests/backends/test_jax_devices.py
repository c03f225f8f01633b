"""Eight devices on JAX: rows, or weights too, are dealt to them; the losses are those of one."""

import numpy as np
import pytest
from apart import run_apart

pytest.importorskip("jax")

SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import jax, keras
import numpy as np
import kerasbert
from kerasbert.training import BertAdamW, layout_map

kind = sys.argv[2]
devices = [f"cpu:{i}" for i in range(8)]
if kind == "data":
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
elif kind == "model":
    mesh = keras.distribution.DeviceMesh((2, 4), ("batch", "model"), devices)
    keras.distribution.set_distribution(
        keras.distribution.ModelParallel(layout_map=layout_map(mesh), batch_dim_name="batch")
    )
keras.utils.set_random_seed(0)
config = kerasbert.BertConfig(vocabulary_size=64, num_layers=2, num_heads=4, hidden_dim=16,
    intermediate_dim=32, max_sequence_length=8, hidden_dropout=0.0, attention_dropout=0.0)
task = kerasbert.BertPretrainer(kerasbert.BertEncoder(config), None)
random = np.random.default_rng(0)
task.set_weights([random.normal(0, 0.3, weight.shape) for weight in task.weights])
task.compile(optimizer=BertAdamW(1e-2))
tokens = {"token_ids": random.integers(0, 64, (32, 8)), "segment_ids": random.integers(0, 2, (32, 8))}
y = {"masked_lm": random.integers(0, 64, (32, 8)), "next_sentence": random.integers(0, 2, 32)}
history = task.fit(tokens, y, batch_size=16, epochs=4, shuffle=False, verbose=0)

def on_first_device(variables):
    return sum(variable.value.addressable_shards[0].data.nbytes for variable in variables)

def nbytes(variables):
    return sum(variable.value.nbytes for variable in variables)

cut = [w.path for w in task.weights if w.value.addressable_shards[0].data.nbytes < w.value.nbytes]
print(json.dumps({
    "devices": jax.device_count(), "loss": history.history["loss"], "cut": cut,
    "weights": [on_first_device(task.weights), nbytes(task.weights)],
    "slots": [on_first_device(task.optimizer.variables), nbytes(task.optimizer.variables)],
}))
"""


def run(kind):
    flags = "--xla_force_host_platform_device_count=8"
    return run_apart(SCRIPT, kind, KERAS_BACKEND="jax", JAX_PLATFORMS="cpu", XLA_FLAGS=flags)


@pytest.fixture(scope="module")
def one():
    return run("none")


@pytest.fixture(scope="module")
def model():
    return run("model")


@pytest.mark.slow
def test_rows_dealt_to_devices(one):
    found = run("data")
    assert found["devices"] == 8
    np.testing.assert_allclose(found["loss"], one["loss"], rtol=1e-5)
    assert found["cut"] == []


@pytest.mark.slow
def test_weights_dealt_to_devices(one, model):
    np.testing.assert_allclose(model["loss"], one["loss"], rtol=1e-5)
    cut = " ".join(model["cut"])
    for name in ("token_embedding/embeddings", "masked_lm/output_bias"):
        assert name in cut
    for name in ("query/kernel", "key/bias", "value/kernel", "output/kernel", "intermediate/bias"):
        assert cut.count(name) >= 2  # in both blocks


@pytest.mark.slow
def test_memory_of_a_device_falls(one, model):
    """Of the weights, and of the optimizer's slots; some vectors, and what heads are small, are not cut."""
    for what in ("weights", "slots"):
        here, whole = model[what]
        assert whole == one[what][1] == one[what][0]
        assert here < 0.5 * whole
