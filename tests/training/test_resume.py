"""A `fit` that was killed goes on, and ends where one that was not killed ends."""

import keras
import numpy as np
import pytest
from conformance_cases import make_task, slow_but, training_rows

from kerasbert.training import BertAdamW, ResumeTraining
from kerasbert.training.snapshots import _read


class Killed(BaseException):
    pass


class Kill(keras.callbacks.Callback):
    """Stops `fit` within an epoch, as a kill does: no `on_train_end`."""

    def __init__(self, epoch):
        super().__init__()
        self._epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.now == self._epoch:
            raise Killed


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", slow_but(("BertTextClassifier", "BertPretrainer")))
def test_every_task_goes_on_as_if_it_had_not_stopped(name, config, tokenizer, texts, tmp_path):
    """To the bit, with dropout and shuffled rows."""
    tokens, y, options = training_rows(name, tokenizer, texts)

    def fit(folder, *callbacks, seed=0):
        keras.utils.set_random_seed(seed)
        task = make_task(name, config, tokenizer)
        task.compile(run_eagerly=True, **options)  # quick
        callbacks = [ResumeTraining(folder), *callbacks]
        history = task.fit(tokens, y, batch_size=4, epochs=5, verbose=0, callbacks=callbacks)
        return history.history["loss"], [np.array(weight) for weight in task.variables]

    whole, expected = fit(tmp_path / "whole")
    with pytest.raises(Killed):
        fit(tmp_path / "other", Kill(1))
    with pytest.raises(Killed):
        fit(tmp_path / "other", Kill(3), seed=1)
    assert sorted(path.name for path in (tmp_path / "other").iterdir()) == [
        "step-000000002.safetensors",
        "step-000000003.safetensors",
    ]
    rest, found = fit(tmp_path / "other", seed=2)
    assert rest == whole[3:]
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not list((tmp_path / "other").iterdir())


# Rows and batches of texts, each kind with an order of its own.
ROWS = {
    "BertTextClassifier": (["good", "bad film", "a", "the", "not", "very", "what", "film"], [0, 1] * 4),
    "BertMultipleChoice": ((["good", "bad film", "a", "the"] * 2, [["a", "film"]] * 8), [0, 1] * 4),
    "BertTextEmbedder": ((["good", "bad film", "a", "the"], ["not", "very", "what", "film"]), None),
}


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("name", "steps_per_epoch"),
    [
        ("BertTextClassifier", 3),
        pytest.param("BertTextClassifier", None, marks=pytest.mark.slow),
        pytest.param("BertMultipleChoice", None, marks=pytest.mark.slow),
        pytest.param("BertTextEmbedder", 3, marks=pytest.mark.slow),
    ],
)
def test_texts_come_in_the_order_that_they_would_have_had(name, steps_per_epoch, config, tokenizer, tmp_path):
    def fit(folder, *callbacks, seed=0):
        keras.utils.set_random_seed(seed)
        task = make_task(name, config, tokenizer)
        task.compile(run_eagerly=True)
        callbacks = [ResumeTraining(folder), *callbacks]
        options = {"epochs": 4, "steps_per_epoch": steps_per_epoch, "verbose": 0, "callbacks": callbacks}
        task.fit(*ROWS[name], batch_size=2, **options)
        return [np.array(weight) for weight in task.variables]

    expected = fit(tmp_path / "whole")
    with pytest.raises(Killed):
        fit(tmp_path / "other", Kill(2))
    for one, two in zip(fit(tmp_path / "other", seed=1), expected, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.fixture
def killed(classifier, tmp_path):
    """A run that was killed in its third epoch: a function that goes on with it, as it was or otherwise."""

    def fit(x=("good", "bad", "film"), y=(1, 0, 1), *callbacks, rate=1e-3, **options):
        classifier.compile(BertAdamW(rate), run_eagerly=True)
        options = {"epochs": 3, "batch_size": 2, "verbose": 0} | options
        return classifier.fit(
            list(x), list(y), callbacks=[ResumeTraining(tmp_path), *callbacks], **options
        ).epoch

    with pytest.raises(Killed):
        fit(("good", "bad", "film"), (1, 0, 1), Kill(2))
    return fit


@pytest.mark.slow
def test_another_run_in_the_same_folder_is_refused(killed):
    for options, changed in (
        ({"x": ("good", "bad", "a")}, "data"),
        ({"y": (1, 0, 0)}, "data"),
        ({"x": ("good", "bad"), "y": (1, 0)}, "data', 'steps"),
        ({"batch_size": 3}, "data', 'steps"),
        ({"epochs": 4}, "epochs"),
        ({"rate": 2e-3}, r"optimizer\.config\.learning_rate\.config\.peak"),
        ({"shuffle": False}, "data"),
    ):
        with pytest.raises(ValueError, match=rf"settings and the data.*changed=\['{changed}'\]"):
            killed(**options)
    assert killed() == [2]


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.slow
def test_of_a_damaged_snapshot_the_one_before_is_taken(killed, tmp_path):
    older, newer = sorted(tmp_path.glob("step-*"))
    whole = newer.read_bytes()
    places = np.random.default_rng(0).integers(0, len(whole), 12)
    for place in places:
        flip(newer, place)
        with pytest.raises(ValueError, match="this one is damaged"):
            _read(newer)
        newer.write_bytes(whole)
    flip(newer, -1)
    with pytest.warns(UserWarning, match=f"{newer.name}.*goes on from .*{older.name}, the one before"):
        assert killed() == [1, 2]


@pytest.mark.slow
def test_where_all_snapshots_are_damaged(killed, tmp_path):
    for path in tmp_path.glob("step-*"):
        flip(path, -1)
    with pytest.raises(ValueError, match=r"this one is damaged.*checksum.*step-000000002"):
        killed()


@pytest.mark.slow
def test_a_snapshot_that_is_not_whole_is_not_read(classifier, tmp_path):
    classifier.compile()
    partial = tmp_path / ".step-000000001.safetensors.x"
    partial.mkdir()
    (partial / "step-000000001.safetensors").write_bytes(b"cut")
    history = classifier.fit(["good"], ["good"], epochs=2, verbose=0, callbacks=[ResumeTraining(tmp_path)])
    assert len(history.history["loss"]) == 2
    (tmp_path / "step-000000001.safetensors").write_bytes(b"cut")
    with pytest.raises(ValueError, match="A snapshot must be as it was written"):
        classifier.fit(["good"], ["good"], verbose=0, callbacks=[ResumeTraining(tmp_path)])


@pytest.mark.slow
def test_snapshots_of_another_model(classifier, config, tokenizer, tmp_path):
    classifier.compile()
    with pytest.raises(Killed):
        classifier.fit(["good"], ["good"], epochs=3, verbose=0, callbacks=[ResumeTraining(tmp_path), Kill(1)])
    other = make_task("BertMaskedLM", config, tokenizer)
    other.compile()
    tokens, y, _ = training_rows("BertMaskedLM", tokenizer, ["good", "bad"])
    with pytest.raises(ValueError, match="with the settings and the data that it began with"):
        other.fit(tokens, y, verbose=0, callbacks=[ResumeTraining(tmp_path)])
