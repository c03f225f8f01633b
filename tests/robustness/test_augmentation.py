"""Rows are perturbed anew in each epoch, and labels stay with their rows."""

import numpy as np
import pytest

import kerasbert
from kerasbert.robustness import augmented, doubled_words, lower_case, swapped_letters, upper_case
from kerasbert.tasks import Entity

TEXTS = [f"wonderful film number {i}" for i in range(200)]
LABELS = ["good", "bad"] * 100


def test_half_of_the_rows_change_and_others_in_each_epoch():
    rows = augmented(TEXTS, LABELS, swapped_letters)
    first, second = list(rows), list(rows)
    assert [label for _, label in first] == LABELS
    changed = [
        {i for i, ((new, _), text) in enumerate(zip(epoch, TEXTS, strict=True)) if new != text}
        for epoch in (first, second)
    ]
    assert all(70 < len(rows) < 130 for rows in changed)
    assert changed[0] != changed[1]
    again = augmented(TEXTS, LABELS, swapped_letters)
    assert [list(again), list(again)] == [first, second]
    assert list(augmented(TEXTS, LABELS, swapped_letters, seed=1)) != first


def test_all_or_none():
    assert list(augmented(TEXTS, LABELS, rate=0.0)) == list(zip(TEXTS, LABELS, strict=True))
    assert all(a != b for (a, _), b in zip(augmented(TEXTS, LABELS, rate=1.0), TEXTS, strict=True))


def test_pairs_and_rows_without_labels():
    pairs = list(augmented((["Good"], ["Film"]), [1], lower_case, rate=1.0))
    assert pairs == [(("good", "film"), 1)]
    assert list(augmented(["Good"], None, lower_case, rate=1.0)) == ["good"]


def test_words_keep_their_number():
    row = ["What", "a", "wonderful", "film"]
    for rows in (augmented([row], [["O"] * 4], rate=1.0, seed=seed) for seed in range(10)):
        [(words, labels)] = list(rows)
        assert len(words) == len(labels) == 4
    [(words, _)] = list(augmented([np.array(row)], [["O"] * 4], upper_case, rate=1.0))
    assert sum(new != old for new, old in zip(words, row, strict=True)) == 1
    changes = {"two words": lambda text: "two words"}
    assert list(augmented([row], [["O"] * 4], changes, rate=1.0)) == [(row, ["O"] * 4)]


def test_sentences_keep_their_number_of_words():
    row = ["It rained.", "Ann left early."]
    [(sentences, labels)] = list(augmented([row], [[1, 0]], upper_case, rate=1.0))
    assert labels == [1, 0]
    assert sentences in ([row[0].upper(), row[1]], [row[0], row[1].upper()])
    assert list(augmented([row], [[1, 0]], doubled_words, rate=1.0)) == [(row, [1, 0])]


@pytest.mark.parametrize(
    "label",
    [
        [(3, 7, "LOC")],
        [Entity("Bonn", "LOC", 0.9, 3, 7, 1, 2)],
        [{"text": "Bonn", "answer_start": 3}],
        {"text": ["Bonn"], "answer_start": [3]},
    ],
)
def test_positions_are_refused(label):
    with pytest.raises(ValueError, match=r"must not be positions.*row 1"):
        augmented(["Hello", "In Bonn"], [[], label])


def test_one_label_for_each_row():
    with pytest.raises(ValueError, match="rows"):
        augmented(["In Bonn"], ["a", "b"])


@pytest.mark.slow
def test_fit_takes_them(config, tokenizer):
    seen = []

    def note(text):
        seen.append(text)
        return text

    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
    task.compile()
    task.fit(augmented(["good film", "bad film"], ["good", "bad"], note, rate=0.5), epochs=6, verbose=0)
    assert 0 < len(seen) < 14  # two rows, seven passes with the one that checks them
