"""Without rows, answers are empty; what learns from rows or measures something on them is refused."""

import keras
import numpy as np
import pytest
from conformance_cases import DIVERSE, EXPORTED, make_task, slow_but

from kerasbert import evaluation, explain, robustness
from kerasbert.data import RowStream
from kerasbert.optional import tensorflow as tf

pytestmark = pytest.mark.tensorflow
NO_ROWS = r"at least one.* Received: .*=0"
TWO_COLUMNS = ("BertQuestionAnswerer", "BertMultipleChoice")


def without_rows(name):
    """No rows as one of the tasks takes them, in several forms."""
    if name in TWO_COLUMNS:
        return [([], []), ((), ()), {"text": [], "text_pair" if "Question" in name else "choices": []}]
    return [[], (), np.array([]), tf.constant([], tf.string)]


def no_tokens(name):
    shape = (0, 3, 4) if name == "BertMultipleChoice" else (0, 4)
    return {key: np.zeros(shape, "int32") for key in ("token_ids", "segment_ids", "padding_mask")}


def is_empty(answers):
    arrays = answers.values() if isinstance(answers, dict) else [answers]
    return all(len(array) == 0 for array in arrays)


def fail(tokens):
    raise AssertionError("there is nothing to run")


@pytest.mark.parametrize("name", slow_but(DIVERSE, EXPORTED))
def test_answers_are_empty(name, config, tokenizer):
    task = make_task(name, config, tokenizer)
    for x in without_rows(name):
        assert is_empty(task.predict(x, verbose=0))
        assert is_empty(task.predict_with(fail, x))
        if name in ("BertTextClassifier", "BertTokenClassifier"):
            assert is_empty(task.predict_labels(x, verbose=0))
    assert is_empty(task.predict(RowStream(lambda: []), verbose=0))
    if hasattr(task, "fill_masks"):
        assert task.fill_masks([]) == []


@pytest.mark.parametrize("name", slow_but(DIVERSE))
def test_answers_to_tokens_have_the_shapes_of_others(name, config, tokenizer):
    task, none = make_task(name, config, tokenizer), no_tokens(name)
    some = {key: np.ones((2, *value.shape[1:]), "int32") for key, value in none.items()}
    expected = keras.tree.map_structure(lambda array: (0, *array.shape[1:]), task.predict(some, verbose=0))
    read = tf.data.Dataset.from_tensor_slices(some).batch(2)
    for x in (none, read.take(0)):
        assert keras.tree.map_structure(np.shape, task.predict(x, verbose=0)) == expected


def test_a_data_set_without_texts_has_no_answers(classifier):
    texts = tf.data.Dataset.from_tensor_slices(["good", "bad"])
    for none in (texts.take(0), texts.batch(2).take(0)):
        assert classifier.predict(none, verbose=0).shape == (0, 2)
    with pytest.warns(UserWarning, match="ran out of data"):  # Keras has seen that it is empty
        assert classifier.predict(texts.filter(lambda text: False), verbose=0).shape == (0, 2)


@pytest.mark.parametrize("name", slow_but(DIVERSE, EXPORTED))
def test_nothing_is_learned_from_no_rows(name, config, tokenizer):
    task = make_task(name, config, tokenizer)
    task.compile()
    y = None if name in ("BertMaskedLM", "BertTextEmbedder") else []
    for x in without_rows(name):
        for use in (task.fit, task.evaluate, task.preprocessor.batches, task.preprocessor):
            with pytest.raises(ValueError, match=r"at least one row|pairs of texts.*rows=0"):
                use(x, y)
        with pytest.raises(ValueError, match="at least one row"):
            task.preprocessor(x)
    for rows in (RowStream(lambda: []), RowStream(lambda: [], labelled=False)):
        with pytest.raises(ValueError, match=r"at least one row|[Ll]abels"):
            task.fit(rows)


@pytest.mark.parametrize("name", ["BertTextClassifier", "BertTokenClassifier", "BertMaskedLM"])
def test_nor_from_data_sets_and_tokens(name, config, tokenizer):
    task = make_task(name, config, tokenizer)
    task.compile()
    tokens = no_tokens(name)
    labels = tokens["token_ids"][:, 0] if name == "BertTextClassifier" else tokens["token_ids"]
    for use in (task.fit, task.evaluate):
        with pytest.raises(ValueError, match="at least one row"):
            use(tokens, labels)
        with pytest.raises(ValueError, match="at least one row"):
            use(tf.data.Dataset.from_tensor_slices((tokens, labels)).batch(2))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("BertTextClassifier of numbers", {"labels": ["height", "weight"]}),
        ("BertTextEmbedder", {}),
    ],
)
def test_rows_of_several_numbers(name, arguments, config, tokenizer):
    task = make_task(name, config, tokenizer, **arguments)
    task.compile(loss="mse", metrics=None)
    with pytest.raises(ValueError, match="at least one row"):
        task.fit([], [])


def test_nor_from_texts_of_data_sets(classifier):
    classifier.compile()
    rows = tf.data.Dataset.from_tensor_slices((["good", "bad"], ["good", "bad"]))
    for none in (rows.take(0), rows.batch(2).take(0), rows.filter(lambda text, label: False)):
        with pytest.raises(ValueError, match="at least one row"):
            classifier.fit(none)
        with pytest.raises(ValueError, match=r"at least one row.*validation_data"):
            classifier.fit(["good"], ["good"], validation_data=none)


@pytest.mark.parametrize("name", slow_but(DIVERSE, EXPORTED))
def test_nothing_is_measured_on_no_rows(name, config, tokenizer):
    task = make_task(name, config, tokenizer)
    x = without_rows(name)[0]
    for use in (robustness.invariance, lambda *rows: evaluation.evaluate(*rows, [])):
        with pytest.raises(
            (TypeError, ValueError), match=NO_ROWS + r"|needs a task that answers rows of texts"
        ):
            use(task, x)
    predictions = task.predict(x, verbose=0)
    with pytest.raises(ValueError, match=NO_ROWS):
        task.score_predictions(predictions, x, [])
    if hasattr(task, "scores"):
        with pytest.raises(ValueError, match=NO_ROWS):
            task.scores(x, [])
    if hasattr(task, "similarity_scores"):
        with pytest.raises(ValueError, match=NO_ROWS):
            task.similarity_scores(([], []), [])
    if hasattr(task, "entity_scores"):
        with pytest.raises(ValueError, match=NO_ROWS):
            task.entity_scores(x, [])


@pytest.mark.parametrize("name", [n for n in EXPORTED if n not in ("BertSummarizer", "BertMultipleChoice")])
def test_no_texts_have_no_explanations(name, config, tokenizer):
    task = make_task(name, config, tokenizer)
    x = ([], []) if name == "BertTextEmbedder" else without_rows(name)[0]
    target = "score" if "numbers" in name else None
    for explained in (
        explain.integrated_gradients,
        explain.occlusion,
        explain.gradient_times_input,
        explain.attention,
    ):
        assert explained(task, x, target) == []
