"""Several labels to a row, numbers, and labels that a checkpoint brings along."""

import keras
import numpy as np
import pandas
import pytest
import tensorflow as tf

import kerasbert
from kerasbert import BertTextClassifier

TEXTS = ["good film", "bad film", "good", "bad", "what a film", "very very good!"] * 4
SETS = [[name for name in ("good", "film") if name in text] for text in TEXTS]


@pytest.fixture
def several(config, tokenizer):
    task = BertTextClassifier(
        kerasbert.BertEncoder(config), tokenizer, labels=["film", "good"], problem="multi_label"
    )
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    return task


@pytest.fixture
def numbers(config, tokenizer):
    task = BertTextClassifier(
        kerasbert.BertEncoder(config), tokenizer, labels=["length"], problem="regression"
    )
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    return task


@pytest.mark.slow
def test_several_labels_are_learned(several):
    several.fit(TEXTS, SETS, batch_size=8, epochs=50, verbose=0)
    assert several.evaluate(TEXTS, SETS, verbose=0, return_dict=True)["accuracy"] == 1.0
    assert several.predict_labels(["good film", "bad"], verbose=0) == [["film", "good"], []]
    assert several.predict(["good film"], verbose=0).sum() > 1.5  # each label for itself


@pytest.mark.slow
def test_several_labels_come_as_sets_rows_or_a_data_set(several):
    hot = np.array([["film" in row, "good" in row] for row in SETS])
    rows = tf.data.Dataset.from_tensor_slices((TEXTS, hot))
    expected = several.evaluate(TEXTS, SETS, verbose=0)
    for x, y in ((TEXTS, hot), (TEXTS, hot.tolist()), (rows, None), (rows.batch(8), None)):
        np.testing.assert_allclose(several.evaluate(x, y, verbose=0), expected, rtol=1e-5)
    several.fit(TEXTS, SETS, validation_split=0.25, verbose=0)


@pytest.mark.parametrize(
    ("labels", "kind", "message"),
    [
        ([["film"], ["fim"]], ValueError, "row 1, label 0.*Did you mean 'film'"),
        (["film", "good"], TypeError, "each row must be a list.*row 0"),
        (np.ones((2, 3)), ValueError, "can be read in two ways"),
        (np.full((2, 2), 0.5), ValueError, "zeros and ones"),
        ([["film"]], ValueError, "as many rows"),
    ],
)
def test_wrong_sets_are_errors(several, labels, kind, message):
    with pytest.raises(kind, match=message):
        several.fit(["a", "b"], labels, verbose=0)


@pytest.mark.slow
def test_numbers_are_learned(numbers):
    lengths = [len(text.split()) for text in TEXTS]
    first = numbers.fit(TEXTS, lengths, batch_size=8, epochs=50, verbose=0).history["loss"][0]
    assert numbers.evaluate(TEXTS, lengths, verbose=0, return_dict=True)["loss"] < 0.3 < first
    answers = numbers.predict(["good", "what a film"], verbose=0)
    assert answers.shape == (2, 1)
    assert answers[1] > answers[0] + 1
    with pytest.raises(ValueError, match="has no labels"):
        numbers.predict_labels(["good"])


def test_numbers_come_in_many_forms(numbers):
    lengths = [float(len(text.split())) for text in TEXTS]
    rows = tf.data.Dataset.from_tensor_slices((TEXTS, lengths))
    expected = numbers.evaluate(TEXTS, lengths, verbose=0)
    column = np.array(lengths)[:, None]
    for x, y in ((TEXTS, pandas.Series(lengths)), (TEXTS, column), (rows, None), (rows.batch(8), None)):
        np.testing.assert_allclose(numbers.evaluate(x, y, verbose=0), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("labels", "kind", "message"),
    [
        (["one", "two"], TypeError, "needs numbers"),
        ([1.0, float("nan")], ValueError, "y, row 1"),
        (np.ones((2, 2)), ValueError, "1 finite numbers in each row"),
    ],
)
def test_wrong_numbers_are_errors(numbers, labels, kind, message):
    with pytest.raises(kind, match=message):
        numbers.fit(["a", "b"], labels, verbose=0)


