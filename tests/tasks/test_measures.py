"""Keras' losses and metrics, by name and as objects: right on every task, or refused."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasbert.tasks.measures import OnAnswers, Target, loss_for, metrics_for

TWO, MANY, OPEN = Target("classes", 2), Target("classes", 3), Target("classes")
TOKENS, LABELS, NUMBERS = Target("classes", 3, at_tokens=True), Target("labels", 2), Target("numbers", 1)
SUMMARY = Target("labels", 1, at_tokens=True)


def value(name, target, y, logits):
    [metric] = metrics_for([name], target, lambda output: None)
    metric.update_state(np.array(y), np.array(logits, "float32"))
    return np.array(ops.convert_to_numpy(metric.result())).item()


def test_precision_recall_and_auc_of_several_labels_get_probabilities():
    """All probabilities are 0.55 to 0.9: by logits none of 0.2 to 0.45 would be above one half."""
    y, logits = [[1, 0], [0, 1]], [[0.4, 0.2], [0.3, 0.45]]
    assert value("precision", LABELS, y, logits) == 0.5
    assert value("recall", LABELS, y, logits) == 1.0
    assert value("AUC", LABELS, y, logits) == pytest.approx(1.0, abs=0.01)
    assert value("f1_score", LABELS, y, logits) == pytest.approx(2 / 3)


def test_of_two_classes_yes_or_no_is_the_second():
    y, logits = [0, 1, 1], [[2.0, 0.0], [0.0, 3.0], [1.0, 0.0]]
    assert value("precision", TWO, y, logits) == 1.0
    assert value("recall", TWO, y, logits) == 0.5
    assert value("AUC", TWO, y, logits) == pytest.approx(1.0, abs=0.01)
    assert value("binary_accuracy", TWO, y, logits) == pytest.approx(2 / 3)


def test_metrics_of_class_numbers_and_of_one_hot_rows():
    y, logits = [0, 1, 2], np.log([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]])
    expected = -np.log([0.7, 0.3, 0.8]).mean()
    for name in ("SparseCategoricalCrossentropy", "categorical_crossentropy", "crossentropy"):
        assert value(name, MANY, y, logits) == pytest.approx(expected, rel=1e-5), name
    for name in ("sparse_categorical_accuracy", "CategoricalAccuracy"):
        assert value(name, MANY, y, logits) == pytest.approx(2 / 3), name
    assert value("f1_score", MANY, y, logits) == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert value("SparseCategoricalCrossentropy", OPEN, y, logits) == pytest.approx(expected, rel=1e-5)


def test_tokens_without_a_label_do_not_count():
    y, logits = [[-100, 1, 2, -100]], [[[9.0, 0, 0], [0, 9, 0], [9, 0, 0], [0, 0, 9]]]
    assert value("SparseCategoricalAccuracy", TOKENS, y, logits) == 0.5
    assert value("CategoricalAccuracy", TOKENS, y, logits) == 0.5
    assert value("precision", SUMMARY, [[1, -100, 0]], [[3.0, 3.0, -3.0]]) == 1.0


def test_numbers_are_compared_as_they_are():
    assert value("mae", NUMBERS, [[1.0], [3.0]], [[2.0], [3.0]]) == 0.5


@pytest.mark.parametrize(
    ("metric", "target"),
    [
        ("AUC", MANY),
        ("AUC", OPEN),
        ("f1_score", OPEN),
        ("mse", TWO),
        ("AUC", NUMBERS),
        ("accuracy", NUMBERS),
        ("sparse_categorical_accuracy", LABELS),
        ("categorical_accuracy", LABELS),
        ("AUC", TOKENS),
        (keras.metrics.F1Score(), LABELS),
        (keras.metrics.AUC(from_logits=True), LABELS),
        (keras.metrics.BinaryCrossentropy(from_logits=True), LABELS),
        (keras.metrics.BinaryIoU(), LABELS),
    ],
)
def test_metrics_that_would_be_wrong_are_refused(metric, target):
    with pytest.raises(ValueError, match=r"would be wrong here"):
        metrics_for([metric], target, lambda output: None)


def test_a_users_own_metric_gets_labels_and_logits():
    def mine(y_true, y_pred):
        return y_pred[..., 0]

    assert metrics_for([mine], TWO, None) == [mine]


def test_one_list_is_for_each_output_with_metrics_of_their_own():
    found = metrics_for(["SparseCategoricalAccuracy"], {"start": OPEN, "end": OPEN}, lambda output: None)
    assert set(found) == {"start", "end"}
    assert found["start"][0].metric is not found["end"][0].metric


def test_it_is_saved_and_loaded():
    [metric] = metrics_for(["AUC"], TWO, None)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert (again.name, again.form, type(again.metric)) == ("AUC", "binary", keras.metrics.AUC)
    assert metrics_for([again], TWO, None) == [again]  # once is enough
    metric.update_state(np.array([0, 1]), np.array([[2.0, 0.0], [0.0, 2.0]]))
    metric.reset_state()
    assert not any(np.any(ops.convert_to_numpy(variable)) for variable in metric.variables)
    assert len(metric.variables) == len(metric.metric.variables) > 0
    assert isinstance(metric, OnAnswers)


# === Losses ===


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        ("sparse_categorical_crossentropy", TWO),
        (keras.losses.sparse_categorical_crossentropy, MANY),
        ("SparseCategoricalCrossentropy", TOKENS),
        ("binary_crossentropy", LABELS),
        ("bce", SUMMARY),
        ("crossentropy", TWO),
    ],
)
def test_cross_entropies_by_name_are_those_of_logits(loss, target):
    default = object()
    assert loss_for(loss, target, default) is default


def test_other_losses_that_fit_stay():
    smoothed = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)
    assert loss_for(smoothed, LABELS, None) is smoothed
    ignoring = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)
    assert loss_for(ignoring, TOKENS, None) is ignoring
    assert loss_for("binary_focal_crossentropy", LABELS, None).get_config()["from_logits"]
    assert loss_for("mse", NUMBERS, None) == "mse"
    assert loss_for(len, TWO, None) is len


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        ("binary_crossentropy", TWO),
        ("categorical_crossentropy", TWO),
        ("mse", TWO),
        ("kl_divergence", MANY),
        ("sparse_categorical_crossentropy", LABELS),
        ("binary_crossentropy", NUMBERS),
        (keras.losses.SparseCategoricalCrossentropy(), TWO),
        (keras.losses.BinaryCrossentropy(), LABELS),
        (keras.losses.SparseCategoricalCrossentropy(from_logits=True), TOKENS),
        (keras.losses.MeanSquaredError(), LABELS),
        ("binary_focal_crossentropy", SUMMARY),
    ],
)
def test_losses_that_would_be_wrong_are_refused(loss, target):
    with pytest.raises(ValueError, match=r"would be wrong here"):
        loss_for(loss, target, keras.losses.MeanSquaredError())
