import dataclasses
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from summarizing import documents, make, pack

import kerasbert
from kerasbert import RobertaTokenizer, export
from kerasbert.data import oracle_labels, rouge_scores

ROWS, Y = documents(12)
TEXTS = [" ".join(row) for row in ROWS]


@pytest.fixture(scope="module")
def compiled():
    """Not trained to any end: tests compare what one state of it says."""
    keras.utils.set_random_seed(0)
    task = make()
    task.compile(optimizer="adam")
    return task


@pytest.fixture(scope="module")
def taught():
    """A task that knows the marked sentence. Not to be changed."""
    keras.utils.set_random_seed(0)
    task = make()
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    rows, labels = documents(300, seed=1)
    task.fit(rows, labels, batch_size=16, epochs=6, verbose=0)
    return task


def by_hand(task, rows, labels):
    """Tokens and labels of all windows, packed in plain Python."""
    windows, targets = [], []
    for row, given in zip(rows, labels, strict=True):
        ids = [task.tokenizer.tokenize(sentence).numpy().tolist() for sentence in row]
        for window in pack(ids, task.max_sequence_length):
            windows.append(window)
            targets.append({place: given[number] for place, number in window[2].items()})
    length = max(len(ids) for ids, *_ in windows)
    token_ids, segments, mask = np.zeros((3, len(windows), length), "int32")
    y = np.full((len(windows), length), -100)
    for i, ((ids, parity, _), target) in enumerate(zip(windows, targets, strict=True)):
        token_ids[i, : len(ids)], segments[i, : len(ids)], mask[i, : len(ids)] = ids, parity, 1
        y[i, list(target)] = list(target.values())
    return {"token_ids": token_ids, "segment_ids": segments, "padding_mask": mask}, y


# === It learns ===


@pytest.mark.slow
def test_it_finds_the_marked_sentence(taught):
    rows, labels = documents(40, seed=2)
    found = taught.predict(rows, max_sentences=1, verbose=0)
    assert [summary.indices for summary in found] == [(row.index(1),) for row in labels]
    assert taught.evaluate(rows, labels, verbose=0, return_dict=True)["accuracy"] > 0.9
    texts = [" ".join(row) for row in rows]
    assert [s.text for s in taught.predict(texts, max_sentences=1, verbose=0)] == [s.text for s in found]


@pytest.mark.slow
def test_rouge_is_that_of_what_it_predicts(taught):
    rows, labels = documents(20, seed=3)
    summaries = [row[given.index(1)] for row, given in zip(rows, labels, strict=True)]
    scores = taught.scores(rows, summaries, max_sentences=2, verbose=0)
    found = [summary.text for summary in taught.predict(rows, max_sentences=2, verbose=0)]
    assert scores == rouge_scores(found, summaries)
    assert 0 < scores["rouge2"] < scores["rouge1"] < 1


# === What goes in ===


def test_rows_are_packed_as_in_the_paper(compiled):
    batches, *_ = compiled.preprocessor.labelled(ROWS, Y, None, batch_size=99)
    (tokens, labels), *others = batches
    assert not others
    expected_tokens, expected = by_hand(compiled, ROWS, Y)
    assert len(expected) > len(ROWS)  # some documents have more windows than one
    order = np.argsort(expected_tokens["padding_mask"].sum(1), kind="stable")
    for name, value in tokens.items():
        np.testing.assert_array_equal(value, expected_tokens[name][order])
    np.testing.assert_array_equal(labels, expected[order])


