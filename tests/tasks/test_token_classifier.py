import itertools
import subprocess
import sys
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from tagging import LABELS, SENTENCES, TEXTS, TOKENS, Y, make, numbers, spans, teach, tokens_of

import kerasbert
from kerasbert.data import convert


@pytest.fixture
def task():
    task = make(dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    return task


@pytest.fixture(scope="module")
def taught():
    """A task that knows its few words by heart. Not to be changed."""
    return teach()


# === What fit takes ===


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("x", "y"),
    [
        (SENTENCES, Y),
        (SENTENCES, numbers()),
        (tuple(SENTENCES), tuple(map(np.array, numbers()))),
        (pd.Series(SENTENCES, index=range(5, 12)), pd.Series(Y)),
        ([np.array(words) for words in SENTENCES], [np.array(row) for row in Y]),
        (SENTENCES, [convert(row, "BIO", "IOB1") for row in Y]),
        (SENTENCES, [convert(row, "BIO", "BILOU") for row in Y]),
        (TEXTS, [spans(words) for words in SENTENCES]),
        (np.array(TEXTS), [spans(words) for words in SENTENCES]),
        (tf.constant(TEXTS), [spans(words) for words in SENTENCES]),
        (pd.Series(TEXTS), [spans(words) for words in SENTENCES]),
        ([text.encode() for text in TEXTS], [spans(words) for words in SENTENCES]),
        ("tokens", None),
        ("data set of tokens", None),
    ],
    ids=lambda v: None,
)
def test_every_form_of_the_same_rows_scores_and_trains_the_same(task, x, y):
    loss, accuracy = by_hand(task)
    if isinstance(x, str):
        tokens, labels = tokens_of(task)
        as_set = tf.data.Dataset.from_tensor_slices((tokens, labels)).batch(7)
        x, y = (as_set, None) if "data set" in x else (tokens, labels)
    np.testing.assert_allclose(task.evaluate(x, y, verbose=0), [loss, accuracy], rtol=1e-4)
    history = task.fit(x, y, validation_data=(x, y) if y is not None else x, epochs=1, verbose=0)
    np.testing.assert_allclose(history.history["loss"], [loss], rtol=1e-4)
    assert history.history["val_loss"][0] < loss


def by_hand(task):
    """The loss and the accuracy over first pieces, in numpy."""
    tokens, y = tokens_of(task)
    logits = np.asarray(task(tokens))
    counts = y >= 0
    log_probabilities = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen = np.take_along_axis(log_probabilities, np.where(counts, y, 0)[..., None], -1)[..., 0]
    return -chosen[counts].mean(), (logits.argmax(-1) == y)[counts].mean()


def test_a_word_without_pieces_shifts_nothing(task):
    odd = [[*words, "\x07"] for words in SENTENCES]
    odd[1:3] = [["\u200b", *words, "\x07"] for words in SENTENCES[1:3]]
    labels = [[*(["B-PER"] * (len(o) - len(y) - 1)), *y, "B-LOC"] for o, y in zip(odd, Y, strict=True)]
    np.testing.assert_allclose(task.evaluate(odd, labels, verbose=0), by_hand(task), rtol=1e-4)


def test_words_with_minus_100_do_not_count(task):
    rows = [
        [-100 if word == "Anna" else n for word, n in zip(*row, strict=True)]
        for row in zip(SENTENCES, numbers(), strict=True)
    ]
    tokens, y = tokens_of(task)
    y[tokens["token_ids"] == TOKENS.index("anna")] = -100
    np.testing.assert_allclose(
        task.evaluate(SENTENCES, rows, verbose=0), task.evaluate(tokens, y, verbose=0), rtol=1e-4
    )


@pytest.mark.slow
def test_weights_of_rows(task):
    few = task.evaluate(SENTENCES[2:4], Y[2:4], verbose=0)[0]
    counted, others = sum(map(len, Y[2:4])), sum(map(len, Y[:2] + Y[4:]))
    weights = [0, 0, 1.0, 1.0, 0, 0, 0]
    weighted = task.evaluate(SENTENCES, Y, sample_weight=weights, verbose=0)[0]
    np.testing.assert_allclose(weighted, few * counted / (counted + others), rtol=1e-4)
    history = task.fit(SENTENCES, Y, sample_weight=weights, validation_split=0.3, verbose=0)
    assert np.isfinite(history.history["val_loss"]).all()
    with pytest.raises(ValueError, match="`class_weight` is only possible if each row has one class"):
        task.fit(SENTENCES, Y, class_weight={0: 1.0}, verbose=0)


def test_a_pooler_that_is_not_read_is_not_trained(task):
    assert task.encoder.pooler is not None
    assert not [weight.path for weight in task.trainable_variables if "pooler" in weight.path]
    assert len(task.trainable_weights) == len(task.weights) - 2
    classifier = kerasbert.BertTextClassifier(task.encoder, task.tokenizer, ["a", "b"])
    assert [weight.path for weight in classifier.trainable_weights if "pooler" in weight.path]


@pytest.mark.slow
def test_it_learns(taught):
    assert taught.predict_labels(SENTENCES, verbose=0) == Y
    assert taught.evaluate(SENTENCES, Y, verbose=0, return_dict=True)["accuracy"] == 1.0
    for warm in (SENTENCES, TEXTS):
        found = taught.predict(warm, verbose=0)
        assert [[(e.start, e.end, e.type) for e in row] for row in found] == [spans(w) for w in SENTENCES]


