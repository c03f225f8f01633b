"""Moving averages of weights, as Keras' optimizers keep them (`use_ema`), under tasks."""

import keras
import numpy as np
import pytest

from kerasbert.training import BertAdamW, GradualUnfreezing

TEXTS, LABELS = ["good film", "bad film", "good", "bad"] * 2, [1, 0, 1, 0] * 2


class Weights(keras.callbacks.Callback):
    """Keeps the weights after each step."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append([weight.numpy() for weight in self.model.trainable_variables])


@pytest.fixture
def compiled(classifier):
    classifier.compile(optimizer=BertAdamW(1e-2, use_ema=True, ema_momentum=0.8), run_eagerly=True)
    return classifier


def fit(task, *callbacks, epochs=2):
    history = task.fit(
        TEXTS,
        LABELS,
        4,
        epochs,
        verbose=0,
        validation_data=(TEXTS, LABELS),
        callbacks=[keras.callbacks.SwapEMAWeights(swap_on_epoch=True), *callbacks],
    )
    return history.history


@pytest.mark.slow
def test_the_average_is_judged_and_stays(compiled):
    weights = Weights()
    history = fit(compiled, weights)
    average = weights.seen[0]
    for after in weights.seen[1:]:
        average = [0.8 * a + 0.2 * w for a, w in zip(average, after, strict=True)]
    for found, expected in zip(compiled.trainable_variables, average, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert compiled.evaluate(TEXTS, LABELS, verbose=0)[0] == pytest.approx(history["val_loss"][-1], rel=1e-5)


def test_weights_that_are_not_unfrozen_yet_keep_theirs(compiled):
    before = {path: weight.numpy() for path, weight in compiled.named_weights().items()}
    fit(compiled, GradualUnfreezing(), epochs=1)  # the end comes while both blocks are frozen
    for path, weight in compiled.named_weights().items():
        if "block" in path or "embeddings" in path:
            np.testing.assert_allclose(weight, before[path], atol=1e-6)
        else:
            assert not np.array_equal(weight, before[path]), path


@pytest.mark.slow
def test_a_file_holds_the_average_and_goes_on(compiled, tmp_path):
    fit(compiled, keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="val_loss"), epochs=1)
    loaded = keras.saving.load_model(tmp_path / "best.keras")
    np.testing.assert_allclose(
        loaded.predict(TEXTS, verbose=0), compiled.predict(TEXTS, verbose=0), atol=1e-6
    )
    assert loaded.optimizer.use_ema
    loaded.fit(TEXTS, LABELS, verbose=0)
