"""Numbers beside the text of a row, and meanings of logits and answers that a user adds."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasbert
from kerasbert import export
from kerasbert.export.endpoints import classify
from kerasbert.preprocessing import LABEL_KINDS
from kerasbert.tasks import problems, register_problem
from kerasbert.testing import check_task

pytestmark = pytest.mark.tensorflow

TEXTS = ["good film", "bad film", "what a good film!", "the film was bad", "good", "very bad."]
TABLE = np.random.default_rng(0).standard_normal((6, 3)).astype("float32")
LABELS = ["good" if row[0] > 0 else "bad" for row in TABLE]


@keras.saving.register_keras_serializable(package="tests")
class WithTable(kerasbert.BertTextClassifier):
    """The table says what the label is, so that a model that does not read it cannot learn."""

    extra_inputs = {"table": (3,), "stars": ()}  # noqa: RUF012

    def make_head(self):
        return keras.layers.Dense(len(self.labels), name=self.head_names[0])

    def logits(self, encoder_outputs, training=None):
        stars = encoder_outputs["stars"][..., None]
        parts = [encoder_outputs["pooled_output"], encoder_outputs["table"], stars]
        return self.head(keras.ops.concatenate(parts, -1))


@pytest.fixture
def task(config, tokenizer):
    task = WithTable(kerasbert.BertEncoder(config, pooler=True), tokenizer, labels=["bad", "good"])
    task.compile(keras.optimizers.Adam(0.01))
    return task


def columns(rows=slice(None)):
    return {"text": TEXTS[rows], "table": TABLE[rows], "stars": np.arange(6.0)[rows] / 6}


@pytest.mark.slow
def test_a_table_teaches_what_the_text_does_not_say(task):
    x = columns() | {"text": ["a film"] * 6}
    task.fit(x, LABELS, epochs=40, verbose=0, validation_data=(x, LABELS))
    assert task.evaluate(x, LABELS, verbose=0, return_dict=True)["accuracy"] == 1.0
    assert task.predict_labels(x, verbose=0) == LABELS
    history = task.fit(x, LABELS, verbose=0, validation_split=0.34).history
    assert "val_accuracy" in history


@pytest.mark.slow
def test_rows_keep_their_numbers_in_any_order_and_container(task):
    """`predict` sorts rows by length; data sets, tokens and `preprocessor` go other ways."""
    expected = task.predict(columns(), batch_size=2, verbose=0)
    for i in range(6):
        one = task.predict(columns(slice(i, i + 1)), verbose=0)
        np.testing.assert_allclose(one[0], expected[i], atol=1e-6)
    tokens = task.preprocessor(columns())
    assert tokens["table"].shape == (6, 3)
    np.testing.assert_allclose(task.predict(tokens, verbose=0), expected, atol=1e-6)
    rows = tf.data.Dataset.from_tensor_slices(columns())
    np.testing.assert_allclose(task.predict(rows.batch(4), verbose=0), expected, atol=1e-6)
    tuples = tf.data.Dataset.from_tensor_slices((columns(), LABELS))
    a, b = task.evaluate(columns(), LABELS, verbose=0), task.evaluate(tuples, verbose=0)
    np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.slow
def test_it_keeps_what_tasks_promise(task):
    """Files, presets, SavedModel, TFLite and ONNX: all answer by text and numbers."""
    check_task(task, columns(), LABELS)


@pytest.mark.slow
def test_a_device_refuses_two_rows_of_numbers(task, tmp_path):
    artifact = export.to_tflite(task, tmp_path / "it.tflite")
    assert artifact.partitions == 1
    assert set(artifact.signatures["classify"]["inputs"]) == set(task.input_specs(1, None))
    run = export.open_artifact(artifact)
    tokens = {name: value[:1] for name, value in task.preprocessor(columns()).items()}
    np.testing.assert_allclose(
        run(tokens)["probabilities"], task.answer_tokens(tokens)["probabilities"], atol=0.05
    )
    with pytest.raises(ValueError, match="as many rows"):
        run(tokens | {"table": TABLE[:2]})
    measured = export.benchmark(artifact, task.tokenizer.vocabulary_size, (4,), (1,), 2)
    assert measured.latency_ms[1, 4] > 0


@pytest.mark.parametrize(
    ("x", "kind", "rule"),
    [
        (TEXTS, TypeError, "Pass a dict"),
        ({"text": TEXTS, "table": TABLE}, ValueError, "missing=\\['stars'\\]"),
        (columns() | {"table": TABLE[:, :2]}, ValueError, r"shape \(rows, 3\)"),
        (columns() | {"table": TABLE[:4]}, ValueError, "as many rows"),
        (columns() | {"table": TABLE * np.nan}, ValueError, "finite numbers"),
        (columns() | {"table": [["a"] * 3] * 6}, ValueError, "finite numbers"),
    ],
)
def test_wrong_columns_are_told(x, kind, rule, task):
    for call in (lambda: task.predict(x, verbose=0), lambda: task.fit(x, LABELS, verbose=0)):
        with pytest.raises(kind, match=rule):
            call()


def test_a_call_without_them_is_told(task, tokenizer):
    with pytest.raises(ValueError, match=r"all of the task's inputs.*table"):
        task(tokenizer(TEXTS))


def test_names_and_tasks_that_have_no_room_for_them(config, tokenizer):
    class Taken(kerasbert.BertTextClassifier):
        extra_inputs = {"label": ()}  # noqa: RUF012

    class Tagger(kerasbert.BertTokenClassifier):
        extra_inputs = {"table": ()}  # noqa: RUF012

    encoder = kerasbert.BertEncoder(config, pooler=True)
    for kind in (Taken, Tagger):
        with pytest.raises(ValueError, match="the name of another input"):
            kind(encoder, tokenizer, labels=["O", "B-X"])


# === What can be registered ===


@pytest.mark.slow
def test_a_registered_problem_is_kept_in_files(config, tokenizer, tmp_path):
    def answers(logits):
        return 5 * keras.ops.sigmoid(logits)

    stars = dataclasses.replace(problems.REGRESSION, answers=answers, output="stars")
    register_problem("stars", stars, LABEL_KINDS["regression"])
    try:
        encoder = kerasbert.BertEncoder(config, pooler=True)
        task = kerasbert.BertTextClassifier(encoder, tokenizer, labels=["stars"], problem="stars")
        task.compile()
        task.fit(TEXTS, [[float(i)] for i in range(6)], verbose=0)
        found = task.predict(TEXTS, verbose=0)
        assert 0 < found.min() < found.max() < 5
        task.save_to_preset(tmp_path / "preset")
        again = kerasbert.BertTextClassifier.from_preset(tmp_path / "preset")
        assert again.problem == "stars"
        np.testing.assert_allclose(again.predict(TEXTS, verbose=0), found, atol=1e-6)
        with pytest.raises(ValueError, match="name that no other"):
            register_problem("stars", stars, LABEL_KINDS["regression"])
        with pytest.raises(ValueError, match="stars"):
            export.to_huggingface(task, tmp_path / "transformers")
    finally:
        del problems.BY_NAME["stars"], LABEL_KINDS["stars"]
    with pytest.raises(ValueError, match=r"`problem` must be one of.*stars"):
        kerasbert.BertTextClassifier.from_preset(tmp_path / "preset")


@pytest.mark.slow
def test_an_endpoint_can_be_registered(config, tokenizer, tmp_path):
    class Ranker(kerasbert.BertTextClassifier):
        endpoint = "rank"

    export.register_endpoint("rank", classify)
    try:
        task = Ranker(kerasbert.BertEncoder(config, pooler=True), tokenizer, labels=["bad", "good"])
        artifact = export.to_saved_model(task, tmp_path / "1")
        assert set(artifact.signatures) >= {"rank", "rank_pair", "rank_tokens"}
        with pytest.raises(ValueError, match="name that no other"):
            export.register_endpoint("rank", classify)
        with pytest.raises(TypeError, match="signatures, columns, predictions"):
            export.register_endpoint("other", object())
    finally:
        del export.endpoints.BY_NAME["rank"]
