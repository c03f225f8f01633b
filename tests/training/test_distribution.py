import keras
import pytest
import tensorflow as tf

from kerasbert.training import layout_map, strategy


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    for name in ("TF_CONFIG", "TPU_NAME"):
        monkeypatch.delenv(name, raising=False)


def test_what_this_machine_has():
    for kind in ("auto", "one_device"):
        assert isinstance(strategy(kind), tf.distribute.OneDeviceStrategy)
    assert isinstance(strategy("mirrored"), tf.distribute.MirroredStrategy)


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