def test_an_unknown_problem(config, tokenizer):
    with pytest.raises(ValueError, match="problem='ranking'"):
        BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["a", "b"], problem="ranking")


@pytest.mark.slow
def test_class_weights_are_by_name_or_number(config, tokenizer):
    still = {"hidden_dropout": 0.0, "attention_dropout": 0.0}
    encoder = kerasbert.BertEncoder(kerasbert.BertConfig.from_dict(config.to_dict() | still))
    classifier = BertTextClassifier(encoder, tokenizer, ["bad", "good"], dropout=0.0)
    classifier.compile(optimizer=keras.optimizers.SGD(0.0))
    rows, labels = ["good", "bad", "bad", "bad"], ["good", "bad", "bad", "bad"]

    def loss(weights):
        return classifier.fit(rows, labels, class_weight=weights, verbose=0).history["loss"][0]

    weighted = loss({"good": 3.0, "bad": 0.5})
    assert weighted == pytest.approx(loss({1: 3.0, 0: 0.5}))
    assert weighted != pytest.approx(loss(None), rel=0.01)
    with pytest.raises(ValueError, match=r"class_weight, row 0.*Did you mean 'good'"):
        loss({"godo": 1.0})


def test_class_weights_of_several_labels_are_refused(several, numbers):
    for task, y in ((several, [["film"]]), (numbers, [1.0])):
        with pytest.raises(ValueError, match="`class_weight` is only possible if each row has one class"):
            task.fit(["a"], y, class_weight={0: 2.0})


# === Labels of a checkpoint ===


@pytest.fixture
def preset(trained, tmp_path):
    trained.save_to_preset(tmp_path / "it")
    return tmp_path / "it"


@pytest.mark.slow
def test_labels_come_with_the_head(preset, trained, texts):
    task = BertTextClassifier.from_preset(preset)
    assert task.labels == trained.labels
    np.testing.assert_array_equal(task.predict(texts, verbose=0), trained.predict(texts, verbose=0))
    again = BertTextClassifier.from_preset(preset, labels=["bad", "good"])
    np.testing.assert_array_equal(again.head.dense.kernel, trained.head.dense.kernel)


@pytest.mark.parametrize("labels", [["good", "bad"], ["bad", "so so", "good"], ["yes", "no"]])
def test_other_labels_get_a_head_of_their_own(preset, labels):
    with pytest.warns(
        UserWarning, match="lacks classification/logits/kernel and 1 more.*no place for classifier.bias"
    ):
        task = BertTextClassifier.from_preset(preset, labels=labels)
    assert task.labels == tuple(labels)
    assert len(task.load_report.loaded) == len(task.encoder.weights)


def test_classes_without_names_can_be_named(preset, trained):
    import json

    config = json.loads((preset / "config.json").read_text())
    config["id2label"] = {"0": "LABEL_0", "1": "LABEL_1"}
    (preset / "config.json").write_text(json.dumps(config))
    task = BertTextClassifier.from_preset(preset, labels=["neg", "pos"])
    assert task.labels == ("neg", "pos")
    np.testing.assert_array_equal(task.head.dense.kernel, trained.head.dense.kernel)
    config["id2label"] = {"0": "a", "2": "b"}
    (preset / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="`id2label` must name the classes 0, 1, 2"):
        BertTextClassifier.from_preset(preset)


def test_without_a_head_labels_must_be_given(preset, trained, tmp_path):
    trained.encoder.save_to_preset(tmp_path / "bare", trained.tokenizer)
    with pytest.raises(ValueError, match="`labels` must be given"):
        BertTextClassifier.from_preset(tmp_path / "bare")
    # A classifier of tokens has a tensor of the same name, which is no classifier of texts.
    task = kerasbert.BertTokenClassifier(trained.encoder, trained.tokenizer, ["O", "B"])
    task.save_to_preset(tmp_path / "tokens")
    with pytest.warns(
        UserWarning, match="lacks encoder/pooler/dense/kernel and 1 more, which must be trained"
    ):
        other = BertTextClassifier.from_preset(tmp_path / "tokens", labels=["O", "B"])
    assert other.load_report.ignored == ("classifier.bias", "classifier.weight")
    assert "classification/logits/kernel" in other.load_report.initialized
