"""What a report is made of: wrong kinds of values, numbers that JSON lacks, several threads."""

import json
import threading

import numpy as np
import pytest

from kerasbert import export
from kerasbert.evaluation import RetrievalEvaluation

pytest.importorskip("matplotlib", reason="pip install 'kerasbert[evaluation]'")


def strict(path):
    def refused(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(path.with_suffix(".json").read_text("utf-8"), parse_constant=refused)


def test_numbers_that_json_lacks_become_null(tmp_path):
    path = export.write_report(
        tmp_path / "a.html",
        None,
        title="a",
        scores={"pearson": float("nan"), "accuracy": np.float32(0.5)},
        answers={"good": {"one": ("yes", np.float32(0.5))}, "bad": {"other": "no"}},
        history={"loss": [1.0, float("inf")], "f1": [[0.1, 0.2], np.array([0.3, 0.4])]},
    )
    numbers = strict(path)
    assert numbers["scores"] == {"pearson": None, "accuracy": 0.5}
    assert numbers["history"] == {"loss": [1.0, None], "f1": [[0.1, 0.2], [0.3, 0.4]]}
    page = path.read_text("utf-8")
    assert "With several numbers an epoch, not drawn: f1." in page
    assert ">no</td>" in page  # the answer of a model that did not answer the first text


@pytest.mark.parametrize("name", ["report", "report.json", "v1.2", ""])
def test_the_page_does_not_take_the_place_of_its_numbers(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end in `\.html`"):
        export.write_report(tmp_path / name, None, title="a")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "part",
    [
        {"card": {"data": "films"}},
        {"artifacts": ["film.tflite"]},
        {"artifacts": {"int8": "film.tflite"}},
        {"benchmarks": {"int8": 5}},
        {"history": "loss"},
        {"evaluation": {"accuracy": 1.0}},
        {"robustness": {"typos": 0.1}},
    ],
)
def test_parts_of_another_kind_are_refused(tmp_path, part):
    with pytest.raises(TypeError, match=f"`{next(iter(part))}` must be"):
        export.write_report(tmp_path / "a.html", None, title="a", **part)
    assert not list(tmp_path.iterdir())


def test_a_retrieval_is_shown_and_explained(tmp_path):
    found = RetrievalEvaluation(
        *("a model", ["a", "b"], np.ones(2), "characters", {}),
        *([{0: 1.0}, {1: 1.0}], np.array([[0, 1], [0, 1]]), np.array([1, 2]), ["x", "y"]),
    )
    page = export.write_report(tmp_path / "a.html", None, title="a", evaluation=found).read_text("utf-8")
    assert "MRR is the mean of 1 / rank" in page
    assert strict(tmp_path / "a.html")["scores"]["mrr"] == 0.75


def test_threads_write_the_same_page(tmp_path):
    history = {"loss": [0.9, 0.5], "val_loss": [1.0, 0.7], "accuracy": [0.5, 0.9]}

    def page(name):
        return export.write_report(tmp_path / f"{name}.html", None, title="a", history=history).read_text()

    expected, found = page("first"), []

    def pages(thread):
        found.extend(page(f"{thread}-{turn}") == expected for turn in range(4))

    threads = [threading.Thread(target=pages, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 16


@pytest.mark.parametrize("kind", ["BertTokenClassifier", "BertTextClassifier"])
def test_the_limits_say_how_long_texts_are_read(tmp_path, tokenizer, kind):
    from wild_tasks import made

    labels = ["O", "B-PER"] if kind == "BertTokenClassifier" else ["good", "bad"]
    page = export.write_report(tmp_path / "a.html", made(kind, tokenizer, labels=labels), title="a")
    windows = "Longer texts are read in windows of 12 tokens." in page.read_text("utf-8")
    assert windows == (kind == "BertTokenClassifier")
    assert ("Texts end after 12 tokens." in page.read_text("utf-8")) != windows