@pytest.mark.slow
def test_long_rows_train_whole(task):
    """One row of all sentences, in windows: every word counts once, none is cut off."""
    long, labels = list(itertools.chain(*SENTENCES)), list(itertools.chain(*Y))
    assert len(long) > task.max_sequence_length
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = task.fit([long], [labels], epochs=40, batch_size=8, verbose=0)
        assert history.history["accuracy"][-1] == 1.0
        assert task.predict_labels([long], verbose=0) == [labels]
    task.evaluate([long], [labels], verbose=0)
    assert float(task.metrics[1].metrics[0].count) == len(long)


# === Files ===


@pytest.mark.slow
def test_files_keep_scheme_and_stride(taught, tmp_path):
    task = make(dropout=0.0, scheme="IOB1", window_step=5, max_sequence_length=20)
    task.save(tmp_path / "it.keras")
    task.save_to_preset(tmp_path / "it")
    for again in (
        keras.saving.load_model(tmp_path / "it.keras"),
        kerasbert.BertTokenClassifier.from_preset(tmp_path / "it"),
    ):
        assert (again.scheme, again.preprocessor.window_step, again.max_sequence_length) == ("IOB1", 5, 20)
        assert again.predict_labels(SENTENCES, verbose=0) == task.predict_labels(SENTENCES, verbose=0)
    taught.save(tmp_path / "taught.keras")
    again = keras.saving.load_model(tmp_path / "taught.keras")
    assert again.predict(TEXTS, verbose=0) == taught.predict(TEXTS, verbose=0)
    again.fit(SENTENCES, Y, verbose=0)
    taught.save_to_preset(tmp_path / "taught")  # a shorter limit brings shorter windows
    shorter = kerasbert.BertTokenClassifier.from_preset(tmp_path / "taught", max_sequence_length=8)
    assert shorter.preprocessor.window_step == 4


SCRIPT = """
import sys, numpy as np, keras, tensorflow as tf, kerasbert
sys.path.insert(0, sys.argv[1])
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from tagging import SENTENCES, Y, make
rows = [[word for words in SENTENCES for word in words]] * 4 + SENTENCES[::2] * 2
y = [[label for row in Y for label in row]] * 4 + Y[::2] * 2
def run(strategy):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        task = make(dropout=0.0)
        task.compile()
    same = [SENTENCES[0], SENTENCES[0][::-1]] * 8, [Y[0], Y[0][::-1]] * 8
    history = task.fit(*same, batch_size=4, epochs=3, shuffle=False, verbose=0).history
    return history, task.evaluate(rows, y, verbose=0), task.predict_labels(rows, batch_size=4, verbose=0)
one = run(tf.distribute.OneDeviceStrategy("/cpu:0"))
two = run(tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"]))
for name, values in one[0].items():
    np.testing.assert_allclose(values, two[0][name], rtol=1e-4)
np.testing.assert_allclose(one[1][1], two[1][1], rtol=1e-4)
assert one[2] == two[2]
assert [len(row) for row in one[2]] == [len(row) for row in rows]
"""


@pytest.mark.slow
def test_two_devices_do_as_one():
    folder = __file__.rpartition("/tasks/")[0]
    done = subprocess.run([sys.executable, "-c", SCRIPT, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


# === Errors ===


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([["a"], ["b", None]], [["O"], ["O", "O"]], "row 1, word 1"),
        ([["a"], "b"], [["O"], ["O"]], "row 1"),
        (["a", ["b"]], [[], []], "row=1"),
        ("a", [[]], "Put it in a list"),
        ([["a", "b"]], [["O"]], "words=2, labels=1.*row 0"),
        ([["a"]], [["B-LOG"]], "Did you mean 'B-LOC'"),
        ([["a"]], None, "need labels"),
        (["a"], [["O"]], r"must be `\(start, end, type\)`"),
        (["anna is"], [[(0, 2, "PER")]], r"row 0.*Its words are 'anna'"),
        ([["a"]], [["O"], ["O"]], "as many rows"),
        ([], [], "at least one word"),
        ([[], ["\x07"]], [[], ["O"]], "at least one word"),
        (tf.data.Dataset.from_tensor_slices((["a"], ["O"])), None, r"`\(start, end, type\)`.*row 0"),
        ({"token_ids": np.array([[2, 5, 3]])}, np.array([[-100, 9, -100]]), "number=9"),
        ({"token_ids": np.array([[2, 99, 3]])}, np.array([[-100, 0, -100]]), "`token_ids` must be"),
    ],
    ids=lambda v: None,
)
def test_bad_input_is_an_error_that_says_where(task, x, y, message):
    before = task.get_weights()
    with pytest.raises((ValueError, TypeError), match=message):
        task.fit(x, y, verbose=0)
    for weight, old in zip(task.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_a_data_set_with_a_wrong_number_is_an_error(task):
    tokens, y = tokens_of(task)
    wrong = tf.data.Dataset.from_tensor_slices((tokens, np.where(y == 1, 9, y))).batch(7)
    with pytest.raises(tf.errors.InvalidArgumentError, match="A label must be one of"):
        task.evaluate(wrong, verbose=0)


def test_arguments_must_fit():
    for bad in (0, 23, 2.5):
        with pytest.raises(ValueError, match="`window_step` must be"):
            make(window_step=bad)
    with pytest.raises(ValueError, match="scheme"):
        make(scheme="BIOS")
    with pytest.raises(ValueError, match="label='S-A'"):
        make(["O", "S-A"], scheme="BIO")
    assert make(max_sequence_length=3).preprocessor.window_step == 1
    config = kerasbert.BertConfig(
        vocabulary_size=20, num_layers=1, num_heads=1, hidden_dim=4, intermediate_dim=4
    )
    bare = kerasbert.BertTokenClassifier(kerasbert.BertEncoder(config), None, LABELS)
    with pytest.raises(ValueError, match="takes only tokens"):
        bare.predict(["a"])
