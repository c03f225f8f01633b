"""Keras' plain layers and optimizer are the reference of what training on TensorFlow computes faster."""

import keras
import numpy as np
import pytest

import kerasbert
from kerasbert import fast_training
from kerasbert.fast_training import is_fast, set_fast_training
from kerasbert.layers.dropout import BertDropout
from kerasbert.training import BertAdamW

pytestmark = pytest.mark.tensorflow
TEXTS, LABELS = ["good film", "bad film", "a very good film", "the film was bad"] * 2, [1, 0, 1, 0] * 2


@pytest.fixture
def plain():
    set_fast_training(False)
    yield
    set_fast_training(True)


def trained_weights(config, tokenizer, policy, steps=4):
    """Weights of a task without dropout after some steps, and its losses."""
    keras.utils.set_random_seed(0)
    config = kerasbert.BertConfig.from_dict(
        config.to_dict() | {"hidden_dropout": 0.0, "attention_dropout": 0.0}
    )
    encoder = kerasbert.BertEncoder(config, dtype=policy)
    task = kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"], dropout=0.0, dtype=policy)
    task.compile(BertAdamW(keras.optimizers.schedules.ExponentialDecay(1e-3, 1, 0.9)))
    losses = task.fit(TEXTS, LABELS, batch_size=8, epochs=steps, shuffle=False, verbose=0).history["loss"]
    return task.get_weights(), losses


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(("policy", "atol"), [("float32", 2e-6), ("mixed_bfloat16", 2e-4)])
def test_a_task_learns_the_same(policy, atol, config, tokenizer):
    fast, losses = trained_weights(config, tokenizer, policy)
    set_fast_training(False)
    try:
        plain, plain_losses = trained_weights(config, tokenizer, policy)
    finally:
        set_fast_training(True)
    np.testing.assert_allclose(losses, plain_losses, rtol=10 * atol)
    moved = 0
    for one, two in zip(fast, plain, strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=atol)
        moved += np.abs(one).sum()
    assert moved > 0


def test_turned_off_dropout_is_that_of_keras(plain):
    x = np.ones((40, 50), "float32")
    ours, theirs = (kind(0.3, seed=5)(x, training=True) for kind in (BertDropout, keras.layers.Dropout))
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
def test_turned_off_nothing_of_it_runs(plain, config, tokenizer, monkeypatch):
    for name in ("dropout", "adam_step", "unbiased", "shrink", "global_norm"):
        monkeypatch.delattr(fast_training, name)
    assert not is_fast()
    trained_weights(config, tokenizer, "float32", steps=1)


def test_the_switch_takes_a_bool():
    with pytest.raises(ValueError, match="enabled='no'"):
        set_fast_training("no")
    assert is_fast()
