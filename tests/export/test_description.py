"""What a file says of itself holds for every label that a task can have."""

import json
import zipfile
from types import SimpleNamespace

import pytest

from kerasbert.export.description import add_description, describe


def test_labels_that_utf8_cannot_hold(tmp_path, tokenizer):
    path = tmp_path / "it.tflite"
    path.write_bytes(b"a model")
    labels = ["\ud800", "bien sûr", "電影"]
    content = {"kind": "classify", "types": [], "labels": labels, "max_difference": 1e-4}
    add_description(SimpleNamespace(tokenizer=tokenizer), path, content)
    assert describe(path)["labels"] == labels
    with zipfile.ZipFile(path) as archive:
        assert archive.read("labels.txt").decode().splitlines() == ["\\ud800", *labels[1:]]
        assert json.loads(archive.read("task.json"))["special_ids"].keys() == {
            "pad",
            "unk",
            "cls",
            "sep",
            "mask",
        }
    assert path.read_bytes().startswith(b"a model")


def test_numbers_that_json_has_not(tmp_path, tokenizer):
    content = {"kind": "classify", "types": [], "labels": [], "score": float("inf")}
    with pytest.raises(ValueError, match="JSON"):
        add_description(SimpleNamespace(tokenizer=tokenizer), tmp_path / "it.tflite", content)
