"""Tasks on rows that come from files, tables and data sets: the same numbers as on rows in memory."""

import csv
import json

import keras
import numpy as np
import pandas
import pytest
import question_rows
import tagging
import tensorflow as tf
from answers import same_answers

import kerasbert
from kerasbert.data import (
    RowStream,
    read_conll,
    read_csv,
    read_json_lines,
    read_table,
    read_tfrecord,
    streams,
    write_tfrecord,
)

TEXTS = ["good film", "bad", "what a good film", "very very bad!", "the film was not bad"] * 3
LABELS = ["good" if "good" in text else "bad" for text in TEXTS]
SETS = [[name for name in ("bad", "good", "film") if name in text] for text in TEXTS]
CHOICES = [[text, "a film", "."] for text in TEXTS[::-1]]
WORDS, TAGS = tagging.SENTENCES, tagging.Y
QUESTIONS, CONTEXTS, ANSWERS = question_rows.QUESTIONS, question_rows.CONTEXTS, question_rows.ANSWERS


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(streams, "PART", 8)


@pytest.fixture(scope="module")
def encoder(config):
    keras.utils.set_random_seed(0)
    return kerasbert.BertEncoder(config)


def compiled(task):
    task.compile()
    return task


@pytest.fixture(scope="module")
def classifier(encoder, tokenizer):
    return compiled(kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"], dropout=0.0))


@pytest.fixture(scope="module")
def several(encoder, tokenizer):
    labels = ["bad", "good", "film"]
    return compiled(kerasbert.BertTextClassifier(encoder, tokenizer, labels, problem="multi_label"))


@pytest.fixture(scope="module")
def regression(encoder, tokenizer):
    return compiled(kerasbert.BertTextClassifier(encoder, tokenizer, ["length"], problem="regression"))


@pytest.fixture(scope="module")
def chooser(encoder, tokenizer):
    return compiled(kerasbert.BertMultipleChoice(encoder, tokenizer))


@pytest.fixture(scope="module")
def tagger():
    keras.utils.set_random_seed(0)
    return compiled(tagging.make(dropout=0.0))


@pytest.fixture(scope="module")
def answerer():
    return compiled(question_rows.make())


def json_lines(path, **columns):
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def conll(path):
    lines = (
        "".join(f"{word} {tag}\n" for word, tag in zip(*row, strict=True))
        for row in zip(WORDS, TAGS, strict=True)
    )
    path.write_text("\n".join(lines))
    return path


def table(path, **columns):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *zip(*columns.values(), strict=True)])
    return path


def same(task, x, y, *streams):
    """Checks that streams evaluate as the same rows do in memory."""
    expected = task.evaluate(x, y, batch_size=4, verbose=0)
    for rows in streams:
        found = task.evaluate(*(rows if isinstance(rows, tuple) else (rows,)), batch_size=4, verbose=0)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


# === Files ===


@pytest.mark.slow
def test_labels_of_a_csv_file(classifier, tmp_path):
    numbers = [classifier.labels.index(label) for label in LABELS]
    path = table(tmp_path / "rows", text=TEXTS, label=LABELS, number=numbers)
    by_number = read_csv(path, label="number", parse_label=int)
    same(classifier, TEXTS, LABELS, read_csv(path), by_number)
    path = table(tmp_path / "pairs", q=TEXTS, s=TEXTS[::-1], label=LABELS)
    same(classifier, (TEXTS, TEXTS[::-1]), LABELS, read_csv(path, text="q", text_pair="s"))


@pytest.mark.slow
def test_several_labels_of_files(several, tmp_path):
    hot = np.array([[name in row for name in several.labels] for row in SETS], float)
    columns = dict(zip(several.labels, hot.T, strict=True))
    path = table(tmp_path / "table", text=TEXTS, tags=map(";".join, SETS), **columns)
    write_tfrecord(tmp_path / "record", zip(TEXTS, SETS, strict=True))
    same(
        several,
        TEXTS,
        SETS,
        read_json_lines(json_lines(tmp_path / "names", text=TEXTS, label=SETS)),
        read_json_lines(json_lines(tmp_path / "hot", text=TEXTS, label=hot.tolist())),
        read_csv(path, label="tags", parse_label=lambda text: text.split(";")),
        read_csv(path, label=several.labels, parse_label=float),
        read_tfrecord(tmp_path / "record", label_list=True),
    )


