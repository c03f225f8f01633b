"""The client for Python on a device: it has one runtime and numpy alone, and answers as `predict`."""

import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from wild_tasks import made

from kerasbert import export

pytest.importorskip("ai_edge_litert", reason="pip install 'kerasbert[tflite]'")
pytestmark = pytest.mark.filterwarnings("ignore:.*were truncated:UserWarning")
CLIENTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "clients"
TEXTS = ["what a good film!", "BAD, bad films 😀.", "Ünknown [MASK] 電影", "the film was very bad " * 9]
RUN = """
import json, sys
for name in ("tensorflow", "keras", "kerasbert", "onnx", "tf2onnx", sys.argv[5]):
    sys.modules[name] = None
sys.path.insert(0, sys.argv[1])
from kerasbert_device import Model
model = Model(sys.argv[2])
model.check()
answers = [getattr(model, sys.argv[3])(*row) for row in json.loads(sys.argv[4])]
print(json.dumps([answer.tolist() if hasattr(answer, "tolist") else answer for answer in answers]))
"""


def answers(task, folder, rows):
    """What the client answers to rows, each the arguments of the method that is called as the task's kind."""
    artifact = export.to_tflite(task, folder / "it.tflite", "float32", text=True, verify=False)
    return answers_of(artifact.path, task, rows, without="onnxruntime")


def answers_of(path, task, rows, without):
    """What the client answers with a file, in a process that lacks the other runtime."""
    arguments = [CLIENTS / "python", path, task.endpoint, json.dumps(rows), without]
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_entities(tokenizer, tmp_path):
    task = made("BertTokenClassifier", tokenizer, labels=["O", "B-X", "I-X", "B-Y", "I-Y"])
    expected = task.predict(TEXTS, verbose=0)
    assert sum(map(len, expected)) > 3
    for found, row in zip(answers(task, tmp_path, [[text] for text in TEXTS]), expected, strict=True):
        assert [(e["text"], e["type"], e["start"], e["end"]) for e in found] == [
            (e.text, e.type, e.start, e.end) for e in row
        ]
        np.testing.assert_allclose([e["score"] for e in found], [e.score for e in row], atol=1e-5)


@pytest.mark.slow
def test_classes_of_pairs(tokenizer, tmp_path):
    task = made("BertNextSentencePredictor", tokenizer)
    rows = [*zip(TEXTS, TEXTS[::-1], strict=True)]
    found = answers(task, tmp_path, rows)
    expected = task.predict((TEXTS, TEXTS[::-1]), verbose=0)
    np.testing.assert_allclose([[*row.values()] for row in found], expected, atol=1e-5)
    assert [*found[0]] == ["next", "random"]


@pytest.mark.slow
def test_answers(tokenizer, tmp_path):
    task = made("BertQuestionAnswerer", tokenizer, window_step=3)
    x = (TEXTS, [TEXTS[3], *TEXTS[:3]])
    expected = task.predict(x, verbose=0)
    for found, answer in zip(answers(task, tmp_path, [*zip(*x, strict=True)]), expected, strict=True):
        assert (found["text"], found["start"], found["end"]) == (answer.text, answer.start, answer.end)
        assert found["score"] == pytest.approx(answer.score, abs=1e-4)


@pytest.mark.slow
def test_vectors_choices_and_masks(tokenizer, tmp_path):
    task = made("BertTextEmbedder", tokenizer)
    found = answers(task, tmp_path, [[text] for text in TEXTS])
    np.testing.assert_allclose(found, task.predict(TEXTS, verbose=0), atol=1e-5)
    task = made("BertMultipleChoice", tokenizer)
    choices = [[text, "good film", ""] for text in TEXTS]
    found = answers(task, tmp_path, [*zip(TEXTS, choices, strict=True)])
    np.testing.assert_allclose(found, task.predict((TEXTS, choices), verbose=0), atol=1e-5)
    task = made("BertMaskedLM", tokenizer)
    texts = ["a [MASK] film", "[MASK][MASK] was bad"]
    found = answers(task, tmp_path, [[text] for text in texts])
    expected = task.fill_masks(texts)
    assert [[[token for token, _ in mask] for mask in row] for row in found] == [
        [[token for token, _ in mask] for mask in row] for row in expected
    ]


ONNX = {
    "classify": ("BertTextClassifier", {"labels": ["bad", "good", "so so"]}),
    "tag": ("BertTokenClassifier", {"labels": ["O", "B-X", "I-X", "B-Y", "I-Y"]}),
    "answer": ("BertQuestionAnswerer", {"window_step": 3}),
    "embed": ("BertTextEmbedder", {}),
}


@pytest.mark.parametrize(
    "kind", [kind if kind == "classify" else pytest.param(kind, marks=pytest.mark.slow) for kind in ONNX]
)
def test_onnx_runtime_alone(kind, tokenizer, tmp_path):
    for name in ("onnx", "onnxruntime", "tf2onnx"):
        pytest.importorskip(name, reason="pip install 'kerasbert[onnx]'")
    task = made(ONNX[kind][0], tokenizer, **ONNX[kind][1])
    artifact = export.to_onnx(task, tmp_path / "it.onnx", text=True, verify=False)
    rows = [*zip(TEXTS, TEXTS[::-1], strict=True)] if kind == "answer" else [[text] for text in TEXTS]
    found = answers_of(artifact.path, task, rows, without="ai_edge_litert")
    expected = task.predict((TEXTS, TEXTS[::-1]) if kind == "answer" else TEXTS, verbose=0)
    if kind == "classify":
        assert [*found[0]] == list(task.labels)
        found = [[*row.values()] for row in found]
    if kind in ("classify", "embed"):
        np.testing.assert_allclose(found, expected, atol=1e-5)
        return
    found = [[row] if kind == "answer" else row for row in found]
    expected = [[row] if kind == "answer" else row for row in expected]
    assert sum(bool(entity.text) for row in expected for entity in row) > 2
    for one, two in zip(found, expected, strict=True):
        assert [(e["text"], e["start"], e["end"]) for e in one] == [(e.text, e.start, e.end) for e in two]
        np.testing.assert_allclose([e["score"] for e in one], [e.score for e in two], atol=1e-4)


def test_places_in_utf16():
    spec = importlib.util.spec_from_file_location("device", CLIENTS / "python" / "kerasbert_device.py")
    device = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(device)
    text = "a😀b電\ud800𝒳c"
    for place in range(len(text) + 1):
        units = text[:place].encode("utf-16-le", "surrogatepass")
        assert device.utf16_place(text, place) == len(units) // 2
