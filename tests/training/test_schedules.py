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


def test_without_a_length_it_is_constant():
    assert [float(WarmupLinearDecay(0.5)(step)) for step in (0, 1, 9)] == [0.5] * 3


def test_in_a_plain_keras_model():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(BertAdamW(0.5), "mse")
    watch = Rates()
    ones = np.ones((8, 2))
    losses = model.fit(ones, ones[:, :1], 4, epochs=3, verbose=0, callbacks=[watch]).history["loss"]
    assert watch.rates == [0.5] * 6
    assert losses[-1] < losses[0]


@pytest.mark.slow
def test_the_rate_can_be_read_and_set_to_a_schedule(classifier):
    classifier.compile(BertAdamW(0.25), run_eagerly=True)
    assert float(classifier.optimizer.learning_rate) == 0.25
    with pytest.raises(TypeError, match=r"follows a schedule.*learning_rate=0\.1.*AdamW"):
        classifier.optimizer.learning_rate = 0.1
    watch = Rates()
    classifier.fit(["good"] * 4, [1] * 4, batch_size=2, verbose=0)
    classifier.optimizer.learning_rate = WarmupLinearDecay(1.0, warmup_fraction=0, total_steps=6)
    classifier.fit(["good"] * 4, [1] * 4, batch_size=2, verbose=0, callbacks=[watch])
    np.testing.assert_allclose(watch.rates, [3 / 6, 2 / 6])


@pytest.mark.slow
def test_epochs_before_the_initial_one_count_as_done(classifier, tmp_path):
    """Also of a loaded model: no second warm-up."""
    classifier.compile(BertAdamW(1e-3), run_eagerly=True)  # quick
    whole, rest = Rates(), Rates()
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    classifier.fit(["good"] * 4, [1] * 4, 2, epochs=5, verbose=0, callbacks=[whole, checkpoint])
    assert float(classifier.optimizer.learning_rate) == pytest.approx(1e-3)  # no `fit` runs
    loaded = keras.saving.load_model(tmp_path / "2.keras")
    loaded.fit(["good"] * 4, [1] * 4, 2, epochs=5, initial_epoch=2, verbose=0, callbacks=[rest])
    np.testing.assert_allclose(rest.rates, whole.rates[4:], rtol=1e-6)


@pytest.mark.slow
def test_fit_plans_it_and_a_second_fit_starts_again(classifier):
    schedule = WarmupLinearDecay(1e-3)
    classifier.compile(optimizer=BertAdamW(schedule))
    watch = Rates()
    for _ in range(2):
        classifier.fit(["good"] * 20, [1] * 20, batch_size=4, epochs=2, verbose=0, callbacks=[watch])
    assert schedule.get_config()["total_steps"] is None  # a loaded model's `fit` plans anew
    expected = [1, 8 / 9, 7 / 9, 6 / 9, 5 / 9, 4 / 9, 3 / 9, 2 / 9, 1 / 9, 0]
    np.testing.assert_allclose(watch.rates, np.array(expected * 2) * 1e-3, atol=1e-8)


@pytest.mark.slow
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