@pytest.mark.slow
def test_numbers_of_files(regression, tmp_path):
    lengths = [len(text) / 4 for text in TEXTS]
    write_tfrecord(tmp_path / "record", zip(TEXTS, lengths, strict=True))
    same(
        regression,
        TEXTS,
        lengths,
        read_csv(table(tmp_path / "table", text=TEXTS, label=lengths), parse_label=float),
        read_json_lines(json_lines(tmp_path / "lines", text=TEXTS, label=lengths)),
        read_tfrecord(tmp_path / "record"),
    )


@pytest.mark.slow
def test_words_of_files(tagger, tmp_path):
    path = conll(tmp_path / "rows.conll")
    spans = [tagging.spans(words) for words in WORDS]
    lines = json_lines(tmp_path / "words", tokens=WORDS, tags=TAGS)
    texts = json_lines(tmp_path / "texts", text=tagging.TEXTS, label=spans)
    rows = read_json_lines(lines, words="tokens", label="tags")
    same(tagger, WORDS, TAGS, read_conll(path), rows, read_json_lines(texts))
    assert tagger.entity_scores(read_conll(path), verbose=0) == tagger.entity_scores(WORDS, TAGS, verbose=0)


@pytest.mark.slow
def test_answers_and_choices_of_files(answerer, chooser, tmp_path):
    path = json_lines(tmp_path / "a", question=QUESTIONS, context=CONTEXTS, answers=ANSWERS)
    rows = read_json_lines(path, text="question", text_pair="context", label="answers")
    same(answerer, (QUESTIONS, CONTEXTS), ANSWERS, rows)
    assert answerer.scores(rows, verbose=0) == answerer.scores((QUESTIONS, CONTEXTS), ANSWERS, verbose=0)
    names, right = ["x", "y", "z"], [i % 3 for i in range(len(TEXTS))]
    ends = dict(zip(names, zip(*CHOICES, strict=True), strict=True))
    path = table(tmp_path / "b", text=TEXTS, **ends, label=right)
    same(chooser, (TEXTS, CHOICES), right, read_csv(path, choices=names, parse_label=int))


# === Tables ===


@pytest.mark.slow
def test_columns_and_tables_of_hugging_face(classifier, tagger, answerer, chooser):
    datasets = pytest.importorskip("datasets")
    names = datasets.ClassLabel(names=["good", "bad"])  # in another order than the task's
    texts = datasets.Dataset.from_dict({"text": TEXTS, "label": LABELS}).cast_column("label", names)
    same(classifier, TEXTS, LABELS, read_table(texts), read_table(texts.to_iterable_dataset()))
    named = list(map(names.int2str, texts["label"]))
    same(classifier, (TEXTS, TEXTS), LABELS, ((texts["text"], texts["text"]), named))

    words = datasets.Dataset.from_dict({"tokens": WORDS, "tags": tagging.numbers()})
    feature = datasets.List(datasets.ClassLabel(names=tagging.LABELS))
    rows = read_table(words.cast_column("tags", feature), words="tokens", label="tags")
    same(tagger, WORDS, TAGS, rows, (words["tokens"], words["tags"]))

    lists = (map(list, zip(*row, strict=True)) for row in ANSWERS)
    answers = [dict(zip(("text", "answer_start"), row, strict=True)) for row in lists]
    squad = datasets.Dataset.from_dict({"question": QUESTIONS, "context": CONTEXTS, "answers": answers})
    rows = read_table(squad, text="question", text_pair="context", label="answers")
    columns = (squad["question"], squad["context"]), squad["answers"]
    same(answerer, (QUESTIONS, CONTEXTS), ANSWERS, rows, columns)
    scores = answerer.scores((QUESTIONS, CONTEXTS), ANSWERS, verbose=0)
    assert answerer.scores(*columns, verbose=0) == scores

    right = [0] * len(TEXTS)
    swag = datasets.Dataset.from_dict({"text": TEXTS, "ends": CHOICES, "label": right})
    columns = (swag["text"], swag["ends"]), swag["label"]
    same(chooser, (TEXTS, CHOICES), right, read_table(swag, choices="ends"), columns)


@pytest.mark.slow
def test_frames_of_pandas(classifier, tagger):
    frame = pandas.DataFrame({"s": TEXTS, "label": LABELS})
    same(classifier, TEXTS, LABELS, read_table(frame, text="s"))
    frame = pandas.DataFrame({"words": WORDS, "tags": TAGS})
    own = RowStream(lambda: zip(frame["words"], frame["tags"], strict=True))
    same(tagger, WORDS, TAGS, read_table(frame, words="words", label="tags"), own)


# === tf.data ===


