"""ROUGE, and the sentences that come nearest to a summary by it."""

import collections
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasbert.data import oracle_labels, rouge_scores, summary_words

rouge_scorer = pytest.importorskip("rouge_score.rouge_scorer")

SUMMARIES = ["The cat sat on the mat.", "Running dogs, 3 of them!", "", "a b c d"]
REFERENCES = ["A cat sat on mats; the end.", "the dog runs: 3", "nothing", "d c b a"]


@pytest.mark.parametrize("use_stemmer", [False, True])
def test_the_numbers_are_those_of_the_library(use_stemmer):
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=use_stemmer)
    theirs = [scorer.score(r, s) for s, r in zip(SUMMARIES, REFERENCES, strict=True)]
    found = rouge_scores(SUMMARIES, REFERENCES, use_stemmer=use_stemmer)
    assert found == {
        name: pytest.approx(sum(scores[name].fmeasure for scores in theirs) / 4, abs=1e-12)
        for name in ("rouge1", "rouge2", "rougeL")
    }
    assert 0 < found["rouge2"] < found["rouge1"] < 1


def test_chinese_counts_by_character():
    # 我 来 了 and 我 走 了: two of three characters, no pair of neighbours.
    found = rouge_scores(["我来了。"], ["我走了！"], language="zh")
    assert found == {"rouge1": pytest.approx(2 / 3), "rouge2": 0.0, "rougeL": pytest.approx(2 / 3)}
    assert rouge_scores(["我来了。"], ["我来了。"])["rouge1"] == 0.0  # why there is a language
    assert rouge_scores(["BERT 很好"], ["bert很好"], language="zh")["rouge2"] == 1.0
    assert summary_words("Ann’s U.S. 和平, 1949!") == ["ann", "s", "u", "s", "和", "平", "1949"]


def test_what_cannot_be_scored():
    with pytest.raises(ValueError, match="summaries=1, references=2"):
        rouge_scores(["a"], ["a", "b"])
    with pytest.raises(ValueError, match="at least one"):
        rouge_scores([], [])
    with pytest.raises(TypeError, match="references, row 0"):
        rouge_scores(["a"], [["a"]])
    with pytest.raises(ValueError, match="language"):
        rouge_scores(["a"], ["a"], language="de")


# === Oracle labels ===

DOCUMENTS = st.lists(st.lists(st.sampled_from("abcd"), max_size=5).map(" ".join), max_size=6)
SUMMARY = st.lists(st.sampled_from("abcd"), max_size=6).map(" ".join)


def score(sentences, summary):
    """F1 of ROUGE-1 and ROUGE-2, added, counted one n-gram at a time."""
    total = 0.0
    for n in (1, 2):
        grams = [[tuple(w[i : i + n]) for i in range(len(w) - n + 1)] for w in map(str.split, sentences)]
        found = list(itertools.chain(*grams))
        words = summary.split()
        target = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        have, wanted = collections.Counter(found), collections.Counter(target)
        common = sum(min(have[gram], wanted[gram]) for gram in wanted)
        total += 2 * common / (len(found) + len(target)) if common else 0.0
    return total


def test_a_hand_example():
    sentences = [
        "It rained.",
        "Ann left Rome in May!",
        "She left.",
        "Then Ben came to Bonn.",
        "Ann left Rome.",
    ]
    assert oracle_labels(sentences, "Ann left Rome; Ben came to Bonn") == [0, 0, 0, 1, 1]
    assert oracle_labels(sentences, "Ann left Rome; Ben came to Bonn", max_sentences=1) == [0, 0, 0, 1, 0]
    assert oracle_labels(sentences, "Nobody") == [0] * 5
    assert oracle_labels(["雨停了。", "安走了。"], "安走了") == [0, 1]
    assert oracle_labels(["same", "same"], "same") == [1, 0]
    assert oracle_labels(["a", "b x y z"], "a b c") == [1, 0]  # 1/2 with one, and with both
    assert oracle_labels([], "a") == []
    with pytest.raises(ValueError, match="max_sentences=0"):
        oracle_labels(sentences, "a", max_sentences=0)


@given(DOCUMENTS, SUMMARY, st.integers(1, 4))
def test_each_choice_is_the_best_of_all(sentences, summary, max_sentences):
    """The greedy search, restated: all candidates are scored anew for each choice."""
    chosen = []
    while len(chosen) < max_sentences:
        scores = [
            score([sentences[j] for j in [*chosen, i]], summary) if i not in chosen else 0.0
            for i in range(len(sentences))
        ]
        now = score([sentences[i] for i in chosen], summary)
        if max(scores, default=0.0) <= now:
            break
        chosen.append(scores.index(max(scores)))
    labels = oracle_labels(sentences, summary, max_sentences)
    assert labels == [int(i in chosen) for i in range(len(sentences))]
    singles = [score([sentence], summary) for sentence in sentences]
    every = [
        score(subset, summary)
        for size in range(1, max_sentences + 1)
        for subset in itertools.combinations(sentences, size)
    ]
    found = score([s for s, label in zip(sentences, labels, strict=True) if label], summary)
    assert max(singles, default=0.0) <= found <= max(every, default=0.0) + 1e-12


@given(DOCUMENTS, SUMMARY)
def test_one_sentence_is_the_best_of_the_library(sentences, summary):
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2"])
    theirs = [scorer.score(summary, sentence) for sentence in sentences]
    theirs = [scores["rouge1"].fmeasure + scores["rouge2"].fmeasure for scores in theirs]
    labels = oracle_labels(sentences, summary, max_sentences=1)
    best = max(theirs, default=0.0)
    assert sum(labels) == (best > 0)
    assert sum(labels) == 0 or theirs[labels.index(1)] == pytest.approx(best, abs=1e-12)
