"""Scores of classes, beside scikit-learn's and scipy's, and what is shown of them."""

import numpy as np
import pytest
from conftest import text_label

from kerasbert import evaluation, export
from kerasbert.pages import Table

metrics = pytest.importorskip("sklearn.metrics", reason="pip install 'kerasbert[evaluation]'")
stats = pytest.importorskip("scipy.stats")
LABELS = ("no", "maybe", "yes", "never")


def random_rows(rows=400, seed=0, right=0.6):
    """Probabilities of four classes, the last of which has no row and no answer."""
    random = np.random.default_rng(seed)
    true = random.integers(0, 3, rows)
    logits = random.normal(size=(rows, 4)) + 3 * right * np.eye(4)[true] - 9 * np.eye(4)[3]
    return np.exp(logits) / np.exp(logits).sum(-1, keepdims=True), true


def test_scores_are_those_of_scikit_learn():
    probabilities, true = random_rows()
    found = evaluation.evaluate_probabilities(probabilities, true, LABELS)
    answered = probabilities.argmax(-1)
    assert found.scores["accuracy"] == pytest.approx(metrics.accuracy_score(true, answered), abs=1e-7)
    assert found.scores["macro_f1"] == pytest.approx(
        metrics.f1_score(true, answered, average="macro"), abs=1e-7
    )
    assert "roc_auc" not in found.scores  # a class without rows has none
    three = evaluation.evaluate_probabilities(probabilities[:, :3], true, LABELS[:3])
    shares = probabilities[:, :3] / probabilities[:, :3].sum(-1, keepdims=True)
    assert three.scores["roc_auc"] == pytest.approx(metrics.roc_auc_score(true, shares, multi_class="ovr"))


def test_the_classes_and_the_matrix_of_a_few_rows():
    probabilities = np.eye(2)[[0, 0, 1, 1, 1]] * 0.8 + 0.1
    found = evaluation.evaluate_probabilities(probabilities, [0, 1, 1, 1, 0], ["bad", "good"])
    assert found.confusion_matrix.tolist() == [[1, 1], [1, 2]]
    assert found.classes["bad"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}
    assert found.classes["good"]["precision"] == pytest.approx(2 / 3)
    assert found.baseline == ("good", 0.6)
    assert [(m.row, m.expected, m.answer) for m in found.mistakes()] == [
        (1, "good", "bad"),
        (4, "bad", "good"),
    ]
    assert found.mistakes(1)[0].probability == pytest.approx(0.9)


def test_intervals_are_those_of_scipys_bootstrap():
    probabilities, true = random_rows(150)
    found = evaluation.evaluate_probabilities(probabilities, true, LABELS)
    answered = probabilities.argmax(-1)

    def macro_f1(rows):
        return metrics.f1_score(true[rows], answered[rows], average="macro", zero_division=0)

    theirs = stats.bootstrap(
        (np.arange(150),), macro_f1, vectorized=False, method="percentile", n_resamples=200, rng=0
    ).confidence_interval
    ours = found.intervals["macro_f1"]
    spread = theirs.high - theirs.low
    assert abs(ours.low - theirs.low) < 0.2 * spread
    assert abs(ours.high - theirs.high) < 0.2 * spread


def test_no_mistake_in_thirty_rows_is_no_proof():
    right = evaluation.evaluate_probabilities(np.eye(2)[[0, 1] * 15], [0, 1] * 15, ["no", "yes"])
    exact = stats.binomtest(30, 30).proportion_ci(method="exact")
    assert right.intervals["accuracy"].low == pytest.approx(exact.low)
    wrong = evaluation.evaluate_probabilities(np.eye(2)[[1, 0] * 15], [0, 1] * 15, ["no", "yes"])
    assert wrong.intervals["accuracy"].high == pytest.approx(1 - exact.low)


def test_the_paired_test_is_mcnemars_for_accuracy():
    """Of 100 rows one model alone is right on 14, the other alone on 4: McNemar's exact test gives 0.031."""
    true = np.ones(100, int)
    one, other = np.ones(100, int), np.ones(100, int)
    one[:14] = 0
    other[20:24] = 0
    results = [
        evaluation.evaluate_probabilities(np.eye(2)[rows], true, ["no", "yes"]) for rows in (one, other)
    ]
    found = evaluation.compare(*results)
    assert found.difference == pytest.approx(0.1)
    assert found.p_value == pytest.approx(stats.binomtest(4, 18).pvalue, abs=0.006)
    assert found.low < 0.1 < found.high
    assert found.low > 0
    assert evaluation.compare(results[0], results[0]).p_value == 1.0
    with pytest.raises(ValueError, match="same rows"):
        evaluation.compare(results[0], evaluation.evaluate_probabilities(np.eye(2)[one], one, ["no", "yes"]))


