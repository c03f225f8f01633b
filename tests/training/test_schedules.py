import keras
import numpy as np
import pytest

from kerasbert.training import BertAdamW, WarmupLinearDecay


class Rates(keras.callbacks.Callback):
    """The learning rate after each step, of all fits."""

    def __init__(self):
        super().__init__()
        self.rates = []

    def on_train_batch_end(self, batch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate))


def test_it_rises_and_falls():
    schedule = WarmupLinearDecay(1.0, warmup_fraction=0.2, total_steps=10)
    rates = [float(schedule(step)) for step in range(12)]
    np.testing.assert_allclose(rates, [0, 4 / 8, 1, *(n / 8 for n in (7, 6, 5, 4, 3, 2, 1, 0, 0))], atol=1e-6)


def test_without_warm_up_it_starts_at_the_peak():
    assert float(WarmupLinearDecay(1.0, warmup_fraction=0, total_steps=10)(0)) == 1.0


def test_it_must_know_its_length():
    with pytest.raises(ValueError, match="total_steps"):
        WarmupLinearDecay(1.0)(0)


def test_fit_plans_it_and_a_second_fit_starts_again(classifier):
    schedule = WarmupLinearDecay(1e-3)
    classifier.compile(optimizer=BertAdamW(schedule))
    watch = Rates()
    for _ in range(2):
        classifier.fit(["good"] * 20, [1] * 20, batch_size=4, epochs=2, verbose=0, callbacks=[watch])
    assert schedule.total_steps == 10
    assert schedule.get_config()["total_steps"] is None  # a loaded model's `fit` plans anew
    expected = [1, 8 / 9, 7 / 9, 6 / 9, 5 / 9, 4 / 9, 3 / 9, 2 / 9, 1 / 9, 0]
    np.testing.assert_allclose(watch.rates, np.array(expected * 2) * 1e-3, atol=1e-8)


def test_steps_that_are_given_hold_over_several_fits(classifier):
    watch = Rates()
    classifier.compile(optimizer=BertAdamW(WarmupLinearDecay(1.0, warmup_fraction=0, total_steps=4)))
    for _ in range(2):
        classifier.fit(["good"] * 4, [1] * 4, batch_size=2, verbose=0, callbacks=[watch])
    np.testing.assert_allclose(watch.rates, [0.75, 0.5, 0.25, 0])
    with pytest.warns(UserWarning, match="learning rate is 0: the schedule has 4 steps, and 4 are done"):
        classifier.fit(["good"], [1], verbose=0)


def test_biases_and_norms_do_not_decay_and_a_loaded_optimizer_remembers():
    optimizer = BertAdamW(1e-3)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    kernel, bias, gamma = (keras.Variable([1.0], name=name) for name in ("kernel", "bias", "gamma"))
    for one in (optimizer, again):
        assert isinstance(one, BertAdamW)
        assert [one._use_weight_decay(v) for v in (kernel, bias, gamma)] == [True, False, False]
    assert again.get_config()["weight_decay"] == 0.01