@pytest.mark.slow
def test_the_loss_is_the_cross_entropy_of_sentences(compiled):
    tokens, y = by_hand(compiled, ROWS, Y)
    logits = np.asarray(compiled(tokens))
    p = 1 / (1 + np.exp(-logits[y >= 0]))
    counted = y[y >= 0]
    expected = [
        -np.log(np.where(counted, p, 1 - p)).mean(),
        ((p > 0.5) == counted).mean(),
    ]
    np.testing.assert_allclose(compiled.evaluate(ROWS, Y, verbose=0, batch_size=99), expected, rtol=1e-5)
    np.testing.assert_allclose(compiled.evaluate(tokens, y, verbose=0, batch_size=99), expected, rtol=1e-5)
    data = tf.data.Dataset.from_tensor_slices((tokens, y)).batch(99)
    np.testing.assert_allclose(compiled.evaluate(data, verbose=0), expected, rtol=1e-5)
    answers = compiled.predict(tokens, verbose=0)
    np.testing.assert_allclose(answers, 1 / (1 + np.exp(-logits)), atol=1e-6)
    np.testing.assert_allclose(compiled.predict(data, verbose=0), answers, atol=1e-6)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("x", "y"),
    [
        (TEXTS, [np.array(row) for row in Y]),
        (tuple(map(tuple, ROWS)), tuple(Y)),
        (pd.Series(TEXTS, index=range(3, 15)), pd.Series(Y)),
        (np.array(TEXTS), Y),
        (tf.constant(TEXTS), Y),
        ([text.encode() for text in TEXTS], Y),
        ([[sentence.encode() for sentence in row] for row in ROWS], Y),
        ([row if i % 2 else text for i, (row, text) in enumerate(zip(ROWS, TEXTS, strict=True))], Y),
    ],
    ids=range(8),
)
def test_every_form_of_the_same_rows_scores_the_same(compiled, x, y):
    expected = compiled.evaluate(ROWS, Y, batch_size=99, verbose=0)
    np.testing.assert_allclose(compiled.evaluate(x, y, batch_size=99, verbose=0), expected, rtol=1e-5)
    found = [(s.indices, s.scores) for s in compiled.predict(x, verbose=0)]
    assert found == [(s.indices, s.scores) for s in compiled.predict(ROWS, verbose=0)]


@pytest.mark.slow
def test_summaries_become_labels(compiled):
    summaries = ["Note it rained in Bonn", "Ann left Rome"] * 6
    labels = [oracle_labels(*pair) for pair in zip(ROWS, summaries, strict=True)]
    mixed = [labels[0], *summaries[1:]]
    expected = compiled.evaluate(ROWS, labels, batch_size=99, verbose=0)
    assert compiled.evaluate(ROWS, mixed, batch_size=99, verbose=0) == expected
    data = tf.data.Dataset.from_tensor_slices((TEXTS, summaries))
    np.testing.assert_allclose(compiled.evaluate(data, batch_size=99, verbose=0), expected, rtol=1e-5)
    texts = compiled.predict(data.map(lambda text, _: text), verbose=0)
    assert texts == compiled.predict(TEXTS, verbose=0)


@pytest.mark.slow
def test_weights_and_validation(compiled):
    part = compiled.evaluate(ROWS[:6], Y[:6], batch_size=99, verbose=0)[0]
    weights = [1.0] * 6 + [0.0] * 6
    weighted = compiled.evaluate(ROWS, Y, batch_size=99, sample_weight=weights, verbose=0)[0]
    np.testing.assert_allclose(weighted * sum(map(len, Y)), part * sum(map(len, Y[:6])), rtol=1e-4)
    history = compiled.fit(ROWS, Y, sample_weight=[1, 2] + [1] * 10, validation_split=0.5, verbose=0).history
    last = compiled.evaluate(ROWS[6:], Y[6:], verbose=0)
    np.testing.assert_allclose(history["val_loss"][0], last[0], rtol=1e-4)
    with pytest.raises(ValueError, match="`class_weight` is only possible if each row has one class"):
        compiled.fit(ROWS, Y, class_weight={0: 1.0}, verbose=0)


def test_r_drop_compares_sentences_alone(monkeypatch):
    task = make()
    task.compile(r_drop=0.5)
    tokens, y = by_hand(task, ROWS, Y)
    first, second = np.random.default_rng(0).normal(size=(2, *y.shape)).astype("float32")
    monkeypatch.setattr(type(task), "call", lambda self, inputs, training=None: second)  # the other pass
    p, q = (1 / (1 + np.exp(-logits[y >= 0])) for logits in (first, second))
    losses = [-np.log(np.where(y[y >= 0], x, 1 - x)).mean() for x in (p, q)]
    apart = 0.5 * ((p - q) * (first - second)[y >= 0]).mean()
    np.testing.assert_allclose(task.compute_loss(tokens, y, first), np.mean(losses) + 0.5 * apart, rtol=1e-5)


# === What comes out ===


def everything(task, x, **kwargs):
    return task.predict(x, max_sentences=999, trigram_blocking=False, verbose=0, **kwargs)


