import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import kerasbert
from kerasbert.data import read_csv

TEXTS = ["good", "very good!", "bad", "not a good film", "very bad!"] * 4
LABELS = ["good", "good", "bad", "bad", "bad"] * 4
NUMBERS = [int(label == "good") for label in LABELS]


@pytest.fixture
def compiled(classifier):
    classifier.compile()
    return classifier


def dataset(*columns):
    return tf.data.Dataset.from_tensor_slices(columns)


# === What fit takes ===


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("x", "y"),
    [
        (TEXTS, LABELS),
        (TEXTS, NUMBERS),
        (np.array(TEXTS), np.array(NUMBERS)),
        (np.array(TEXTS, object), np.array(LABELS)),
        (pd.Series(TEXTS, index=range(5, 25)), pd.Series(LABELS)),
        (tf.constant(TEXTS), tf.constant(NUMBERS)),
        ({"text": TEXTS}, LABELS),
        ((TEXTS, TEXTS[::-1]), LABELS),
        (dataset(TEXTS, LABELS), None),
        (dataset(TEXTS, NUMBERS).batch(6), None),
        (dataset((TEXTS, TEXTS), LABELS), None),
        (dataset({"text": TEXTS, "text_pair": TEXTS}, NUMBERS), None),
    ],
    ids=lambda v: None,
)
def test_every_form_of_texts_trains_and_evaluates(compiled, x, y):
    history = compiled.fit(x, y, batch_size=6, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    results = compiled.evaluate(x, y, batch_size=6, verbose=0, return_dict=True)
    assert set(results) == {"loss", "accuracy"}


def test_every_form_of_the_same_rows_scores_the_same(compiled):
    tokens = compiled.tokenizer(TEXTS)
    forms = [
        (TEXTS, LABELS),
        (pd.Series(TEXTS), NUMBERS),
        (dataset(TEXTS, LABELS), None),
        (dataset(TEXTS, LABELS).batch(3), None),
        ({name: np.asarray(value) for name, value in tokens.items()}, NUMBERS),
    ]
    losses = [compiled.evaluate(x, y, verbose=0)[0] for x, y in forms]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-5)


@pytest.mark.slow
def test_csv(compiled, tmp_path):
    path = tmp_path / "rows.csv"
    pd.DataFrame({"text": TEXTS, "label": LABELS}).to_csv(path, index=False)
    compiled.fit(read_csv(path), validation_data=read_csv(path), epochs=1, verbose=0)
    from_file = compiled.evaluate(read_csv(path), verbose=0)
    np.testing.assert_allclose(from_file, compiled.evaluate(TEXTS, LABELS, verbose=0), rtol=1e-5)


@pytest.mark.slow
def test_tokens_train_too(compiled):
    tokens = {name: np.asarray(value) for name, value in compiled.tokenizer(TEXTS).items()}
    compiled.fit(tokens, LABELS, epochs=1, validation_split=0.5, verbose=0)
    np.testing.assert_allclose(
        compiled.predict(tokens, verbose=0), compiled.predict(TEXTS, verbose=0), atol=1e-6
    )