def test_slices_find_the_rows_that_are_hard():
    true = np.zeros(200, int)
    source = np.array(["web"] * 150 + ["mail"] * 45 + ["fax"] * 5)
    answered = np.where((source == "mail") & (np.arange(200) % 2 == 0), 1, 0)
    age = np.arange(200.0)
    texts = ["a" * (1 + i % 50) for i in range(200)]
    found = evaluation.evaluate_probabilities(
        np.eye(2)[answered], true, ["no", "yes"], texts, slices={"source": source, "age": age}
    )
    values = {(part.column, part.value): part for part in found.slices}
    assert values["source", "mail"].scores["accuracy"].value == pytest.approx(22 / 45)
    assert values["source", "others"].rows == 5
    assert [part.rows for part in found.slices if part.column == "age"] == [50] * 4
    assert [part.rows for part in found.slices if part.column == "length in characters"] == [52, 48, 52, 48]
    assert found.weak_slices()[0].value == "mail"
    with pytest.raises(ValueError, match="one value for each row"):
        evaluation.evaluate_probabilities(np.eye(2)[answered], true, ["no", "yes"], slices={"a": [1]})


@pytest.mark.slow
def test_a_task_and_its_file_are_evaluated_alike(trained, int8, saved_model):
    texts = [
        "good film",
        "bad film",
        "what a good film!",
        "the film was bad",
        "good",
        "very bad.",
        "a film",
    ] * 4
    labels = list(map(text_label, texts))
    keras = evaluation.evaluate(trained, texts, labels, slices={"half": [i % 2 for i in range(len(texts))]})
    assert keras.scores["accuracy"] == trained.scores(texts, labels, verbose=0)["accuracy"]
    file = evaluation.evaluate(export.open_artifact(int8), texts, labels, task=trained)
    served = evaluation.evaluate(saved_model, texts, labels, task=trained)
    assert np.abs(served.probabilities - keras.probabilities).max() < 1e-5
    assert 0 < np.abs(file.probabilities - keras.probabilities).max() < 0.2
    assert evaluation.compare(keras, file).rows == len(texts)
    assert (file.model, keras.length_unit) == ("film.tflite", "tokens")
    assert keras.lengths[:3].tolist() == [2, 2, 5]
    with pytest.raises(ValueError, match="Pass `task=`"):
        evaluation.evaluate(int8, texts, labels)


def test_what_cannot_be_evaluated_is_refused(trained):
    with pytest.raises(ValueError, match="one label for each row"):
        evaluation.evaluate(trained, ["good"], ["good", "bad"])
    with pytest.raises(ValueError, match="right labels"):
        evaluation.evaluate(trained, ["good"])
    with pytest.raises(TypeError, match="rows of text"):
        evaluation.evaluate(trained, {"token_ids": np.ones((1, 3), int)}, ["good"])
    with pytest.raises(ValueError, match="numbers from 0 to 1"):
        evaluation.evaluate_probabilities([[0.5, np.nan]], [0], ["a", "b"])
    with pytest.raises(ValueError, match="number of a class"):
        evaluation.evaluate_probabilities([[0.5, 0.5]], [2], ["a", "b"])


def test_tables_escape_texts_and_show_numbers():
    probabilities, true = random_rows(60)
    texts = ["<script>alert(1)</script> & \ud800"] * 60
    found = evaluation.evaluate_probabilities(probabilities, true, ["<no>", "maybe", "yes", "&"], texts)
    page = found._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; ?" in page
    assert "<no>" not in page
    assert "accuracy" in repr(found)
    assert "Confusion matrix" in repr(found)
    page.encode("utf-8")


def test_a_table_is_read_in_a_terminal():
    table = Table("Sizes", ["file", "bytes", "share"], [["a", 1234, 0.5], ["longer", 5, None]], "A note.")
    assert str(table).splitlines() == [
        "Sizes",
        "file    bytes  share",
        "a       1,234  0.500",
        "longer      5",
        "A note.",
    ]
    assert '<td class="num" data-label="bytes">1,234</td>' in table.html()
