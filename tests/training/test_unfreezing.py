import keras
import numpy as np
import pytest

from kerasbert.training import BertAdamW, GradualUnfreezing

TEXTS, LABELS = ["good film", "bad film", "good", "bad"] * 2, [1, 0, 1, 0] * 2
LEVELS = {"block_1": 1, "block_0": 2, "embeddings": 3}


def level(path):
    """How many levels must learn before this weight does."""
    return next((number for name, number in LEVELS.items() if f"/{name}/" in path), 0)


class Watch(keras.callbacks.Callback):
    """Keeps all weights, by path, at the start of training and after each epoch."""

    def on_train_begin(self, logs=None):
        self.seen = [self.values()]

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self.values())

    def values(self):
        return {path: weight.numpy() for path, weight in self.model.named_weights().items()}

    def moved(self, epoch):
        before, after = self.seen[epoch : epoch + 2]
        return {path for path in before if not np.array_equal(before[path], after[path])}


@pytest.fixture
def compiled(classifier):
    constant = keras.optimizers.schedules.ExponentialDecay(1e-2, 1, 1.0)
    classifier.compile(optimizer=BertAdamW(constant), run_eagerly=True)
    return classifier


def fit(task, callback, *others, epochs=4, **kwargs):
    watch = Watch()
    task.fit(TEXTS, LABELS, 8, epochs, verbose=0, callbacks=[callback, watch, *others], **kwargs)
    return watch


@pytest.mark.slow
def test_one_more_block_learns_in_each_epoch_and_the_others_keep_every_bit(compiled):
    watch = fit(compiled, GradualUnfreezing())
    unused = {"encoder/embeddings/segment_embedding/embeddings"}  # a part of it alone has gradients
    for epoch in range(4):
        learning = {path for path in watch.seen[0] if level(path) <= epoch}
        assert watch.moved(epoch) | unused == learning | unused


@pytest.mark.slow
def test_the_graph_is_made_anew(compiled):
    compiled.compile(optimizer=keras.optimizers.Adam(1e-2))
    watch = fit(compiled, GradualUnfreezing(blocks_per_epoch=2), epochs=2)
    assert {level(path) for path in watch.moved(0)} == {0}
    assert {level(path) for path in watch.moved(1)} == {0, 1, 2}
    watch = fit(compiled, keras.callbacks.Callback(), epochs=1)
    assert {level(path) for path in watch.moved(0)} == {0, 1, 2, 3}


def test_the_state_of_the_optimizer_goes_on(compiled):
    fit(compiled, GradualUnfreezing(), epochs=2)
    optimizer = compiled.optimizer
    assert int(optimizer.iterations) == 2
    assert len(optimizer._momentums) == len(compiled.trainable_variables)
    for variable, momentum in zip(optimizer._trainable_variables, optimizer._momentums, strict=True):
        assert np.any(momentum) == (level(variable.path) <= 1), variable.path


@pytest.mark.slow
def test_early_stopping_restores_the_best_weights(compiled):
    early = keras.callbacks.EarlyStopping("val_loss", min_delta=10, patience=1, restore_best_weights=True)
    watch = fit(compiled, GradualUnfreezing(), early, validation_data=(TEXTS, LABELS))
    assert len(watch.seen) == 3  # no loss falls by so much, so the first epoch counts as the best
    for path, weight in compiled.named_weights().items():
        np.testing.assert_array_equal(weight, watch.seen[1][path])
    assert len(compiled.trainable_variables) == len(compiled.weights)


def test_what_is_frozen_stays_so(compiled):
    compiled.encoder.freeze(1)
    compiled.compile(optimizer=keras.optimizers.Adam(1e-2), run_eagerly=True)
    watch = fit(compiled, GradualUnfreezing(blocks_per_epoch=3), epochs=2)
    assert {level(path) for path in watch.moved(0) | watch.moved(1)} == {0, 1}


@pytest.mark.slow
def test_after_an_interruption_everything_can_learn_again(compiled):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    callback = GradualUnfreezing()
    with pytest.raises(KeyboardInterrupt):
        fit(compiled, callback, Stop())
    watch = fit(compiled, callback, epochs=3)
    assert {level(path) for path in watch.moved(2)} == {0, 1, 2}
    with pytest.raises(KeyboardInterrupt):
        fit(compiled, callback, Stop())
    compiled.encoder.freeze(None)
    assert len(compiled.trainable_variables) == len(compiled.weights)


def test_bad_arguments_and_other_models():
    with pytest.raises(ValueError, match="blocks_per_epoch=0"):
        GradualUnfreezing(0)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="model='Sequential'"):
        model.fit(np.ones((2, 1)), np.ones(2), verbose=0, callbacks=[GradualUnfreezing()])
