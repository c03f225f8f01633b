"""Targets that are none, and answers that are the same without words."""

import pytest
from wild_tasks import made

from kerasbert import BertTokenizer, explain
from kerasbert.explain import Explanation


@pytest.fixture(scope="module")
def words():
    known = ["good", "bad", "film", "the", "was", "what"]
    return BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *known])


def test_a_class_number_is_no_target(words):
    task = made("BertTextClassifier", words, labels=["1", "2"])
    with pytest.raises(TypeError, match="`target` must be a name"):
        explain.occlusion(task, ["good film"], 1)
    assert explain.occlusion(task, ["good film"], "1")[0].target == "1"
    with pytest.raises(TypeError, match="`target` must be a name"):
        explain.occlusion(made("BertMaskedLM", words), ["a [MASK] film"], 5)


def test_entities_and_answers_as_targets(words):
    tagger = made("BertTokenClassifier", words, labels=["O", "B-PER", "I-PER"])
    for wrong in ([None], "PER", ["PER"], [(0, 4)], 5):
        with pytest.raises(TypeError, match="must be an entity of each row"):
            explain.occlusion(tagger, ["good film"], wrong)
    task = made("BertQuestionAnswerer", words, length=24)
    rows = (["what film?"], ["the film was bad"])
    for wrong in (["bad"], [None], [(0, 4, "PER")]):
        with pytest.raises(TypeError, match="must be an answer of each row"):
            explain.occlusion(task, rows, wrong)
    with pytest.raises(ValueError, match="must be a part of the context"):
        explain.occlusion(task, rows, [(13, 99)])
    assert explain.occlusion(task, rows, [(13, 16)])[0].target == "'bad'"


def test_an_error_that_is_no_fraction_is_not_shown():
    found = Explanation("IG", ("a",), "b", "log-odds", [], [explain.Token("a", 0, 0, 1, 0.1)], 1.0, 1.0)
    assert "inf" not in found.to_html()
