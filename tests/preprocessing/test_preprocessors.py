"""Preprocessors work without a task, and a task takes one of a user's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasbert
from kerasbert.preprocessing import (
    ChoicePreprocessor,
    QuestionPreprocessor,
    SentencePreprocessor,
    TextPreprocessor,
    WordPreprocessor,
)

pytestmark = pytest.mark.tensorflow
TEXTS = ["good film", "what a very bad film", "bad"]
LABELS = ["good", "bad", "bad"]


@keras.saving.register_keras_serializable(package="tests")
class FirstSentence(TextPreprocessor):
    """Reads what stands before the first exclamation mark."""

    def _columns(self, x, where):
        columns = super()._columns(x, where)
        return {name: tf.strings.regex_replace(text, "!.*", "") for name, text in columns.items()}


@pytest.fixture
def preprocessor(tokenizer):
    return TextPreprocessor(tokenizer, ["bad", "good"], max_sequence_length=16)


def test_one_batch_is_what_the_tokenizer_gives(preprocessor, tokenizer):
    tokens, labels, weights = preprocessor(TEXTS, LABELS, [1, 2, 3])
    for name, expected in tokenizer(TEXTS, max_length=16).items():
        np.testing.assert_array_equal(tokens[name], expected)
        np.testing.assert_array_equal(preprocessor(TEXTS)[name], expected)
    assert labels.numpy().tolist() == [1, 0, 0]
    assert weights.numpy().tolist() == [1, 2, 3]


def test_an_epoch_of_batches_holds_each_row_once(preprocessor):
    batches = preprocessor.batches(TEXTS, LABELS, batch_size=2, shuffle=True)
    assert sorted(n for _, labels in batches.as_numpy_iterator() for n in labels) == [0, 0, 1]


def test_it_maps_data_sets_of_batches(preprocessor):
    rows = tf.data.Dataset.from_tensor_slices((TEXTS, LABELS)).batch(3)
    tokens, labels = next(iter(rows.map(preprocessor)))
    np.testing.assert_array_equal(tokens["token_ids"], preprocessor(TEXTS)["token_ids"])
    assert labels.numpy().tolist() == [1, 0, 0]


def test_weights_in_a_graph_are_checked(preprocessor):
    rows = tf.data.Dataset.from_tensor_slices((TEXTS, LABELS, [1.0, 0.5, -1.0]))
    assert next(iter(rows.take(2).batch(2).map(preprocessor)))[2].numpy().tolist() == [1, 0.5]
    with pytest.raises(tf.errors.InvalidArgumentError, match="not negative"):
        next(iter(rows.batch(3).map(preprocessor)))


@pytest.mark.parametrize(
    ("make", "x"),
    [
        (lambda t: TextPreprocessor(t, ["bad", "good"]), []),
        (lambda t: WordPreprocessor(t, ["O", "B"]), []),
        (lambda t: SentencePreprocessor(t, 16), []),
        (lambda t: QuestionPreprocessor(t, 16), ([], [])),
        (lambda t: ChoicePreprocessor(t, 16), ([], [])),
    ],
)
def test_a_batch_of_no_rows_is_refused(make, x, tokenizer):
    with pytest.raises(ValueError, match="must be at least one row"):
        make(tokenizer)(x)


def test_windows_have_room_for_a_token(tokenizer):
    with pytest.raises(ValueError, match=r"`max_sequence_length` must be at least 3"):
        WordPreprocessor(tokenizer, ["O", "B"], max_sequence_length=2)
    WordPreprocessor(tokenizer, ["O", "B"], max_sequence_length=3)


def test_batches_have_at_least_one_row(preprocessor):
    with pytest.raises(ValueError, match=r"`batch_size` must be .* TextPreprocessor\.batches"):
        preprocessor.batches(TEXTS, LABELS, batch_size=0)


def test_a_call_counts_what_it_truncates(preprocessor):
    with pytest.warns(UserWarning, match="1 of the 2 texts .* max_sequence_length=16"):
        preprocessor(["good " * 20, "bad"])
    preprocessor(["bad"])  # a count of its own, and no warning


@pytest.mark.parametrize(
    ("make", "x", "y", "shape"),
    [
        (
            lambda t: WordPreprocessor(t, ["O", "B"], max_sequence_length=4),
            [["good", "film", "a"]],
            [[0, 1, 0]],
            4,
        ),
        (lambda t: SentencePreprocessor(t, 16), [["good film", "bad"]], [[1, 0]], 7),
        (lambda t: QuestionPreprocessor(t, 16), (["what"], ["good film"]), [[("film", 5)]], 6),
        (lambda t: ChoicePreprocessor(t, 16), (["what"], [["good", "bad film"]]), [1], 6),
    ],
)
def test_rows_of_every_kind(make, x, y, shape, tokenizer):
    preprocessor = make(tokenizer)
    tokens, _ = preprocessor(x, y)
    assert tokens["token_ids"].shape[-1] == shape
    for name, value in preprocessor(x).items():
        np.testing.assert_array_equal(value, tokens[name])
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(preprocessor))
    assert again.get_config() == preprocessor.get_config()


def test_a_task_keeps_a_preprocessor_of_ones_own(config, tokenizer, tmp_path):
    own = FirstSentence(tokenizer, ["bad", "good"], max_sequence_length=8)
    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), preprocessor=own)
    plain = kerasbert.BertTextClassifier(task.encoder, tokenizer, ["bad", "good"])
    plain.set_weights(task.get_weights())
    np.testing.assert_allclose(
        task.predict(["good film! bad bad"], verbose=0), plain.predict(["good film"], verbose=0), atol=1e-6
    )
    task.save(tmp_path / "it.keras")
    again = keras.saving.load_model(tmp_path / "it.keras")
    assert type(again.preprocessor) is FirstSentence
    assert again.max_sequence_length == 8
    plain.preprocessor = own
    assert type(plain.preprocessor) is FirstSentence


def test_a_preprocessor_has_the_tokenizer(config, tokenizer):
    own = TextPreprocessor(tokenizer, ["bad", "good"], max_sequence_length=8)
    with pytest.raises(ValueError, match="already has a tokenizer and a maximum length"):
        kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, preprocessor=own)
    long = TextPreprocessor(tokenizer, ["bad", "good"], max_sequence_length=99)
    with pytest.raises(ValueError, match="from 3 to the encoder's 16"):
        kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), preprocessor=long)
