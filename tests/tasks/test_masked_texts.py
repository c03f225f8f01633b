"""A masked language model learns from texts: tokens are masked, others in each epoch."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conformance_cases import make_task

import kerasbert
from kerasbert.data import RowStream
from kerasbert.pretraining import Masking
from kerasbert.training import ResumeTraining

TEXTS = ["a good film", "the film was bad", "was the film good", "a very good film!", "a very bad film!"] * 8


@pytest.fixture
def task(config, tokenizer):
    task = make_task("BertMaskedLM", config, tokenizer)
    task.compile(keras.optimizers.Adam(1e-2))
    return task


def batches_of(task, epochs, shuffle=True):
    """What a training step gets in each epoch: arrays of tokens and of labels."""
    rows = task.preprocessor.batches(TEXTS, batch_size=8, shuffle=shuffle)
    return [[(t["token_ids"].numpy(), y.numpy()) for t, y in rows] for _ in range(epochs)]


def restored(batches):
    """The rows of tokens before they were masked."""
    return sorted(tuple(row[row > 0]) for ids, y in batches for row in np.where(y >= 0, y, ids))


@pytest.mark.slow
def test_it_learns_from_texts(task):
    before = task.evaluate(TEXTS, verbose=0)
    assert before == task.evaluate(TEXTS, verbose=0)  # the same tokens are masked each time
    task.fit(TEXTS, epochs=15, batch_size=8, validation_split=0.2, verbose=0)
    assert task.evaluate(TEXTS, verbose=0) < 0.7 * before


def test_labels_are_what_stood_there_and_each_epoch_masks_others(task):
    one, two = batches_of(task, 2)
    rows = sorted(tuple(row[row > 0]) for row in task.tokenizer(TEXTS)["token_ids"].numpy())
    assert restored(one) == rows == restored(two)
    masks = [np.concatenate([(y >= 0).ravel() for _, y in epoch]) for epoch in (one, two)]
    assert masks[0].shape != masks[1].shape or np.any(masks[0] != masks[1])
    assert all(np.all((y >= 0).sum(1) == 1) for _, y in one)  # 15 % of up to 7 tokens
    first, second = (batches_of(task, 1, shuffle=False)[0] for _ in range(2))
    for (ids, y), (other_ids, other_y) in zip(first, second, strict=True):
        np.testing.assert_array_equal(ids, other_ids)
        np.testing.assert_array_equal(y, other_y)


@pytest.mark.slow
def test_every_form_of_texts(task):
    pairs = (TEXTS, TEXTS[::-1])
    rows = tf.data.Dataset.from_tensor_slices(TEXTS)
    weights = np.ones(len(TEXTS))
    for x, weight in (
        (TEXTS, weights),
        (np.array(TEXTS), None),
        (pairs, None),
        (rows, None),
        (rows.batch(8), None),
    ):
        losses = task.fit(x, sample_weight=weight, batch_size=8, verbose=0).history["loss"]
        assert np.isfinite(losses).all()
    stream = RowStream(lambda: list(TEXTS), labelled=False)
    task.fit(stream, validation_data=TEXTS[:8], batch_size=8, verbose=0)


@pytest.mark.slow
def test_weights_of_rows_count(task):
    half = np.repeat([1.0, 0.0], len(TEXTS) // 2)
    weighted = task.evaluate(TEXTS, sample_weight=np.zeros(len(TEXTS)), verbose=0)
    assert weighted == 0.0
    assert task.evaluate(TEXTS, sample_weight=half, verbose=0) > 0.0


def test_labels_are_refused(task):
    labelled = tf.data.Dataset.from_tensor_slices((TEXTS, [0] * len(TEXTS)))
    stream = RowStream(lambda: [(text, "good") for text in TEXTS])
    for x, y in ((TEXTS, [0] * len(TEXTS)), (labelled, None), (stream, None)):
        with pytest.raises(ValueError, match="Texts need no labels here"):
            task.fit(x, y, verbose=0)
    with pytest.raises(ValueError, match="need labels"):
        task.fit(task.tokenizer(TEXTS), verbose=0)


def test_files_keep_the_masking(config, tokenizer, tmp_path):
    masking = Masking(rate=0.4, whole_words=False)
    task = kerasbert.BertMaskedLM(kerasbert.BertEncoder(config), tokenizer, masking=masking)
    task.save(tmp_path / "it.keras")
    again = keras.saving.load_model(tmp_path / "it.keras")
    assert again.preprocessor.masking == masking


@pytest.mark.slow
def test_a_run_that_goes_on_masks_what_it_would_have_masked(config, tokenizer, tmp_path):
    class KilledError(Exception):
        pass

    class Killing(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KilledError

    def train(folder, *callbacks):
        keras.utils.set_random_seed(0)
        task = make_task("BertMaskedLM", config, tokenizer)
        task.compile(keras.optimizers.Adam(1e-2))
        callbacks = [ResumeTraining(tmp_path / folder), *callbacks]
        task.fit(TEXTS, epochs=3, batch_size=8, verbose=0, callbacks=callbacks)
        return task

    whole = train("whole")
    with pytest.raises(KilledError):
        train("parts", Killing())
    parts = train("parts")
    for one, two in zip(whole.weights, parts.weights, strict=True):
        np.testing.assert_array_equal(one, two)
