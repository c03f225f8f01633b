import keras
import numpy as np
import pytest
import question_rows
import tagging

from kerasbert.training import TaskScores


@pytest.fixture
def tagger():
    task = tagging.make(dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(2e-2), run_eagerly=True)
    return task


@pytest.mark.slow
def test_f1_of_entities_stops_early_with_the_best_weights(tagger, tmp_path):
    """The callbacks read the score in the order in which they are given, and the history has it."""
    pytest.importorskip("seqeval")
    history = tagger.fit(
        tagging.SENTENCES,
        tagging.Y,
        epochs=8,
        verbose=0,
        callbacks=[
            TaskScores(tagging.SENTENCES, tagging.Y),
            keras.callbacks.ModelCheckpoint(
                tmp_path / "best.keras", monitor="val_f1", mode="max", save_best_only=True
            ),
            keras.callbacks.EarlyStopping("val_f1", mode="max", patience=2, restore_best_weights=True),
        ],
    ).history
    best = max(history["val_f1"])
    assert set(history) == {"accuracy", "loss", "val_f1", "val_precision", "val_recall"}
    assert tagger.entity_scores(tagging.SENTENCES, tagging.Y, verbose=0)["f1"] == best
    loaded = keras.saving.load_model(tmp_path / "best.keras")
    assert loaded.entity_scores(tagging.SENTENCES, tagging.Y, verbose=0)["f1"] == best


def test_scores_of_answers():
    task = question_rows.make()
    task.compile(run_eagerly=True)
    rows = (question_rows.QUESTIONS, question_rows.CONTEXTS)
    history = task.fit(
        rows,
        question_rows.ANSWERS,
        verbose=0,
        callbacks=[TaskScores(rows, question_rows.ANSWERS, null_threshold=0.0)],
    ).history
    expected = task.scores(rows, question_rows.ANSWERS, null_threshold=0.0, verbose=0)
    assert history["val_f1"] == [expected["f1"]]
    assert history["val_exact_match"] == [expected["exact_match"]]


def test_a_model_without_scores_says_so_at_once():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(ValueError, match=r"a task with `scores`.*Sequential.*`metrics`"):
        model.fit(np.ones((1, 1)), np.ones((1, 1)), verbose=0, callbacks=[TaskScores(["good"], [1])])