def test_long_documents_are_scored_window_by_window(compiled):
    """All sentences in one document, and each of its windows as a document of its own."""
    long = [sentence for row in ROWS for sentence in row]
    ids = [compiled.tokenizer.tokenize(sentence).numpy().tolist() for sentence in long]
    windows = [list(numbers.values()) for *_, numbers in pack(ids)]
    assert len(windows) > 3
    assert sum(map(len, windows)) == len(long)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (together,) = everything(compiled, [long])
        apart = everything(compiled, [[long[i] for i in window] for window in windows])
    assert together.indices == tuple(range(len(long)))
    expected = [score for summary in apart for score in summary.scores]
    np.testing.assert_allclose(together.scores, expected, atol=1e-6)


def test_offsets_are_those_of_the_document(compiled):
    text = "  It rained.\n\nAnn left Bonn. 雨。 "
    (summary,) = everything(compiled, [text])
    assert [text[a:b] for a, b in summary.sentences] == ["It rained.", "Ann left Bonn.", "雨。"]
    assert summary.text == "It rained.\nAnn left Bonn.\n雨。"
    with pytest.raises(dataclasses.FrozenInstanceError):
        summary.text = ""


def test_documents_without_much_in_them(compiled):
    rows = ["", "It rained.", [], ["", "\x07"], ["It rained."], ["", "It rained.", ""]]
    found = compiled.predict(rows, verbose=0)
    assert [summary.indices for summary in found] == [(), (0,), (), (), (0,), (1,)]
    assert found[0].text == ""
    assert found[1].scores == pytest.approx(found[5].scores, abs=1e-6)
    assert compiled.predict([], verbose=0) == []
    labels = [[], [1], [], [0, 1], [1], [1, 1, 0]]
    alone = compiled.evaluate(rows[1:2], [[1]], verbose=0)
    np.testing.assert_allclose(compiled.evaluate(rows, labels, verbose=0), alone, rtol=1e-5)


def test_a_batch_changes_nothing(compiled):
    together = everything(compiled, ROWS)
    for row, summary in zip(ROWS, together, strict=True):
        (alone,) = everything(compiled, [row], batch_size=1)
        assert (alone.text, alone.indices) == (summary.text, summary.indices)
        np.testing.assert_allclose(alone.scores, summary.scores, atol=1e-6)


@pytest.mark.slow
def test_long_sentences_are_truncated_and_counted(compiled):
    long = "it " * 30
    with pytest.warns(UserWarning, match="1 of the 3 sentences .* max_sequence_length=24"):
        (found,) = everything(compiled, [["Ann left", long, "Ben left"]])
    (cut,) = everything(compiled, [["it " * 22]])
    np.testing.assert_allclose(found.scores[1], cut.scores[0], atol=1e-6)
    with pytest.warns(UserWarning, match="2 of the 4 sentences"):
        compiled.fit([["Ann left", long]], [[1, 0]], validation_data=([[long, "it"]], [[0, 1]]), verbose=0)


# === Files ===


@pytest.mark.slow
def test_files_keep_what_it_learned(taught, tmp_path):
    expected = taught.predict(ROWS, verbose=0)
    taught.save(tmp_path / "it.keras")
    taught.save_to_preset(tmp_path / "it")
    again = keras.saving.load_model(tmp_path / "it.keras")
    assert again.predict(ROWS, verbose=0) == expected
    again.fit(ROWS, Y, verbose=0)
    again = kerasbert.BertSummarizer.from_preset(tmp_path / "it")
    assert again.predict(ROWS, verbose=0) == expected
    assert {path for path in again.load_report.loaded if path.startswith("summ")} == {
        "summarization/logits/kernel",
        "summarization/logits/bias",
    }
    shorter = kerasbert.BertSummarizer.from_preset(tmp_path / "it", max_sequence_length=8)
    assert shorter.predict(["It rained."], verbose=0)[0].text == "It rained."


def test_a_preset_without_the_head_starts_a_new_one(tmp_path):
    task = make()
    task.encoder.save_to_preset(tmp_path / "it", tokenizer=task.tokenizer)
    again = kerasbert.BertSummarizer.from_preset(tmp_path / "it")
    assert again.load_report.initialized == ("summarization/logits/kernel", "summarization/logits/bias")


