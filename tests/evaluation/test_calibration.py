"""Calibration by hand, and temperature scaling that stays in the task and in its files."""

import keras
import numpy as np
import pytest
from conftest import text_label

import kerasbert
from kerasbert import evaluation, export
from kerasbert.data import multi_hot
from kerasbert.evaluation.temperature import tempered

pytest.importorskip("scipy.optimize", reason="pip install 'kerasbert[evaluation]'")


def test_the_error_of_a_few_answers():
    """Of four answers at 0.9 half are right, of two at 0.3 one: (4 * 0.4 + 2 * 0.2) / 6."""
    found = evaluation.calibration_of([0.9] * 4 + [0.3] * 2, [True, True, False, False, True, False], bins=10)
    assert found.error == pytest.approx((4 * 0.4 + 2 * 0.2) / 6)
    assert [(b.low, b.rows, b.accuracy) for b in found.bins] == [(0.3, 2, 0.5), (0.9, 4, 0.5)]
    assert "overconfident" in str(found)
    assert evaluation.calibration_of([1.0, 0.0], [True, False]).error == 0


def test_chance_explains_the_error_of_a_calibrated_model_alone():
    random = np.random.default_rng(0)
    probabilities, drawn = random.uniform(0.5, 1, (40, 500)), random.uniform(size=(40, 500))
    calibrated = [
        evaluation.calibration_of(p, right)
        for p, right in zip(probabilities, drawn < probabilities, strict=True)
    ]
    assert 0 <= sum(found.error > found.chance for found in calibrated) <= 6  # one in twenty
    assert np.mean([found.error for found in calibrated]) > 0.02
    sharp = evaluation.calibration_of(probabilities[0], drawn[0] < probabilities[0] - 0.2)
    assert sharp.error > 2 * sharp.chance


def test_scaled_logits_are_found_again():
    """Labels are drawn with the probabilities of logits; the model's logits are 2.5 times as large."""
    random = np.random.default_rng(0)
    logits = random.normal(size=(20_000, 3)) * 2
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    true = (random.uniform(size=(20_000, 1)) > shares.cumsum(-1)).sum(-1)
    sharp = shares**2.5 / (shares**2.5).sum(-1, keepdims=True)
    assert evaluation.best_temperature(sharp, true) == pytest.approx(2.5, rel=0.03)
    each = 1 / (1 + np.exp(-logits))
    hot = random.uniform(size=each.shape) < each
    assert evaluation.best_temperature(1 / (1 + np.exp(-2.5 * logits)), hot) == pytest.approx(2.5, rel=0.03)


def test_a_temperature_is_advised_only_where_it_helps():
    random = np.random.default_rng(0)
    logits = random.normal(size=(3000, 3))
    shares = tempered(np.exp(logits) / np.exp(logits).sum(-1, keepdims=True), 1.0)
    true = (random.uniform(size=(3000, 1)) > shares.cumsum(-1)).sum(-1)

    def advice(probabilities):
        found = evaluation.evaluate_probabilities(probabilities, true, ["a", "b", "c"])
        [(trusted, words)] = [point for point in found.verdict()[1] if "Probabilities" in point[1]]
        return trusted, words

    assert advice(shares)[0]
    trusted, words = advice(tempered(shares, 0.4))
    assert not trusted
    assert "too high; a rescaling (`fit_temperature`) would lower this to" in words
    # Half of the rows are too sure, the others too unsure: no one temperature is right for both.
    halves = np.concatenate([tempered(shares[:1500], 0.2), tempered(shares[1500:], 5.0)])
    fitted = tempered(halves, evaluation.best_temperature(halves, true))
    trusted, words = advice(fitted)
    assert not trusted
    assert words.endswith("a rescaling (`fit_temperature`) does not mend this.")


@pytest.mark.slow
def test_the_temperature_is_kept_in_the_task_and_its_files(trained, tmp_path):
    task = type(trained).from_config(trained.get_config())
    task.set_weights(trained.get_weights())
    texts = ["good film", "bad film", "the film was bad", "a film", "what a film", "bad not good"]
    labels = [text_label(text) for text in texts]
    labels[0] = "bad"  # it cannot be this sure
    before = task.predict(texts, verbose=0)
    scaling = evaluation.fit_temperature(task, texts, labels)
    assert scaling.temperature > 1.1
    assert scaling.loss_after < scaling.loss_before
    wanted = tempered(before, scaling.temperature)
    assert np.abs(before - wanted).max() > 0.01
    np.testing.assert_allclose(task.predict(texts, verbose=0), wanted, atol=1e-5)
    task.save(tmp_path / "film.keras")
    task.save_to_preset(tmp_path / "preset")
    files = [
        export.to_tflite(task, tmp_path / "film.tflite", "float32"),
        export.to_saved_model(task, tmp_path / "1"),
    ]
    tasks = [
        keras.saving.load_model(tmp_path / "film.keras"),
        kerasbert.BertTextClassifier.from_preset(tmp_path / "preset"),
    ]
    answers = [other.predict(texts, verbose=0) for other in tasks]
    answers += [export.answer_texts(export.open_artifact(file), task, texts) for file in files]
    for found in answers:
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_labels_above_one_half_stay(config, tokenizer):
    task = kerasbert.BertTextClassifier(
        kerasbert.BertEncoder(config), tokenizer, ["loud", "cheap"], problem="multi_label"
    )
    texts = ["good film", "bad film", "the film was bad", "a film"]
    before = task.predict(texts, verbose=0)
    scaling = evaluation.fit_temperature(task, texts, [["loud"], [], ["cheap"], ["loud", "cheap"]])
    after = task.predict(texts, verbose=0)
    assert ((before > 0.5) == (after > 0.5)).all()
    assert np.abs(before - after).max() > 1e-4
    hot = multi_hot([["loud"], [], ["cheap"], ["loud", "cheap"]], ("loud", "cheap"))
    clipped = np.where(hot > 0, after, 1 - after)
    assert scaling.loss_after == pytest.approx(-np.log(clipped).mean(), rel=1e-4)


class OwnHead(kerasbert.BertTextClassifier):
    def make_head(self):
        return keras.layers.Dense(len(self.labels), name=self.head_names[0])


def test_what_has_no_temperature_is_refused(config, tokenizer):
    encoder = kerasbert.BertEncoder(config)
    with pytest.raises(ValueError, match="own head"):
        evaluation.fit_temperature(OwnHead(encoder, tokenizer, ["a", "b"]), ["good", "bad"], ["a", "b"])
    numbers = kerasbert.BertTextClassifier(encoder, tokenizer, ["stars"], problem="regression")
    with pytest.raises(ValueError, match="regression"):
        evaluation.fit_temperature(numbers, ["good"], [[1.0]])
    with pytest.raises(TypeError, match="best_temperature"):
        evaluation.fit_temperature(
            kerasbert.BertMultipleChoice(encoder, tokenizer), (["a"], [["b", "c"]]), [0]
        )