@pytest.mark.slow
def test_a_data_set_of_tokens_may_have_named_labels(compiled):
    tokens = dict(compiled.tokenizer(TEXTS))
    named, numbered = (tf.data.Dataset.from_tensor_slices((tokens, y)).batch(5) for y in (LABELS, NUMBERS))
    compiled.fit(named, validation_data=numbered, epochs=1, verbose=0)
    expected = compiled.evaluate(TEXTS, LABELS, verbose=0)
    np.testing.assert_allclose(compiled.evaluate(named, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(compiled.evaluate(numbered, verbose=0), expected, rtol=1e-5)
    with pytest.raises(ValueError, match="need labels"):
        compiled.fit(tf.data.Dataset.from_tensor_slices(tokens).batch(5), verbose=0)
    wrong = tf.data.Dataset.from_tensor_slices((tokens, ["great"] * 20)).batch(5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="A label must be one of bad, good"):
        compiled.evaluate(wrong, verbose=0)


@pytest.mark.slow
def test_weights_count(compiled):
    """A weight of 0 takes a row out of the loss, whichever way it is said."""
    weights = [1.0, 0.0] * 10
    half = compiled.evaluate(TEXTS[::2], LABELS[::2], verbose=0)[0]
    weighted = compiled.evaluate(TEXTS, LABELS, sample_weight=weights, verbose=0)[0]
    np.testing.assert_allclose(weighted, half / 2, rtol=1e-5)
    compiled.fit(TEXTS, LABELS, sample_weight=weights, class_weight=None, epochs=1, verbose=0)
    compiled.fit(TEXTS, LABELS, class_weight={0: 2.0, 1: 0.5}, epochs=1, verbose=0)
    compiled.fit(dataset(TEXTS, LABELS, weights), epochs=1, verbose=0)


@pytest.mark.slow
def test_validation_split_and_callbacks(compiled):
    # Stops when the validation loss no longer grows: after the second epoch.
    stop = keras.callbacks.EarlyStopping("val_loss", mode="max", patience=0)
    history = compiled.fit(TEXTS, LABELS, validation_split=0.25, epochs=5, callbacks=[stop], verbose=0)
    assert len(history.history["val_loss"]) == 2
    split = compiled.evaluate(TEXTS[15:], LABELS[15:], verbose=0)[0]
    np.testing.assert_allclose(split, history.history["val_loss"][1], rtol=1e-5)


@pytest.mark.slow
def test_the_progress_bar_knows_the_steps(compiled, capsys):
    compiled.fit(TEXTS, LABELS, batch_size=5, epochs=1)
    assert "4/4" in capsys.readouterr().out


def test_every_keras_argument_still_works(classifier):
    classifier.compile(
        optimizer=keras.optimizers.SGD(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        run_eagerly=True,
    )
    classifier.fit(TEXTS, LABELS, batch_size=10, epochs=3, initial_epoch=2, steps_per_epoch=1, verbose=0)
    assert int(classifier.optimizer.iterations) == 1


def test_defaults_fit_the_job(compiled):
    assert isinstance(compiled.optimizer, kerasbert.training.BertAdamW)
    assert compiled.jit_compile is False  # slower on CPU
    assert compiled.loss.get_config()["from_logits"] is True


# === predict ===


def test_predict_keeps_the_order_of_rows(trained):
    texts = ["good", "bad film " * 3, "", "what a film!", "bad"] * 9
    together = trained.predict(texts, batch_size=4, verbose=0)
    alone = np.concatenate([trained.predict([text], verbose=0) for text in texts[:5]])
    np.testing.assert_allclose(together, np.tile(alone, (9, 1)), atol=1e-6)
    np.testing.assert_allclose(together.sum(-1), 1, atol=1e-6)
    streamed = trained.predict(tf.data.Dataset.from_tensor_slices(texts), batch_size=4, verbose=0)
    np.testing.assert_allclose(streamed, together, atol=1e-6)
    names = trained.predict_labels(texts, verbose=0)
    assert names == [trained.labels[i] for i in together.argmax(-1)]


def test_predict_of_pairs_reads_both(trained):
    one = trained.predict((["good"], ["bad"]), verbose=0)
    other = trained.predict((["good"], ["good"]), verbose=0)
    assert np.abs(one - other).max() > 1e-4


def test_predict_of_some_steps(trained):
    texts = ["what", "a very good film", "bad", "a film"]
    with pytest.raises(ValueError, match=r"`steps` must be None.*steps=1.*Pass fewer texts"):
        trained.predict(texts, batch_size=2, steps=1, verbose=0)
    batches = tf.data.Dataset.from_tensor_slices(texts).batch(2)
    np.testing.assert_allclose(
        trained.predict(batches, steps=1, verbose=0), trained.predict(texts[:2], verbose=0), atol=1e-6
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda task: task(["a film"]),
        lambda task: task.train_on_batch(["a film"], [0]),
        lambda task: task.test_on_batch(["a film"], [0]),
        lambda task: task.predict_on_batch(["a film"]),
    ],
)
def test_where_tokens_are_taken_texts_are_refused(compiled, call):
    with pytest.raises(TypeError, match=r"take tokens.*a film.*task.preprocessor\(texts\)"):
        call(compiled)


def test_predict_of_one_text_wants_a_list(trained):
    with pytest.raises(ValueError, match=r"x='what a film'\. .*Put it in a list"):
        trained.predict("what a film")


def test_predict_of_nothing(trained):
    assert trained.predict([], verbose=0).shape == (0, 2)


def test_odd_texts_have_a_defined_answer(trained):
    odd = ["", "   ", "\0", "\x07\x1b", "\ud800 good", b"\xff\xfegood", "x" * 100_000, "é" * 3]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answers = trained.predict(odd, verbose=0)
    assert np.isfinite(answers).all()
    empty, good = trained.predict(["", "good"], verbose=0)
    np.testing.assert_allclose(answers[:4], np.tile(empty, (4, 1)), atol=1e-6)
    np.testing.assert_allclose(answers[4:6], np.tile(good, (2, 1)), atol=1e-6)


def test_a_megabyte_of_text(trained):
    with pytest.warns(UserWarning, match=r"1 of the 1 texts .* max_sequence_length=16 tokens"):
        assert trained.predict(["good film " * 100_000], verbose=0).shape == (1, 2)


@pytest.mark.slow
def test_truncation_is_counted_once(compiled):
    texts = ["good " * 50, "good", "bad " * 14, "bad " * 15]
    with pytest.warns(UserWarning, match="4 of the 8 texts that were read were longer"):
        compiled.fit(texts, [0, 1, 0, 1], epochs=2, verbose=0)


# === Errors ===


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (["a", None], [0, 1], "row=1, value=None"),
        (["a", 3], [0, 1], "row=1, value=3"),
        (["a", float("nan")], [0, 1], "row=1, value=nan"),
        (["a", "b"], [0], "as many rows.*text=2, label=1"),
        (["a", "b"], [0, 2], "there are 2 classes.*row 1"),
        (["a", "b"], ["good", "great"], "label='great'"),
        (["a"], None, "need labels"),
        ([], [], "at least one row"),
        ((["a"], ["b", "c"]), [0], "as many rows"),
        ({"texts": ["a"]}, [0], "must have `text`"),
        ("a", [0], "Put it in a list"),
        (dataset([1, 2], [0, 1]), None, "must give texts"),
        (dataset(["a"], [0]), [0], "contain its labels"),
        (dataset(["a"]), None, "need labels"),
        (dataset(["a"], [0]).repeat(), None, "steps_per_epoch"),
        ({"token_ids": np.array([[2, 99]])}, [0], "`token_ids` must be whole numbers from 0 to 18"),
        ({"token_ids": np.array([[2.5]])}, [0], "whole numbers"),
    ],
    ids=lambda v: None,
)
def test_bad_input_is_an_error_that_says_where(compiled, x, y, message):
    before = compiled.get_weights()
    with pytest.raises((ValueError, TypeError), match=message):
        compiled.fit(x, y, verbose=0)
    for weight, old in zip(compiled.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_fit_before_compile_is_keras_error(classifier):
    with pytest.raises(ValueError, match="call `compile"):
        classifier.fit(TEXTS, LABELS, verbose=0)


def test_parts_must_fit_together(config, tokenizer):
    encoder = kerasbert.BertEncoder(config)
    with pytest.raises(ValueError, match="at least two different class names"):
        kerasbert.BertTextClassifier(encoder, tokenizer, ["one"])
    with pytest.raises(ValueError, match="from 3 to the encoder's 16"):
        kerasbert.BertTextClassifier(encoder, tokenizer, ["a", "b"], max_sequence_length=17)
    with pytest.raises(ValueError, match="must have a pooler"):
        kerasbert.BertTextClassifier(kerasbert.BertEncoder(config, pooler=False), tokenizer, ["a", "b"])
    small = kerasbert.BertConfig.from_dict(config.to_dict() | {"vocabulary_size": 5})
    with pytest.raises(ValueError, match="vocabulary_size=19, embedding_rows=5"):
        kerasbert.BertTextClassifier(kerasbert.BertEncoder(small), tokenizer, ["a", "b"])


def test_a_failed_save_leaves_the_old_file(trained, tmp_path, monkeypatch):
    path = tmp_path / "film.keras"
    trained.save(path)
    old = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(keras.Model, "save", full)
    with pytest.raises(OSError, match="No space"):
        trained.save(path)
    assert path.read_bytes() == old
    with pytest.raises(FileExistsError, match="overwrite"):
        trained.save(path, overwrite=False)


def test_from_preset(minilm):
    classifier = kerasbert.BertTextClassifier.from_preset(
        minilm, labels=["bad", "good"], max_sequence_length=128
    )
    assert len(classifier.load_report.loaded) == len(classifier.encoder.weights)
    with pytest.warns(UserWarning, match="answers are random: classification/logits/kernel"):
        assert classifier.predict(["what a film"], verbose=0).shape == (1, 2)
    with pytest.raises(FileNotFoundError, match="hf://owner/name"):
        kerasbert.BertTextClassifier.from_preset("no/such/folder", labels=["bad", "good"])


def test_the_summary_knows_every_shape(classifier, capsys):
    classifier.summary()
    printed = capsys.readouterr().out
    assert "sequence_output" in printed
    assert "(None, 2)" in printed
    assert "?" not in printed


def test_the_first_fit_traces_the_train_function_once(compiled, monkeypatch):
    traced = []
    loss = compiled.compute_loss
    monkeypatch.setattr(compiled, "compute_loss", lambda *a, **k: traced.append(1) or loss(*a, **k))
    compiled.fit(["good"] * 4, ["good"] * 4, batch_size=4, verbose=0)
    assert len(traced) == 1
