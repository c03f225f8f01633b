"""What else a user may pass: wrong kinds of values, columns of any kind, too few rows."""

import datetime

import keras
import numpy as np
import pytest
from conftest import text_label
from wild_tasks import made

from kerasbert import evaluation
from kerasbert.data import squad_scores

pytest.importorskip("sklearn.metrics", reason="pip install 'kerasbert[evaluation]'")
TEXTS = ["good film", "bad film", "the film was good", "what a bad film"]
LABELS = ["good", "bad", "good", "bad"]
NAMES = ("bad", "good")


def a_column(values, **others):
    """The slices by one column, `(value, rows)`, and the table of all."""
    rows = len(list(values)) if hasattr(values, "__len__") else others["rows"]
    random = np.random.default_rng(0)
    probabilities, true = random.dirichlet([1, 1], rows), random.integers(0, 2, rows)
    found = evaluation.evaluate_probabilities(probabilities, true, NAMES, slices={"column": values})
    return [(part.value, part.rows) for part in found.slices], str(found.slices_table())


def test_numbers_with_gaps_are_cut_like_numbers():
    with_gaps = [None if i % 4 == 0 else i for i in range(160)]
    quarters, _ = a_column(with_gaps)
    assert [rows for _, rows in quarters] == [30, 30, 30, 30, 40]
    assert quarters[-1][0] == "missing"
    assert quarters[0][0] == "1 to 39"
    pandas = pytest.importorskip("pandas")
    assert a_column(pandas.array(with_gaps, dtype="Int64"))[0] == quarters
    large = [10**9 + i for i in range(80)]
    assert a_column(large)[0][0] == ("1000000000 to 1000000019", 20)
    assert a_column([-np.inf] * 30 + list(range(50)))[0][0] == ("-inf to 9", 40)


def test_dates_are_cut_at_their_quartiles():
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(i) for i in range(80)]
    assert a_column(days)[0][0] == ("2020-01-01 to 2020-01-20", 20)
    moments = [datetime.datetime(2020, 1, 1, 12, tzinfo=datetime.timezone.utc)] * 20
    moments += [datetime.datetime(2020, 1, 1 + i % 20, tzinfo=datetime.timezone.utc) for i in range(60)]
    assert a_column(moments)[0][-1] == ("2020-01-08 to 2020-01-14", 21)


def test_values_that_look_like_those_of_the_table():
    found, _ = a_column(["others"] * 25 + ["q"] * 20 + ["r"] * 15)
    assert found == [("others", 25), ("q", 20), ("all others", 15)]
    found, _ = a_column([""] * 30 + [None] * 30)
    assert found == [("empty", 30), ("missing", 30)]
    assert a_column([["x"] * (i % 3) for i in range(60)])[0][0] == ("['x', 'x']", 20)
    assert a_column([b"a"] * 30 + [b"b"] * 30)[0] == [("a", 30), ("b", 30)]


def test_a_column_with_too_few_rows_is_named():
    found, table = a_column([f"{i}" for i in range(40)])
    assert not found
    assert "No part with 20 rows or more, or all in one: column." in table


def test_columns_may_be_a_data_frame_but_no_list():
    pandas = pytest.importorskip("pandas")
    probabilities, true = np.tile([[0.9, 0.1]], (40, 1)), [0] * 40
    table = pandas.DataFrame({"source": ["a"] * 20 + ["b"] * 20}, index=range(40, 80))
    found = evaluation.evaluate_probabilities(probabilities, true, NAMES, slices=table)
    assert [part.value for part in found.slices] == ["a", "b"]  # no lengths, as there are no texts
    with pytest.raises(TypeError, match="a name for each column"):
        evaluation.evaluate_probabilities(probabilities, true, NAMES, slices=["a"] * 40)
    for column in (5, "a" * 40, ["a"]):
        with pytest.raises(ValueError, match="one value for each row"):
            evaluation.evaluate_probabilities(probabilities, true, NAMES, slices={"source": column})


def test_a_single_label_has_the_scores_of_the_label():
    """scikit-learn takes one column for two classes, whose first is "has not the label"."""
    true, answered = np.array([[1], [0], [1], [0], [1]], bool), np.array([0.9, 0.9, 0.1, 0.1, 0.9])[:, None]
    about = ("a model", list("abcde"), np.arange(5), "characters", {})
    found = evaluation.LabelEvaluation(*about, ("good",), true, answered, {"good": 0.5})
    row = found.classes["good"]
    assert (row["precision"], row["recall"], row["support"]) == (2 / 3, 2 / 3, 3)
    assert row["f1"] == pytest.approx(found.scores["macro_f1"])


def test_thresholds_are_checked():
    task = made("BertTextClassifier", _tokenizer(), labels=["a", "b"], problem="multi_label")
    y = [["a"], [], ["a", "b"], []]
    assert evaluation.evaluate(task, TEXTS, y, thresholds=0.3).thresholds == {"a": 0.3, "b": 0.3}
    for wrong in ([0.1, 0.2], {"a": "x", "b": 0.5}, {"a": 5, "b": 0.5}, {"a": 0.5}):
        with pytest.raises(ValueError, match="threshold"):
            evaluation.evaluate(task, TEXTS, y, thresholds=wrong)


