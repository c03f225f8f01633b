"""Rows of files that a task cannot learn from: an error names the line before training begins."""

import json
import warnings

import numpy as np
import pandas
import pytest
import question_rows
import tagging
import tensorflow as tf

import kerasbert
from kerasbert.data import RowStream, read_conll, read_csv, read_json_lines, read_tfrecord, streams


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(streams, "PART", 4)


@pytest.fixture(scope="module")
def tasks(config, tokenizer):
    encoder = kerasbert.BertEncoder(config)
    tasks = {
        "labels": kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"]),
        "several": kerasbert.BertTextClassifier(encoder, tokenizer, [*"abc", "good"], problem="multi_label"),
        "numbers": kerasbert.BertTextClassifier(encoder, tokenizer, ["n"], problem="regression"),
        "choices": kerasbert.BertMultipleChoice(encoder, tokenizer),
        "pairs": kerasbert.BertTextEmbedder(encoder, tokenizer),
        "words": tagging.make(),
        "answers": question_rows.make(),
    }
    for task in tasks.values():
        task.compile()
    return tasks


# Of each problem a good row, five of which come first, and rows of which each is wrong in its own way.
GOOD = {
    "labels": {"text": "a film", "label": "good"},
    "several": {"text": "a film", "label": ["good"]},
    "numbers": {"text": "a film", "label": 0.5},
    "choices": {"text": "a film", "choices": ["a", "b"], "label": 1},
    "words": {"words": ["in", "Bonn"], "label": ["O", "B-LOC"]},
    "answers": {"text": "where", "text_pair": "In Bonn.", "label": [["Bonn", 3]]},
}
READ = {"choices": {"choices": "choices"}, "words": {"words": "words"}, "answers": {"text_pair": "text_pair"}}
WRONG = [
    ("labels", {"label": "god"}, "one of the model's labels.*label='god'.*line 6.*Did you mean 'good'"),
    ("labels", {"label": 2}, "there are 2 classes.*number=2.*line 6"),
    ("labels", {"label": -1}, "number=-1.*line 6"),
    ("labels", {"label": "1"}, "label='1'.*line 6"),
    ("labels", {"label": 0.5}, "whole class numbers.*values=0.5.*line 6"),
    ("labels", {"label": True}, "whole class numbers.*line 6"),
    ("labels", {"label": ["good"]}, r"one label in each row.*values=\['good'\].*line 5 and after: y, row 1"),
    ("labels", {"label": {}}, "whole class numbers.*line 6"),
    ("labels", {"label": 10**400}, "there are 2 classes.*line 6"),
    ("several", {"label": "good"}, "must be a list of labels.*line 6"),
    ("several", {"label": ["good", "god"]}, "label='god'.*line 6"),
    ("several", {"label": ["good", "good"]}, "twice in a row.*line 6"),
    ("several", {"label": [0, 0]}, "4 zeros and ones.*line 6.*class_numbers"),
    ("several", {"label": [1.0, 0.5, 0, 0]}, "zeros and ones.*line 6"),
    ("several", {"label": [1.0]}, r"labels=\[1.0\].*line 6"),
    ("several", {"label": [None]}, "whole class numbers.*line 6"),
    ("numbers", {"label": "0.5"}, "needs numbers.*'0.5'.*line 6.*parse_label=float"),
    ("numbers", {"label": [0.5, 1.0]}, "1 finite numbers in each row.*line 6"),
    ("numbers", {"label": float("inf")}, "finite.*line 6"),
    ("numbers", {"label": [float("nan")]}, "finite.*line 6"),
    ("choices", {"choices": ["a"]}, r"as many choices.*x=\('a film', \['a'\]\).*line 6"),
    ("choices", {"label": 2}, "whole number from 0 to 1.*line 6"),
    ("choices", {"label": "1"}, "whole number from 0 to 1.*line 6"),
    ("words", {"label": ["O"]}, "one label for each word.*words=2, labels=1.*line 6"),
    ("words", {"label": ["O", "B-LOG"]}, "label='B-LOG'.*line 6.*word 1.*Did you mean 'B-LOC'"),
    ("words", {"label": "OO"}, "must have a list of labels.*line 6"),
    ("words", {"label": [0, 9]}, "number=9.*line 6.*word 1|label=0.*line 6"),
    ("answers", {"label": [["Bonn", 2]]}, "at its offset.*found=' Bon'.*line 6"),
    ("answers", {"label": "Bonn"}, "list of pairs.*line 6"),
    ("answers", {"label": {"text": ["Bonn"]}}, "list of pairs.*line 6"),
    ("answers", {"label": {"text": ["Bonn"], "answer_start": []}}, "list of pairs.*line 6"),
    ("answers", {"label": [[" ", 2]]}, "must have a token.*line 6"),
]


