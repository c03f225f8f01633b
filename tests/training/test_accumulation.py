"""Gradients of several batches in one step."""

import keras
import numpy as np
import pytest

import kerasbert
from kerasbert.training import BertAdamW, WarmupLinearDecay

TEXTS, LABELS = (
    ["good film", "bad film", "good", "bad", "what a film", "not good"] * 4,
    [1, 0, 1, 0, 1, 0] * 4,
)


@pytest.fixture
def fit(config, tokenizer):
    """Trains equal classifiers without dropout, in batches of one size, in one `fit` or more."""
    still = {"hidden_dropout": 0.0, "attention_dropout": 0.0}
    encoder_config = kerasbert.BertConfig.from_dict(config.to_dict() | still)
    tokens = {name: np.asarray(value) for name, value in tokenizer(TEXTS).items()}

    def fit(optimizer, batch_size, epochs=(3,), dtype=None):
        keras.utils.set_random_seed(0)
        encoder = kerasbert.BertEncoder(encoder_config, dtype=dtype)
        task = kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"], dropout=0.0, dtype=dtype)
        task.compile(optimizer=optimizer, run_eagerly=True)
        for count in epochs:
            task.fit(tokens, np.array(LABELS), batch_size, count, shuffle=False, verbose=0)
        return task

    return fit


@pytest.mark.slow
@pytest.mark.parametrize("make", [keras.optimizers.SGD, BertAdamW])
def test_small_batches_together_are_a_large_one(fit, make):
    """`BertAdamW` with its warm-up and decay: the schedule goes on with each step, not with each batch."""
    large = fit(make(1e-2), 12)
    small = fit(make(1e-2, gradient_accumulation_steps=3), 4)
    assert int(small.optimizer.iterations) == int(large.optimizer.iterations) == 6
    for one, two in zip(small.get_weights(), large.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, atol=2e-6)


@pytest.mark.slow
def test_a_second_fit_plans_its_own_steps(fit):
    large = fit(BertAdamW(1e-2), 12, epochs=(1, 2))
    small = fit(BertAdamW(1e-2, gradient_accumulation_steps=3), 4, epochs=(1, 2))
    for one, two in zip(small.get_weights(), large.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, atol=2e-6)


@pytest.mark.slow
def test_with_a_scaled_loss(fit):
    task = fit(BertAdamW(1e-2, gradient_accumulation_steps=3), 4, epochs=(1,), dtype="mixed_float16")
    assert isinstance(task.optimizer, keras.optimizers.LossScaleOptimizer)
    assert task.optimizer.inner_optimizer._learning_rate.batches_per_step == 3


def test_a_schedule_holds_its_rate_until_the_step_is_done():
    schedule = WarmupLinearDecay(1.0, warmup_fraction=0)
    schedule.plan(first_step=2, total_steps=2)
    schedule.batches_per_step = 3
    assert [float(schedule(batch)) for batch in range(6, 13)] == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.0]
