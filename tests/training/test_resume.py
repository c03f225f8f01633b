"""A `fit` that was killed goes on, and ends where one that was not killed ends."""

import keras
import numpy as np
import pytest
from conformance_cases import TASKS, make_task, training_rows

from kerasbert.training import ResumeTraining


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


@pytest.mark.parametrize("name", TASKS)
def test_every_task_goes_on_as_if_it_had_not_stopped(name, config, tokenizer, texts, tmp_path):
    """To the bit, with dropout, where rows come in one order."""
    tokens, y, options = training_rows(name, tokenizer, texts)

    def fit(folder, *callbacks, seed=0):
        keras.utils.set_random_seed(seed)
        task = make_task(name, config, tokenizer)
        task.compile(run_eagerly=True, **options)  # quick
        callbacks = [ResumeTraining(folder), *callbacks]
        history = task.fit(tokens, y, batch_size=4, epochs=5, shuffle=False, verbose=0, callbacks=callbacks)
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


def test_a_snapshot_that_is_not_whole_is_not_read(classifier, tmp_path):
    classifier.compile()
    partial = tmp_path / ".step-000000001.safetensors.x"
    partial.mkdir()
    (partial / "step-000000001.safetensors").write_bytes(b"cut")
    history = classifier.fit(["good"], ["good"], epochs=2, verbose=0, callbacks=[ResumeTraining(tmp_path)])
    assert len(history.history["loss"]) == 2
    (tmp_path / "step-000000001.safetensors").write_bytes(b"cut")
    with pytest.raises(ValueError, match="A snapshot must be readable"):
        classifier.fit(["good"], ["good"], verbose=0, callbacks=[ResumeTraining(tmp_path)])


def test_snapshots_of_another_model(classifier, config, tokenizer, tmp_path):
    classifier.compile()
    with pytest.raises(Killed):
        classifier.fit(["good"], ["good"], epochs=3, verbose=0, callbacks=[ResumeTraining(tmp_path), Kill(1)])
    other = make_task("BertMaskedLM", config, tokenizer)
    other.compile()
    tokens, y, _ = training_rows("BertMaskedLM", tokenizer, ["good", "bad"])
    with pytest.raises(ValueError, match="with the model and the optimizer that it began with"):
        other.fit(tokens, y, verbose=0, callbacks=[ResumeTraining(tmp_path)])
