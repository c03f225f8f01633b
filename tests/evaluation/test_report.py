"""The page about a model: what stands in it, and that nothing in it is unescaped."""

import json
import re

import numpy as np
import pytest
from conftest import text_label

from kerasbert import evaluation, export, robustness

pytest.importorskip("matplotlib", reason="pip install 'kerasbert[evaluation]'")
pytest.importorskip("sklearn", reason="pip install 'kerasbert[evaluation]'")


@pytest.mark.slow
def test_a_page_about_a_task(trained, tmp_path):
    texts = [
        "good film",
        "bad film",
        "what a <b>good</b> film!",
        "the film was bad",
        "very bad.",
        "a film",
    ] * 5
    labels = list(map(text_label, texts))
    labels[0] = "bad"  # a mistake, which must be shown
    history = {
        "loss": [0.7, 0.4],
        "val_loss": [0.8, 0.6],
        "accuracy": [0.5, 0.9],
        "learning_rate": [0.1, 0.0],
    }
    path = evaluation.report(
        trained,
        texts,
        labels,
        tmp_path / "film.html",
        title="Films & <films>",
        card=export.ModelCard(data="two films", metric="accuracy", limits="Only films."),
        slices={"<kind>": ["a & b"] * 20 + ["c"] * 10},
        history=history,
        robustness=robustness.invariance(trained, texts, [robustness.upper_case, to_bad]),
        explained=2,
    )
    page = path.read_text("utf-8")
    right = np.mean([a == b for a, b in zip(trained.predict_labels(texts, verbose=0), labels, strict=True)])
    assert f"Right on {100 * right:.1f} % of 30 rows" in page
    assert "Films &amp; &lt;films&gt;" in page
    assert "a &amp; b" in page
    assert not re.search(r"<(b|kind|films|script|link)>|src=|@import|url\(http", page)
    assert page.count("<svg") == 3  # loss, accuracy, reliability
    assert "#0a0b" not in page  # each colour of a chart is one of the page's
    assert page.index("verdict") < page.index("Confusion matrix") < page.index("Training")
    assert page.index("Confusion matrix") < page.index("What breaks it?") < page.index("Training")
    assert "the worst is to bad: " in page
    assert "100.0 <span" in page  # of the texts with "good", with an interval
    wrong = evaluation.evaluate(trained, texts, labels)
    words = evaluation.explain_mistakes(wrong, trained, texts, 2)
    assert list(words) == [mistake.row for mistake in wrong.mistakes(2)]
    assert [e.target for e in words.values()] == [mistake.answer for mistake in wrong.mistakes(2)]
    assert page.count("blue words speak for the answer") == 1
    assert all(words[row].marked().html() in page for row in words)
    assert "Only films. Texts end after 16 tokens." in page
    numbers = json.loads((tmp_path / "film.json").read_text("utf-8"))
    assert numbers["evaluation"]["scores"]["accuracy"] == pytest.approx(right)
    assert numbers["history"]["val_loss"] == [0.8, 0.6]
    assert numbers["robustness"]["to_bad"]["texts"] == 10
    assert numbers["explanations"][str(next(iter(words)))]["target"] in ("good", "bad")
    shown = path._repr_html_()
    assert shown.startswith("<iframe")
    assert "&lt;h1&gt;Films &amp;amp; &amp;lt;films&amp;gt;" in shown


def to_bad(text):
    return text.replace("good", "bad")


def test_a_page_about_a_file(trained, int8, tmp_path):
    texts = ["good film", "bad film", "what a good film!", "the film was bad"]
    path = evaluation.report(int8, texts, list(map(text_label, texts)), tmp_path / "film.html", task=trained)
    assert "film.tflite" in path.read_text("utf-8")
