"""What users say of labels and weights, through `fit` and `evaluate` of tasks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasbert
from kerasbert.data import RowStream

TEXTS, Y = ["good", "bad", "bad", "bad"], ["good", "bad", "bad", "bad"]


@pytest.fixture(scope="module")
def classifier(config, tokenizer):
    still = {"hidden_dropout": 0.0, "attention_dropout": 0.0}
    encoder = kerasbert.BertEncoder(kerasbert.BertConfig.from_dict(config.to_dict() | still))
    task = kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"], dropout=0.0)
    task.compile(optimizer=keras.optimizers.SGD(0.0), metrics=["accuracy", "AUC"])
    return task


def loss(task, weights, x=TEXTS, y=Y):
    return task.fit(x, y, class_weight=weights, verbose=0, shuffle=False).history["loss"][0]


@pytest.mark.slow
def test_class_weights_by_some_names_and_balanced(classifier):
    assert loss(classifier, {"good": 3.0}) == pytest.approx(loss(classifier, {"good": 3.0, "bad": 1.0}))
    balanced = loss(classifier, {"good": 2.0, "bad": 2 / 3})
    stream = RowStream(lambda: zip(TEXTS, Y, strict=True))
    rows = tf.data.Dataset.from_tensor_slices((TEXTS, Y))
    for x, y in ((TEXTS, Y), (stream, None), (rows, None), (rows.batch(2), None)):
        assert loss(classifier, "balanced", x, y) == pytest.approx(balanced, rel=0.3)
    assert loss(classifier, "balanced") == pytest.approx(balanced, rel=1e-5)
    with pytest.raises(TypeError, match=r"dict\(zip\(names, weights\)\)"):
        loss(classifier, np.array([1.0, 2.0]))
    with pytest.raises(TypeError, match="balanced"):
        loss(classifier, "balance")


def test_what_other_libraries_write_says_what_to_write_here(config, tokenizer):
    encoder = kerasbert.BertEncoder(config)
    for arguments in ({"num_labels": 3}, {"num_classes": 3}, {"labels": 3}):
        with pytest.raises(TypeError, match=r"labels=\[str\(i\) for i in range\(3\)\]"):
            kerasbert.BertTextClassifier(encoder, tokenizer, **arguments)
    with pytest.raises(TypeError, match="Sort it"):
        kerasbert.BertTokenClassifier(encoder, tokenizer, labels={"O", "B-PER"})


@pytest.mark.parametrize("labels", [[0.9, 0.0], [[0, 1], [1, 0]], [True, False], [2, 0], [1e38, 0.0]])
def test_data_sets_refuse_what_memory_refuses(classifier, labels):
    with pytest.raises((TypeError, ValueError)):
        classifier.evaluate(["a", "b"], labels, verbose=0)
    rows = tf.data.Dataset.from_tensor_slices((["a", "b"], labels))
    for x in (rows, rows.batch(2)):
        with pytest.raises((TypeError, ValueError, tf.errors.InvalidArgumentError), match=r"[Ll]abel"):
            classifier.evaluate(x, verbose=0)


@pytest.mark.slow
def test_batch_sizes_and_weights_are_checked(classifier):
    for size in (-1, 0, 2.5):
        for call in (classifier.fit, classifier.evaluate):
            with pytest.raises(ValueError, match="`batch_size` must be a positive int"):
                call(TEXTS, Y, batch_size=size, verbose=0)
        with pytest.raises(ValueError, match="`batch_size` must be a positive int"):
            classifier.predict(TEXTS, batch_size=size, verbose=0)
    weights = np.array([1.0, np.nan, 1.0, 1.0])
    with pytest.raises(ValueError, match="sample_weight, row 1"):
        classifier.fit(TEXTS, Y, sample_weight=weights, verbose=0)
    rows = tf.data.Dataset.from_tensor_slices((TEXTS, Y, weights)).batch(2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="`sample_weight` must be finite"):
        classifier.fit(rows, verbose=0)


@pytest.mark.slow
def test_a_reader_can_be_split(classifier):
    stream = RowStream(lambda: zip(TEXTS, Y, strict=True))
    found = classifier.fit(stream, validation_split=0.25, verbose=0).history["val_loss"][0]
    assert found == pytest.approx(classifier.evaluate(TEXTS[3:], Y[3:], verbose=0)[0], rel=1e-5)


def test_auc_is_that_of_the_second_class(classifier):
    probabilities = classifier.predict(TEXTS, verbose=0)[:, 1]
    auc = keras.metrics.AUC()
    auc.update_state([1, 0, 0, 0], probabilities)
    found = classifier.evaluate(TEXTS, Y, verbose=0, return_dict=True)["AUC"]
    assert found == pytest.approx(float(auc.result()), abs=1e-6)


def test_the_reading_of_numbers_is_saved(config, tokenizer, tmp_path):
    labels = ["1", "2", "3"]
    task = kerasbert.BertTextClassifier(
        kerasbert.BertEncoder(config), tokenizer, labels, numeric_labels="names"
    )
    task.compile()
    task.save(tmp_path / "it.keras")
    again = keras.saving.load_model(tmp_path / "it.keras")
    assert again.preprocessor.label_numbers([1, 3], "y").tolist() == [0, 2]
    with pytest.raises(ValueError, match="numeric_labels"):
        kerasbert.BertTextClassifier(
            kerasbert.BertEncoder(config), tokenizer, labels, problem="regression", numeric_labels="names"
        )
