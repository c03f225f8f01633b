"""Scores against cases counted by hand from the rules of the official scripts."""

import pytest

from kerasbert.data import squad_scores
from kerasbert.data.squad_scores import normalized


def scored(prediction, answers, **kwargs):
    scores = squad_scores([prediction], [answers], **kwargs)
    return scores["exact_match"], pytest.approx(scores["f1"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  cat,\tAN owl & a dog!", "cat owl dog"),
        ("theatre another a", "theatre another"),
        ("the-end", "theend"),  # marks go first, and join
        ("U.S.A. $5", "usa 5"),
        ("a‘b’ “the”", "‘b’ “ ”"),  # only ASCII marks are punctuation
        ("ÉTÉ", "été"),
        ("the", ""),
    ],
)
def test_normalization(text, expected):
    assert normalized(text) == expected


@pytest.mark.parametrize(
    ("prediction", "answers", "exact_match", "f1"),
    [
        ("The Bonn", ["bonn!"], 1, 1),
        ("in Bonn", ["Bonn"], 0, 2 / 3),  # precision 1/2, recall 1
        ("in Bonn", ["Rome", "old Bonn in Germany"], 0, 2 / 3),  # precision 1, recall 1/2
        ("b b b", ["b b c"], 0, 2 / 3),  # words count as often as they occur in both
        ("Bonn", ["Rome"], 0, 0),
        ("", ["Rome"], 0, 0),
    ],
)
@pytest.mark.parametrize("version", ["1.1", "2.0", None])
def test_english(prediction, answers, exact_match, f1, version):
    assert scored(prediction, answers, version=version) == (exact_match, f1)


def test_what_the_two_versions_count_differently():
    # Version 1.1 finds no common word in two empty texts; version 2 leaves the empty answer out.
    assert scored("the", ["the"], version="1.1") == (1, 0)
    assert scored("the", ["the"], version="2.0") == (1, 1)
    assert scored("the", ["the", "cat"], version="1.1") == (1, 0)
    assert scored("the", ["the", "cat"], version="2.0") == (0, 0)


def test_no_answer():
    scores = squad_scores(["", "Bonn", "in Bonn", ""], [[], [], [("Bonn", 3)], ["Bonn"]])
    assert scores == pytest.approx(
        {
            "exact_match": 0.25,
            "f1": (1 + 0 + 2 / 3 + 0) / 4,
            "questions": 4,
            "has_answer_exact_match": 0,
            "has_answer_f1": 1 / 3,
            "has_answer_questions": 2,
            "no_answer_exact_match": 0.5,
            "no_answer_f1": 0.5,
            "no_answer_questions": 2,
        }
    )
    assert set(squad_scores([""], [[]])) == {
        *("exact_match", "f1", "questions"),
        *("no_answer_exact_match", "no_answer_f1", "no_answer_questions"),
    }


@pytest.mark.parametrize(
    ("prediction", "answers", "exact_match", "f1"),
    [
        ("波恩。", ["《波恩》"], 1, 1),
        ("在波恩", ["波恩"], 0, 0.8),  # 2 of 3, 2 of 2
        ("我在老波恩市", ["在波恩市"], 0, 0.6),  # the longest run is 波恩市: 3 of 6, 3 of 4
        ("2008年 IPhone", ["2008年iphone"], 0, 1),  # words, but blanks count in exact match
        ("12,000.5元", ["12,000.5元"], 1, 1),
        ("12000元", ["12,000元"], 0, 0.5),  # a number is one piece
        ("", ["波恩"], 0, 0),
        ("罗马", ["波恩", "罗马城"], 0, 0.8),
        ("波恩…", ["波恩"], 0, 0.8),  # one … is not in CMRC's list, only two together
    ],
)
def test_chinese(prediction, answers, exact_match, f1):
    assert scored(prediction, answers, language="zh") == (exact_match, f1)


def test_chinese_without_answer():
    scores = squad_scores(["", "波恩", "波恩"], [[], [], ["波恩"]], language="zh")
    assert (scores["exact_match"], scores["no_answer_f1"]) == (pytest.approx(2 / 3), 0.5)


def test_rows_must_be_as_many():
    with pytest.raises(ValueError, match="predictions=1, answers=2"):
        squad_scores(["a"], [["a"], ["b"]])
    with pytest.raises(ValueError, match="at least one"):
        squad_scores([], [])
    with pytest.raises(ValueError, match="'en', 'zh'"):
        squad_scores(["a"], [["a"]], language="de")
