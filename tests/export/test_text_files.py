"""TFLite files that take text; tests/conformance/test_texts_in_files.py has what holds for every task."""

import dataclasses
import json
import zipfile

import numpy as np
import pytest
from answers import same_answers
from conformance_cases import EXPORTED, make_wild_task, sample_texts
from text_cases import PAIRS, TEXTS

import kerasbert
from kerasbert import export
from kerasbert.export.text_files import check_tokens
from kerasbert.export.verification import VerificationError
from kerasbert.text.integers import IntegerTokenizer

# Long texts are among those below, and `predict` warns of them.
pytestmark = pytest.mark.filterwarnings("ignore:.*were truncated:UserWarning")
pytest.importorskip("ai_edge_litert", reason="pip install 'kerasbert[tflite]'")


@pytest.fixture(scope="module")
def text_file(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "film.tflite"
    return export.to_tflite(trained, path, "float32", text=True)


def test_signatures_may_be_called_in_any_order(trained, text_file):
    runner, expected = export.open_artifact(text_file), trained.predict(TEXTS, verbose=0)
    for _ in range(5):
        for text, row in zip(TEXTS, expected, strict=True):
            np.testing.assert_allclose(runner.predict([text])[0], row, atol=1e-5)
            tokens = runner.tokenize(text)
            found = runner({name: tokens[name] for name in ("token_ids", "segment_ids", "padding_mask")})
            np.testing.assert_allclose(found["probabilities"][0], row, atol=1e-5)
    x = [*zip(*PAIRS, strict=True)]
    np.testing.assert_allclose(runner.predict(PAIRS), trained.predict(PAIRS, verbose=0), atol=1e-5)
    check_tokens(trained, runner, [*TEXTS, *x])
    with pytest.warns(UserWarning, match="1 of the 5 rows had a text .*max_sequence_length=16 tokens"):
        runner.predict(TEXTS)


def test_the_file_serves_tokens_like_any_other(trained, text_file):
    verification = export.verify(trained, text_file, TEXTS)
    assert verification.max_difference < 1e-5
    assert text_file.partitions == 1
    assert text_file.size_bytes == text_file.path.stat().st_size


def test_benchmark_measures_the_tokenizer_too(text_file):
    result = export.benchmark(text_file, 19, lengths=(2, 16), threads=(1,), repeats=3)
    assert result.tokenizer_ms.keys() == result.latency_ms.keys() == {(1, 2), (1, 16)}
    assert min(result.tokenizer_ms.values()) > 0


@pytest.mark.slow
def test_quantized_files(trained, tmp_path):
    plain = export.to_tflite(trained, tmp_path / "plain.tflite")
    artifact = export.to_tflite(trained, tmp_path / "text.tflite", text=True)
    found = export.open_artifact(artifact).predict(TEXTS)
    np.testing.assert_array_equal(found, trained.predict_with(export.open_artifact(plain), TEXTS))
    with zipfile.ZipFile(artifact.path) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.read("labels.txt") == b"bad\ngood\n"
        assert json.loads(archive.read("task.json")) == export.describe(artifact)
    again = export.to_tflite(trained, tmp_path / "again.tflite", text=True)
    assert again.sha256 == artifact.sha256


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EXPORTED if " " not in name])
def test_static_recipes(name, config, tokenizer, tmp_path):
    """What is around the model stays in float32, so that both ways through a file give the same answers."""
    task = make_wild_task(name, config, tokenizer)
    x = sample_texts(task)
    artifact = export.to_tflite(
        task, tmp_path / "it.tflite", "static_wi8_ai8", calibration=x, text=True, verify=False
    )
    runner = export.open_artifact(artifact)
    same_answers(runner.predict(x), task.predict_with(runner, x))
    assert artifact.partitions > 1


def test_other_tokens_are_told(trained, text_file):
    class Other:
        tokenizer = kerasbert.BertTokenizer(list(trained.tokenizer.vocabulary), lowercase=False)
        max_sequence_length = trained.max_sequence_length
        endpoint = "classify"

    with pytest.raises(VerificationError, match="tokens of the file must be those of the task"):
        check_tokens(Other, export.open_artifact(text_file), ["Good film"])


def test_mediapipe_takes_no_such_file(trained, text_file):
    with pytest.raises(ValueError, match="without `text=True`: MediaPipe has a tokenizer of its own"):
        export.add_mediapipe_metadata(trained, text_file)


def test_what_is_refused(int8):
    with pytest.raises(ValueError, match="description of themselves"):
        export.open_artifact(int8).predict(["a text"])
    with pytest.raises(ValueError, match="can answer texts"):
        export.open_artifact(int8).tokenize("a text")
    with pytest.raises(ValueError, match="description of themselves"):
        export.describe(int8)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lengths": (4,)}, "`text=True`"),
        ({"lengths": (4, 4), "text": True}, "different"),
        ({"lengths": (4,), "text": True, "recipe": "static_wi8_ai8"}, "calibration"),
    ],
)
def test_lengths_that_are_refused(arguments, message, trained, tmp_path):
    with pytest.raises(ValueError, match=message):
        export.to_tflite(trained, tmp_path / "it.tflite", **arguments)


def test_a_zero_at_the_end_of_a_text_is_named(config, byte_pairs):
    """Files take it for padding; of the tokenizers, BERT's alone drops it."""
    tokenizer = kerasbert.RobertaTokenizer(*byte_pairs)
    wide = dataclasses.replace(config, vocabulary_size=tokenizer.vocabulary_size)
    task = kerasbert.BertTextEmbedder(kerasbert.BertEncoder(wide), tokenizer)

    class File:
        signatures = ("tokenize",)

        def tokenize(self, text):
            packed = IntegerTokenizer(tokenizer).pack([*map(ord, text)], max_length=16)
            return {name: value.numpy() for name, value in packed.items()}

    check_tokens(task, File(), ["a film", "a\0film", "\0 a"])
    with pytest.raises(VerificationError, match=r"U\+0000 at the end .*padding.*rstrip\('\\0'\)"):
        check_tokens(task, File(), ["a film\0"])