@pytest.mark.slow
def test_transformers_loads_the_encoder(taught, tmp_path):
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    taught.save_to_preset(tmp_path / "it")
    model, report = transformers.AutoModel.from_pretrained(
        tmp_path / "it", output_loading_info=True, add_pooling_layer=False
    )
    assert type(model).__name__ == "BertModel"
    assert not report["missing_keys"]
    assert {*report["unexpected_keys"]} == {"summarization/logits/kernel", "summarization/logits/bias"}
    ids = np.array([[2, 5, 6, 3]])
    theirs = model(torch.tensor(ids)).last_hidden_state.detach().numpy()
    np.testing.assert_allclose(taught.encoder({"token_ids": ids})["sequence_output"], theirs, atol=1e-5)
    with pytest.raises(ValueError, match=r"model class with this head.*BertSummarizer.*`encoder`"):
        export.to_huggingface(taught, tmp_path / "theirs")
    assert not (tmp_path / "theirs").exists()


def test_roberta_has_no_segments(byte_pairs, tmp_path):
    task = make(RobertaTokenizer(*byte_pairs), num_segments=1, position_offset=2)
    task.compile()
    batches, *_ = task.preprocessor.labelled(["A film. No film."], [[1, 0]], None, 2)
    ((tokens, labels),) = batches
    starts = tokens["token_ids"].numpy()[0] == task.tokenizer.cls_id
    assert labels.numpy()[0, starts].tolist() == [1, 0]
    assert not tokens["segment_ids"].numpy().any()
    task.save_to_preset(tmp_path / "it")
    again = kerasbert.BertSummarizer.from_preset(tmp_path / "it")
    text = ["A film. No film."]
    assert again.predict(text, verbose=0) == task.predict(text, verbose=0)


# === Errors ===


@pytest.mark.parametrize(
    ("x", "y", "kind", "message"),
    [
        ("It rained.", [[1]], TypeError, "Put a single text in a list"),
        ({"text": TEXTS}, Y, TypeError, "takes a list of documents"),
        (ROWS, None, ValueError, "need labels"),
        (ROWS, Y[1:], ValueError, "as many rows"),
        ([["a"], None], [[1], [0]], TypeError, "row 1"),
        ([["a"], ["b", 3]], [[1], [0, 0]], TypeError, "row 1, sentence 1"),
        (["Ann left. It rained."], [[1]], ValueError, "sentences=2.*x: y, row 0"),
        ([["a", "b"]], [[1, 2]], ValueError, "0 or 1 for each sentence"),
        ([], [], ValueError, "at least one row"),
        ([[], ["\x07"]], [[], [1]], ValueError, "at least one word or sentence"),
        ({"token_ids": np.array([[2, 5, 3]])}, np.array([[1, -100, 9]]), ValueError, "values=.-100, 1, 9"),
        ({"token_ids": np.array([[2, 5, 3]])}, np.array([1]), ValueError, r"shape=\(1,\)"),
        ({"token_ids": np.array([[2, 99, 3]])}, np.array([[1, -100, -100]]), ValueError, "`token_ids` must"),
    ],
    ids=range(13),
)
def test_bad_input_is_an_error_that_says_where(compiled, x, y, kind, message):
    before = compiled.get_weights()
    with pytest.raises(kind, match=message):
        compiled.fit(x, y, verbose=0)
    for weight, old in zip(compiled.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_other_errors(compiled):
    tokens, y = by_hand(compiled, ROWS, Y)
    wrong = tf.data.Dataset.from_tensor_slices((tokens, np.where(y == 1, 9, y))).batch(7)
    with pytest.raises(tf.errors.InvalidArgumentError, match="A label must be 0, 1 or -100"):
        compiled.evaluate(wrong, verbose=0)
    for bad in (0, -1, 1.5):
        with pytest.raises(ValueError, match="max_sentences"):
            compiled.predict(ROWS, max_sentences=bad)
    with pytest.raises(ValueError, match="summaries=12, references=1"):
        compiled.scores(ROWS, ["a"], verbose=0)
    with pytest.raises(ValueError, match="takes only tokens"):
        kerasbert.BertSummarizer(compiled.encoder, None).predict(["It rained."])