def write(tmp_path, rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(("problem", "wrong", "message"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_row_is_named_and_nothing_is_trained(tasks, tmp_path, problem, wrong, message):
    good = GOOD[problem]
    path = write(tmp_path, [*[good] * 5, good | wrong, good])
    with pytest.raises((ValueError, TypeError), match=message):
        tasks[problem].fit(read_json_lines(path, **READ.get(problem, {})), verbose=0)
    assert int(tasks[problem].optimizer.iterations) == 0


def test_a_bad_row_at_the_end_of_a_file_stops_before_training(tasks, tmp_path):
    path = tmp_path / "rows"
    path.write_text("text,label\n" + "a film,good\n" * 9 + "bad\n")
    with pytest.raises(ValueError, match=r"2 fields.*line 11"):
        tasks["labels"].fit(read_csv(path), verbose=0)
    path.write_text("in O\n\n" * 9 + "Bonn\n")
    with pytest.raises(ValueError, match=r"first row, 2.*line 19"):
        tasks["words"].fit(read_conll(path), verbose=0)
    for task in ("labels", "words"):
        assert int(tasks[task].optimizer.iterations) == 0


@pytest.mark.parametrize(
    ("problem", "read", "content"),
    [
        ("labels", read_csv, "text,label\n"),
        ("labels", read_json_lines, ""),
        ("labels", read_tfrecord, ""),
        ("words", read_conll, ""),
        ("words", read_conll, "-DOCSTART- O\n\n\n"),
        ("words", read_conll, "\u200b O\n"),  # no token
    ],
)
def test_nothing_to_learn_from_is_an_error(tasks, tmp_path, problem, read, content):
    path = tmp_path / "rows"
    path.write_text(content)
    with pytest.raises(ValueError, match="at least one row"):
        tasks[problem].fit(read(path), verbose=0)


def test_arguments_that_do_not_go_with_a_stream(tasks):
    rows = RowStream(lambda: [("a", "good")] * 5)
    texts = RowStream(lambda: ["a"] * 5, labelled=False)
    for task, arguments, message in (
        ("labels", {"x": rows, "y": ["good"]}, "contain its labels"),
        ("labels", {"x": rows, "sample_weight": [1.0]}, "contain its labels"),
        ("labels", {"x": texts}, "need labels"),
        ("words", {"x": texts}, "need labels"),
        ("answers", {"x": texts}, "takes questions and contexts"),
        ("pairs", {"x": texts}, "pairs of texts that mean the same"),
        ("labels", {"x": rows, "validation_data": texts}, "need labels.*validation_data|need labels.*row 0"),
        ("labels", {"x": RowStream(lambda: [(3, "good")])}, "must be text.*row"),
        (
            "labels",
            {"x": pandas.DataFrame({"s": ["a"]})},
            r"x='DataFrame'.*read_table",
        ),
        ("words", {"x": iter([(["a"], ["O"])])}, "can be read again.*RowStream"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            tasks[task].fit(**arguments, verbose=0)
    with pytest.raises(TypeError, match=r"row 4 and after: text` must be text.*row=1"):
        tasks["labels"].predict(RowStream(lambda: [*"abcd", "e", None], False), verbose=0)


def test_labels_of_data_sets_are_checked_when_they_are_read(tasks):
    for problem, label, message in (
        ("numbers", [0.5, float("nan")], "Labels must be finite numbers, 1 per row"),
        ("several", [[1, 0, 0, 0], [1, 2, 0, 0]], "Labels must be zeros and ones, 4 per row"),
    ):
        rows = tf.data.Dataset.from_tensor_slices((["a", "b"], label))
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            tasks[problem].evaluate(rows, verbose=0)
    with pytest.raises(TypeError, match="must give zeros and ones"):
        tasks["several"].evaluate(tf.data.Dataset.from_tensor_slices((["a"], ["good"])), verbose=0)


def test_missing_labels_in_memory_are_named(tasks):
    for bad in (float("nan"), float("inf"), None, ["good"], 0.5):
        for good in ("good", 1, 1.0):
            with pytest.raises((ValueError, TypeError), match="row 1"):
                tasks["labels"].fit(["a", "b"], [good, bad], verbose=0)


# === Odd rows with a defined result ===


@pytest.mark.slow
def test_empty_and_giant_texts_train_and_are_answered(tasks):
    giant = "x" * 100_000
    rows = {
        "labels": [("", "good"), (giant, "bad"), ("\0", "good")],
        "words": [([], []), ([giant], ["O"]), (["", "in"], ["O", "O"])],
        "answers": [(("", "In Bonn."), [("Bonn", 3)]), (("where", ""), []), ((giant, "Bonn"), [("Bonn", 0)])],
    }
    for problem, some in rows.items():
        stream = RowStream(lambda some=some: some)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.isfinite(tasks[problem].evaluate(stream, verbose=0)).all()
            assert len(tasks[problem].predict(stream, verbose=0)) == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        words = tasks["words"].predict_labels(RowStream(lambda: [[], [giant], ["", "in"]], False), verbose=0)
    assert [len(row) for row in words] == [0, 1, 2]