@pytest.mark.slow
def test_data_sets_of_words_answers_and_choices(tagger, answerer, chooser):
    def rows(x, y):
        return tf.data.Dataset.from_tensor_slices((x, y))

    words = rows(tf.ragged.constant(WORDS), tf.ragged.constant(TAGS))
    same(tagger, WORDS, TAGS, words, words.ragged_batch(3))
    y = {
        "text": tf.ragged.constant([[text for text, _ in row] for row in ANSWERS]),
        "answer_start": tf.ragged.constant([[start for _, start in row] for row in ANSWERS]),
    }
    same(answerer, (QUESTIONS, CONTEXTS), ANSWERS, rows((QUESTIONS, CONTEXTS), y))
    right = [1] * len(TEXTS)
    same(chooser, (TEXTS, CHOICES), right, rows((TEXTS, CHOICES), right).batch(2))


# === Tokens ===


@pytest.mark.slow
def test_rows_of_tokens(classifier, tmp_path):
    tokens = {name: value.numpy() for name, value in classifier.tokenizer(TEXTS).items()}
    rows = [{name: value[i] for name, value in tokens.items()} for i in range(len(TEXTS))]
    short = [{name: v[: row["padding_mask"].sum()] for name, v in row.items()} for row in rows]
    for name, some in (("padded", rows), ("short", short)):
        write_tfrecord(tmp_path / name, zip(some, LABELS, strict=True))
    streams = [read_tfrecord(tmp_path / name, tokens=tuple(tokens)) for name in ("padded", "short")]
    same(classifier, TEXTS, LABELS, *streams)
    predicted = classifier.predict(TEXTS, verbose=0)
    np.testing.assert_allclose(classifier.predict(streams[1], verbose=0), predicted, atol=1e-5)
    far = {"token_ids": short[1]["token_ids"] + 90}
    for bad, message in (
        (short[1] | far, r"`token_ids` must be whole numbers from 0 to 18.*row 1"),
        (short[1] | {"token_ids": [2]}, r"the same length.*token_ids=1, segment_ids=3.*row 1"),
        ({name: np.repeat(value, 9) for name, value in short[1].items()}, r"at most 16.*row 1"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            classifier.fit(RowStream(lambda bad=bad: [(short[0], 1), (bad, 1)]))
    with pytest.raises(ValueError, match=r"must have all inputs.*row 0"):
        classifier.fit(RowStream(lambda: [(far, 1)]))


# === predict and fit ===


@pytest.mark.slow
def test_answers_come_in_the_order_of_rows(classifier, tagger, answerer, chooser):
    for task, rows, y in (
        (classifier, TEXTS, LABELS),
        (tagger, WORDS * 2, TAGS * 2),
        (answerer, (QUESTIONS, CONTEXTS), ANSWERS),
        (chooser, (TEXTS, CHOICES), None),
    ):
        each = list(zip(*rows, strict=True)) if isinstance(rows, tuple) else rows
        stream = RowStream(lambda y=y, each=each: zip(each, y, strict=True) if y else each, y is not None)
        found, expected = task.predict(stream, verbose=0), task.predict(rows, verbose=0)
        same_answers(found, expected)
        assert len(task.predict(RowStream(lambda: []), verbose=0)) == 0
    assert tagger.predict_labels(RowStream(lambda: WORDS * 2, False), verbose=0) == tagger.predict_labels(
        WORDS * 2, verbose=0
    )


def test_what_is_truncated_is_said_once(classifier):
    rows = RowStream(lambda: ["good " * 50, *TEXTS, "bad " * 50], labelled=False)
    with pytest.warns(UserWarning, match="2 of the 17 texts") as caught:
        classifier.predict(rows, verbose=0)
    assert len(caught) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["classifier", "tagger", "answerer"])
def test_fit_trains_on_streams(request, name, tmp_path):
    task = request.getfixturevalue(name)
    squad = json_lines(tmp_path / "squad", q=QUESTIONS, c=CONTEXTS, a=ANSWERS)
    rows = {
        "classifier": lambda: read_csv(table(tmp_path / "rows", text=TEXTS, label=LABELS)),
        "tagger": lambda: read_conll(conll(tmp_path / "rows")),
        "answerer": lambda: read_json_lines(squad, text="q", text_pair="c", label="a"),
    }[name]()
    before = task.get_weights()
    history = task.fit(rows, validation_data=rows, epochs=2, batch_size=4, verbose=0).history
    expected = task.evaluate(rows, batch_size=4, verbose=0)[0]
    np.testing.assert_allclose(history["val_loss"][-1], expected, rtol=1e-5)
    assert int(task.optimizer.iterations) == 2 * -(-sum(1 for _ in rows) // 4)
    task.set_weights(before)
