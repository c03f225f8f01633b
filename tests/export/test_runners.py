import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbert import export

pytest.importorskip("tf2onnx", reason="pip install 'kerasbert[onnx]'")
LONE = "good \ud800 film"


@pytest.fixture(scope="module")
def runners(trained, saved_model, int8, tmp_path_factory):
    """A runner of each format."""
    onnx = export.to_onnx(trained, tmp_path_factory.mktemp("onnx") / "film.onnx")
    return [export.open_artifact(artifact) for artifact in (saved_model, int8, onnx)]


def tokens_of(task, *texts):
    return {name: value.numpy() for name, value in task.tokenizer(list(texts)).items()}


@pytest.mark.slow
@pytest.mark.parametrize("mask", [[1, 0, 1, 1], [0, 0, 1, 1], [1, 0, 0, 0]])
def test_a_mask_with_holes_is_honoured(mask, runners, trained):
    tokens = tokens_of(trained, "good film") | {"padding_mask": np.array([mask])}
    expected = keras.ops.convert_to_numpy(trained.answer_tokens(tokens)["probabilities"])
    for runner in runners:
        np.testing.assert_allclose(runner(tokens)["probabilities"], expected, atol=0.03)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda tokens: tokens | {"token_ids": tokens["token_ids"] - 9}, "`token_ids` must contain"),
        (lambda tokens: tokens | {"segment_ids": tokens["segment_ids"] - 1}, "`segment_ids` must contain"),
        (lambda tokens: tokens | {"padding_mask": 2 * tokens["padding_mask"]}, "`padding_mask` must contain"),
        (lambda tokens: tokens | {"padding_mask": 0 * tokens["padding_mask"]}, "must contain a token"),
        (lambda tokens: tokens | {"token_ids": tokens["token_ids"] + 0.5}, "`token_ids` must contain"),
        (lambda tokens: {name: value[0] for name, value in tokens.items()}, "same shape"),
        (lambda tokens: {name: value[:0] for name, value in tokens.items()}, "same shape"),
        (lambda tokens: tokens | {"segment_ids": tokens["segment_ids"][:, :1]}, "same shape"),
    ],
)
def test_what_is_no_batch_of_tokens_is_refused(change, rule, runners, trained):
    tokens = change(tokens_of(trained, "good film", "bad"))
    for runner in runners:
        with pytest.raises(ValueError, match=rule):
            runner(tokens)


def test_ids_beyond_the_vocabulary_fail(runners, trained):
    tokens = tokens_of(trained, "good film")
    tokens["token_ids"][0, 1] = 1000
    for runner in runners:
        with pytest.raises(Exception, match=r"index|range|\[0, 19\)"):  # each runtime has its own words
            runner(tokens)


def test_negative_ids_are_refused_by_the_files_themselves(saved_model, trained):
    tokens = tokens_of(trained, "good film")
    tokens["token_ids"][0, 1] = -1
    model = tf.saved_model.load(str(saved_model.path))
    with pytest.raises(Exception, match=r"not in \[0, 19\)"):
        model.signatures["classify_tokens"](**{name: tf.constant(value) for name, value in tokens.items()})


def test_lone_surrogates_are_answered_as_predict_answers_them(runners, trained):
    for runner in runners:
        answers = export.answer_texts(runner, trained, [LONE, "bad"])
        np.testing.assert_allclose(answers, trained.predict([LONE, "bad"], verbose=0), atol=0.03)


@pytest.mark.slow_after(1)
def test_bits_are_those_of_the_narrowest_weights(runners, tflite):
    assert [runner.bits for runner in runners] == [32, 8, 32]
    bits = {"float32": 32, "float16": 16, "mixed48": 4, "dynamic_wi4_afp32": 4}
    assert export.open_artifact(tflite).bits == bits.get(tflite.recipe, 8)
