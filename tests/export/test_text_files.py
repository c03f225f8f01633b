"""TFLite files that take text: a process that has the runtime alone gets the answers of the task."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import kerasbert
from kerasbert import export
from kerasbert.export.text_files import check_tokens
from kerasbert.export.verification import VerificationError

# Long texts are among those below, and `predict` warns of them.
pytestmark = pytest.mark.filterwarnings("ignore:.*were truncated:UserWarning")
pytest.importorskip("ai_edge_litert", reason="pip install 'kerasbert[tflite]'")
TEXTS = ["what a good film!", "", "BAD, bad films.", "Ünknown [MASK] 電影", "the film was very bad " * 30]
PAIRS = (["good film", "", "bad " * 40], ["not a bad film!", "film", "films " * 40])
# What a client does, with LiteRT and numpy alone.
CLIENT = """
import json, sys, zipfile
for name in ("tensorflow", "keras", "kerasbert"):
    sys.modules[name] = None
import numpy as np
from ai_edge_litert.interpreter import Interpreter
path, texts = sys.argv[1], json.loads(sys.argv[2])
task = json.loads(zipfile.ZipFile(path).read("task.json"))
model = Interpreter(path)
tokenize, answer = map(model.get_signature_runner, ("tokenize", task["kind"]))
names = task["signatures"][task["kind"]]["inputs"]
answers = []
for text in [*texts, task["self_test"]["text"]]:
    tokens = tokenize(code_points=np.array([[*map(ord, text), 0, 0]], "int32"))
    answers.append(answer(**{name: tokens[name] for name in names})[task["output"]][0].tolist())
assert tokens["token_ids"][0].tolist() == task["self_test"]["token_ids"]
assert np.allclose(answers.pop(), task["self_test"]["answer"], atol=task["self_test"]["tolerance"])
print(json.dumps([task, answers]))
"""


def by_client(path, texts):
    command = [sys.executable, "-c", CLIENT, str(path), json.dumps(texts)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def text_file(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "film.tflite"
    return export.to_tflite(trained, path, "float32", text=True)


def test_a_client_with_the_runtime_alone_answers_as_predict(trained, text_file):
    task, answers = by_client(text_file.path, TEXTS)
    np.testing.assert_allclose(answers, trained.predict(TEXTS, verbose=0), atol=1e-5)
    assert task["labels"] == list(trained.labels)
    assert task == export.describe(text_file)


def test_the_file_answers_without_a_task(trained, text_file):
    runner = export.open_artifact(text_file)
    np.testing.assert_allclose(runner.predict(TEXTS), trained.predict(TEXTS, verbose=0), atol=1e-5)
    np.testing.assert_allclose(runner.predict(PAIRS), trained.predict(PAIRS, verbose=0), atol=1e-5)
    check_tokens(trained, runner, [*TEXTS, *zip(*PAIRS, strict=True)])


def test_the_file_serves_tokens_like_any_other(trained, text_file):
    verification = export.verify(trained, text_file, TEXTS)
    assert verification.max_difference < 1e-5
    assert text_file.signatures.keys() == {"classify", "tokenize", "tokenize_pair"}
    assert text_file.partitions == 1
    assert text_file.size_bytes == text_file.path.stat().st_size


def test_quantized_files_of_embedders(encoder_of_texts, tmp_path):
    texts = TEXTS[:3]
    plain = export.to_tflite(encoder_of_texts, tmp_path / "plain.tflite")
    artifact = export.to_tflite(encoder_of_texts, tmp_path / "text.tflite", text=True)
    found = export.open_artifact(artifact).predict(texts)
    np.testing.assert_array_equal(found, encoder_of_texts.predict_with(export.open_artifact(plain), texts))
    task, answers = by_client(artifact.path, texts)
    np.testing.assert_array_equal(np.array(answers, "float32"), found)
    assert (task["kind"], task["recipe"], task["labels"]) == ("embed", artifact.recipe, [])
    with zipfile.ZipFile(artifact.path) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


@pytest.fixture
def encoder_of_texts(config, tokenizer):
    return kerasbert.BertTextEmbedder(kerasbert.BertEncoder(config), tokenizer)


def test_other_tokens_are_told(trained, text_file, encoder_of_texts):
    class Other:
        tokenizer = kerasbert.BertTokenizer(list(trained.tokenizer.vocabulary), lowercase=False)
        max_sequence_length = trained.max_sequence_length

    with pytest.raises(VerificationError, match="tokens of the file must be those of the task"):
        check_tokens(Other, export.open_artifact(text_file), ["Good film"])


def test_what_is_refused(config, tokenizer, trained, int8, tmp_path):
    with pytest.raises(ValueError, match="must take text"):
        export.open_artifact(int8).predict(["a text"])
    with pytest.raises(ValueError, match="says what it is"):
        export.describe(int8)
    tagger = kerasbert.BertTokenClassifier(kerasbert.BertEncoder(config), tokenizer, labels=["O", "B-X"])
    with pytest.raises(ValueError, match="Only classifiers and embedders"):
        export.to_tflite(tagger, tmp_path / "tags.tflite", text=True)
    assert not (tmp_path / "tags.tflite").exists()
