import keras
import pytest
import tensorflow as tf
from apart import run_apart

from kerasbert.training import layout_map, strategy


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    for name in ("TF_CONFIG", "TPU_NAME"):
        monkeypatch.delenv(name, raising=False)


def test_what_this_machine_has():
    for kind in ("auto", "one_device"):
        assert isinstance(strategy(kind), tf.distribute.OneDeviceStrategy)
    assert isinstance(strategy("mirrored"), tf.distribute.MirroredStrategy)
    assert strategy("mirrored") is strategy("mirrored")


SEVERAL = """
import sys, warnings
sys.path.insert(0, sys.argv[1])
import json
import tensorflow as tf
from conformance_cases import CONFIG, make_still_task, training_rows
from conftest import TOKENS
import kerasbert

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
mirrored = tf.distribute.MirroredStrategy
config = kerasbert.BertConfig.from_dict({**CONFIG.to_dict(), "max_sequence_length": 16})
tokenizer = kerasbert.BertTokenizer(TOKENS)
one = mirrored(["/cpu:0", "/cpu:1"])

def make(name, strategy):
    with strategy.scope():
        task = make_still_task(name, config, tokenizer)
        task.compile()
    tokens, y, _ = training_rows(name, tokenizer, ["good film", "bad", "a", "not"])
    return lambda: task.fit(tokens, y, batch_size=2, epochs=2, verbose=0)

fits = [make(name, one) for name in ("BertTextClassifier", "BertMaskedLM")]
for _ in range(2):
    for fit in fits:
        fit()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    make("BertTextClassifier", mirrored(["/cpu:0", "/cpu:1"]))()
print(json.dumps([str(w.message) for w in caught]))
"""


@pytest.mark.slow
def test_models_share_a_strategy_or_are_warned_of():
    """In strategies of their own, models that train at the same time abort each other's sums."""
    warnings = run_apart(SEVERAL)
    assert any("different mirrored strategies of one process" in text for text in warnings)


@pytest.mark.parametrize(
    ("kind", "cluster", "message"),
    [
        ("multi_worker", None, "`TF_CONFIG` must name the machines"),
        ("auto", "{worker}", "`TF_CONFIG` must be JSON"),
        ("multi_worker", "[]", "`TF_CONFIG` must be JSON"),
        ("tpu", None, "There must be a TPU.*TPU_NAME=None"),
        ("gpu", None, "strategy='gpu'"),
    ],
)
def test_what_it_has_not(monkeypatch, kind, cluster, message):
    if cluster:
        monkeypatch.setenv("TF_CONFIG", cluster)
    with pytest.raises(ValueError, match=message):
        strategy(kind)


def test_distributions_of_keras_that_would_do_nothing(classifier, monkeypatch):
    """Keras takes them on TensorFlow, and trains on one device."""
    monkeypatch.setattr(keras.distribution, "distribution", lambda: object())
    classifier.compile()
    with pytest.raises(ValueError, match=r"`keras\.distribution` does nothing on TensorFlow"):
        classifier.fit(["good", "bad"], ["good", "bad"], verbose=0)


def test_layouts_are_for_jax():
    with pytest.raises(ValueError, match=r"on JAX alone.*backend='tensorflow'"):
        layout_map(None)