def test_rows_that_are_all_right_tell_no_temperature():
    """The lowest one would fit best, and make the model sure of everything."""
    task = made("BertTextClassifier", _tokenizer(), labels=NAMES)
    before = task.predict(TEXTS, verbose=0)
    with pytest.raises(ValueError, match="some are answered wrongly"):
        evaluation.fit_temperature(task, TEXTS, task.predict_labels(TEXTS, verbose=0))
    np.testing.assert_array_equal(task.predict(TEXTS, verbose=0), before)


def test_one_text_is_no_list_of_answers():
    with pytest.raises(TypeError, match="must be a list of texts"):
        squad_scores(["Bonn"], ["Bonn"])
    task = made("BertQuestionAnswerer", _tokenizer(), length=24)
    rows = (["what film?"], ["the bad film"])
    assert evaluation.evaluate(task, rows, [["bad"]]).answers == [["bad"]]
    assert evaluation.evaluate(task, rows, [[("bad", 4)]]).answers == [["bad"]]
    for wrong in ("bad", ("bad", 4), None, [3]):
        with pytest.raises(TypeError, match="must be a list of texts"):
            evaluation.evaluate(task, rows, [wrong])


def test_relevant_texts_in_other_forms():
    task = made("BertTextEmbedder", _tokenizer())
    found = evaluation.evaluate_retrieval(task, TEXTS, TEXTS, [{0}, [1], {2: 2.0}, 3])
    assert found.scores["mrr"] == 1.0
    with pytest.raises(TypeError, match="in the order of the queries"):
        evaluation.evaluate_retrieval(task, TEXTS, TEXTS, dict.fromkeys(range(4), 1))
    for wrong in ({0: "2"}, True, None):
        with pytest.raises(ValueError, match="must have a relevant text"):
            evaluation.evaluate_retrieval(task, TEXTS, TEXTS, [wrong, 1, 2, 3])


def test_what_is_no_model_and_no_rows(trained):
    with pytest.raises(TypeError, match="needs a task, or a file"):
        evaluation.evaluate(keras.ops.relu, TEXTS, LABELS)
    for x, y in ((iter(TEXTS), LABELS), (TEXTS, iter(LABELS)), (TEXTS, 1)):
        with pytest.raises(TypeError, match="must be in memory"):
            evaluation.evaluate(trained, x, y)
    with pytest.raises(TypeError, match="Two evaluations are compared"):
        evaluation.compare(trained, trained)
    found = evaluation.evaluate(trained, TEXTS, list(map(text_label, TEXTS)))
    with pytest.raises(ValueError, match="`count` must be"):
        found.mistakes(-1)


def test_probabilities_and_class_numbers_are_checked():
    probabilities = [[0.9, 0.1], [0.2, 0.8]]
    functions = (evaluation.best_temperature, evaluation.suspected_labels)
    wrong = (["bad", "good"], [0, 1, 1], [0, 2], [0.0, 1.0], [], 1)
    for function in (*functions, lambda p, true: evaluation.evaluate_probabilities(p, true, NAMES)):
        for true in wrong:
            with pytest.raises(ValueError, match=r"number of a class|Probabilities must be"):
                function(probabilities, true)
        for values in ([0.9, 0.1], [[9, 1], [1, 9]], [["a", "b"]] * 2, [[np.nan, 1]] * 2):
            with pytest.raises(ValueError, match="Probabilities must be"):
                function(values, [0, 1])
    with pytest.raises(ValueError, match="True or False"):
        evaluation.calibration_of([0.5, 0.5], [1, np.nan])
    with pytest.raises(ValueError, match="different class names"):
        evaluation.evaluate_probabilities(probabilities, [0, 1], ["a", "a"])


def test_what_only_a_test_text_has_is_a_difference():
    """Features that are learned from the training set alone would leave out all that is new in a text."""
    train = ["a good film", "nothing to see here"]
    test = ["a good film whose makers never knew what they were doing, nor why"]
    assert evaluation.duplicates(train, test) == []
    assert evaluation.duplicates(["", "x"], [" ", "y"], least=0.5)[0].row == 0
    found = evaluation.duplicates((text for text in train), (text for text in ["A good film!"]))
    assert [(pair.row, pair.train_row) for pair in found] == [(0, 0)]


def test_a_model_that_knows_nothing_gets_no_praise():
    about = ("a model", list("abcde"), np.arange(5), "characters", {})
    spans = [[(0, 1, "PER")]] * 5
    found = evaluation.EntityEvaluation(*about, spans, [[]] * 5, [["word"]] * 5)
    assert [good for good, _ in found.verdict()[1]] == [False]
    numbers = evaluation.NumberEvaluation(
        "a model", ["a"], np.ones(1), "characters", {}, ("score",), np.ones((1, 1)), np.ones((1, 1))
    )
    assert numbers.verdict()[0] == "1 row, too alike for Pearson's r"
    assert "nan" not in repr(numbers)


def _tokenizer():
    from kerasbert import BertTokenizer

    words = ["good", "bad", "film", "the", "what", "a", "was"]
    return BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])
