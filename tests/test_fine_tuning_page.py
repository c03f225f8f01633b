"""The lines of the page on fine-tuning run as they stand."""

import pathlib
import re

import keras
import pytest
import tagging

import kerasbert
from kerasbert import training
from kerasbert.tasks.task import Task

PAGE = pathlib.Path(__file__).resolve().parents[1] / "docs" / "guides" / "fine-tuning.md"
TABLE = PAGE.read_text("utf-8").partition("## Callbacks")[0]
ROWS = [row.split(" | ") for row in TABLE.splitlines() if row.startswith("| ")][1:]
X, Y = ["good film", "bad film", "good", "bad"], ["good", "bad"] * 2


@pytest.fixture
def names(config, tokenizer, tmp_path, monkeypatch):
    """What the lines speak of: compiled tasks, and rows for them. All runs eagerly, which is quick."""
    compile_task = Task.compile
    monkeypatch.setattr(Task, "compile", lambda *args, **kw: compile_task(*args, run_eagerly=True, **kw))
    config = kerasbert.BertConfig.from_dict(config.to_dict() | {"num_layers": 4})
    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
    task.save_to_preset(tmp_path / "preset")
    tagger = tagging.make()
    for each in (task, tagger):
        each.compile()
    names = {"task": task, "x": X, "y": Y, "folder": tmp_path / "preset"}
    names |= {"tagger": tagger, "words": tagging.SENTENCES, "labels": tagging.Y}
    return names | vars(training) | {"keras": keras, "kerasbert": kerasbert}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(("what", "how"), [row[:2] for row in ROWS], ids=[row[0][2:30] for row in ROWS])
def test_a_line_of_the_table_runs(what, how, names):
    lines = [line for line in re.findall(r"`([^`]+)`", how) if "(" in line]
    assert lines, what
    if "F1" in what:
        pytest.importorskip("seqeval")
    for line in lines:
        result = eval(line, names)
        task = result if isinstance(result, Task) else names["task"]
        if not task.compiled:
            task.compile()
        if "merge_lora" not in line and ".fit(" not in line:
            task.fit(X, Y, batch_size=2, verbose=0)
