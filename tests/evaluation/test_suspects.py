"""Labels that may be wrong, and texts that are in two sets."""

import numpy as np
import pytest

from kerasbert import evaluation

pytest.importorskip("sklearn.neighbors", reason="pip install 'kerasbert[evaluation]'")


def test_exchanged_labels_are_found():
    random = np.random.default_rng(0)
    right = random.integers(0, 3, 300)
    logits = random.normal(size=(300, 3)) + 6 * np.eye(3)[right]
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    labels = right.copy()
    wrong = random.choice(300, 15, replace=False)
    labels[wrong] = (right[wrong] + 1) % 3
    found = evaluation.suspected_labels(probabilities, labels)
    assert {row for row, _, _ in found} >= set(wrong.tolist()) - set(
        np.flatnonzero(probabilities.argmax(-1) != right)
    )
    assert len(found) < 25
    assert all(other == right[row] for row, other, _ in found if row in wrong)
    result = evaluation.evaluate_probabilities(probabilities, labels, ["a", "b", "c"])
    assert [s.row for s in result.suspected_labels(5)] == [row for row, _, _ in found[:5]]


def test_duplicates_differ_in_case_marks_or_a_word():
    train = ["The film was good, and long.", "Nobody knew what the story was about at all", "...", "ok"]
    test = [
        "the film was GOOD and long",
        "Nobody knew what this story was about at all",
        "Something else entirely happens here",
        "...",
        "!!!",
        "OK!",
    ]
    found = {pair.row: pair for pair in evaluation.duplicates(train, test, least=0.75)}
    assert {row: pair.train_row for row, pair in found.items()} == {0: 0, 1: 1, 3: 2, 5: 3}
    assert found[0].similarity == found[5].similarity == 1.0
    assert 0.75 < found[1].similarity < 1
    assert [pair.row for pair in evaluation.duplicates(train, test, least=1)] == [0, 3, 5]
    assert evaluation.duplicates([], test) == []
    with pytest.raises(TypeError, match="sequence of str"):
        evaluation.duplicates("a text", test)
