"""Keras' own callbacks and KerasTuner, on tasks that take strings."""

import keras
import numpy as np
import pytest

import kerasbert
from kerasbert.training import BertAdamW

TEXTS, LABELS = ["good film", "bad film", "good", "bad"] * 2, ["good", "bad"] * 4


@pytest.fixture
def make(config, tokenizer):
    """Makes equal classifiers."""
    still = {"hidden_dropout": 0.0, "attention_dropout": 0.0}
    encoder_config = kerasbert.BertConfig.from_dict(config.to_dict() | still)

    def make(optimizer):
        keras.utils.set_random_seed(0)
        encoder = kerasbert.BertEncoder(encoder_config)
        task = kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"], dropout=0.0)
        task.compile(optimizer=optimizer, run_eagerly=True)
        return task

    return make


def fit(task, epochs, *callbacks):
    task.fit(TEXTS, LABELS, 4, epochs, verbose=0, shuffle=False, callbacks=list(callbacks))
    return task


@pytest.mark.slow
def test_a_run_that_broke_off_goes_on_where_it_was(make, tmp_path):
    """The optimizer's state and the schedule, too."""

    class BreakOff(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    backup = keras.callbacks.BackupAndRestore(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fit(make(BertAdamW(1e-2)), 4, backup, BreakOff())
    resumed = fit(make(BertAdamW(1e-2)), 4, keras.callbacks.BackupAndRestore(tmp_path))
    whole = fit(make(BertAdamW(1e-2)), 4)
    assert int(resumed.optimizer.iterations) == 8
    for one, two in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


@pytest.mark.slow
def test_callbacks_that_write_and_that_set_the_rate(make, tmp_path):
    pytest.importorskip("tensorboard")
    callbacks = keras.callbacks
    task = fit(
        make(keras.optimizers.AdamW(1e-2)),
        2,
        callbacks.ModelCheckpoint(tmp_path / "it.weights.h5", save_weights_only=True),
        callbacks.CSVLogger(tmp_path / "log.csv"),
        callbacks.TensorBoard(tmp_path / "board"),
        callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=100.0),
        callbacks.TerminateOnNaN(),
    )
    assert float(task.optimizer.learning_rate) == pytest.approx(5e-3)
    assert (tmp_path / "log.csv").read_text().startswith("epoch,accuracy,loss")
    assert list((tmp_path / "board").rglob("events.*"))
    loaded = make(None)
    loaded.load_weights(tmp_path / "it.weights.h5")
    for one, two in zip(loaded.get_weights(), task.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


# KerasTuner logs in an old way, and loads the best weights with an optimizer that was never used.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:currentThread", "ignore:getName", "ignore:Skipping variable loading")
def test_keras_tuner_needs_no_adapter(make, tmp_path):
    keras_tuner = pytest.importorskip("keras_tuner")
    pytest.importorskip("tensorboard")  # KerasTuner imports it
    tuner = keras_tuner.RandomSearch(
        lambda hp: make(BertAdamW(hp.Choice("rate", [1e-2, 1e2]))),
        objective="val_loss",
        max_trials=2,
        directory=tmp_path,
    )
    tuner.search(TEXTS, LABELS, validation_data=(TEXTS, LABELS), batch_size=4, epochs=2, verbose=0)
    assert tuner.get_best_hyperparameters()[0].values == {"rate": 1e-2}
    loss = tuner.get_best_models()[0].evaluate(TEXTS, LABELS, verbose=0)[0]
    assert loss == pytest.approx(tuner.oracle.get_best_trials()[0].score, rel=1e-5)
