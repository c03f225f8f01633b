"""A page of explanations stands alone, shows every text, and escapes what is in it."""

import pytest
from conformance_cases import make_wild_task

from kerasbert import explain

TEXTS = ["good film", "<script>alert(1)</script> bad", "電影 \ud800 good"]


@pytest.fixture(scope="module")
def explanations(config, tokenizer):
    return explain.occlusion(make_wild_task("BertTextClassifier", config, tokenizer), TEXTS)


def test_every_text_is_a_section_and_is_escaped(explanations, tmp_path):
    path = explain.write_page(tmp_path / "it.html", iter(explanations), title="Films & <more>")
    page = path.read_text("utf-8")
    assert page.count("<section") == 3
    assert "<h1>Films &amp; &lt;more&gt;</h1>" in page
    assert "<script>alert" not in page
    assert "電<" in page
    assert "Occlusion for" in page
    assert '<span id="shown">3</span> of 3 texts' in page
    assert "http" not in page
    explain.write_page(path, explanations[0])
    assert '<span id="shown">1</span> of 1 text<' in path.read_text("utf-8")


def test_other_tasks_have_pages_too(config, tokenizer, tmp_path):
    task = make_wild_task("BertQuestionAnswerer", config, tokenizer)
    found = explain.occlusion(task, (["good?"], ["a good film"]))
    page = explain.write_page(tmp_path / "it.html", found).read_text("utf-8")
    assert page.count("<section") == 1
    assert "Occlusion for" in page


@pytest.mark.parametrize(
    ("path", "found", "kind", "message"),
    [
        ("it.txt", TEXTS, ValueError, r"must end in `\.html`.*write_page"),
        ("it.html", TEXTS, TypeError, "at least one `Explanation`.*explanations='str'"),
        ("it.html", [], ValueError, "at least one `Explanation`"),
    ],
)
def test_what_is_no_explanation_is_refused(path, found, kind, message, tmp_path):
    with pytest.raises(kind, match=message):
        explain.write_page(tmp_path / path, found)
    assert not any(tmp_path.iterdir())
