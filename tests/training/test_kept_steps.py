"""A training step is traced once, and again only where it has changed."""

import keras
import numpy as np
import pytest

import kerasbert
from kerasbert.training import BertAdamW, GradualUnfreezing, WarmupLinearDecay

pytestmark = pytest.mark.tensorflow
TEXTS, LABELS = ["good film", "bad", "film", ""] * 3, ["good", "bad"] * 6


@pytest.fixture
def task(config, tokenizer):
    class Counted(kerasbert.BertTextClassifier):
        traces = 0

        def train_step(self, data):
            self.traces += 1
            return super().train_step(data)

    task = Counted(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
    task.compile(BertAdamW(1e-3))
    return task


def fit(task, texts=TEXTS, labels=LABELS, **options):
    """How many times a `fit` traces the step."""
    before = task.traces
    task.fit(texts, labels, batch_size=4, verbose=0, **options)
    return task.traces - before


@pytest.mark.slow
def test_once_for_all_that_does_not_change_it(task):
    assert fit(task) > 0
    assert fit(task) == 0
    assert fit(task, epochs=2) == 0  # another number of steps
    task.evaluate(TEXTS, LABELS, verbose=0)
    task.predict(TEXTS, verbose=0)
    assert fit(task, TEXTS[:4], LABELS[:4]) == 0
    assert fit(task, validation_data=(TEXTS, LABELS)) == 0


@pytest.mark.slow
def test_again_where_something_has_changed(task):
    fit(task)
    frozen = task.encoder.blocks[0].weights[0]
    task.encoder.freeze(1)
    before = np.array(frozen)
    assert fit(task) > 0
    np.testing.assert_array_equal(frozen, before)
    task.encoder.freeze(None)
    assert fit(task) > 0
    assert np.any(np.array(frozen) != before)
    task.optimizer.learning_rate = WarmupLinearDecay(1e-4)
    assert fit(task) > 0
    task.encoder.rematerialize = True
    assert fit(task) > 0
    assert fit(task) == 0


@pytest.mark.slow
def test_after_blocks_were_unfrozen_one_by_one(task):
    callbacks = [GradualUnfreezing()]
    fit(task, epochs=4, callbacks=callbacks)
    block = task.encoder.blocks[0].weights[0]
    before = np.array(block)
    fit(task)
    assert np.any(np.array(block) != before)


@pytest.mark.slow
def test_a_rate_of_keras_is_kept_too(task):
    task.compile(keras.optimizers.Adam(1e-3))
    fit(task)
    task.optimizer.learning_rate = 1e-4  # a variable
    assert fit(task) == 0
