"""Documents, their labels, and the windows that they are packed in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from summarizing import CLS, SEP, TOKENS, pack

from kerasbert import BertTokenizer
from kerasbert.data import (
    Documents,
    oracle_labels,
    sentence_labels,
    sentence_windows,
    split_sentences,
    tokenize_documents,
)

TEXTS = ["Ann left. It rained in Bonn.", "", "雨。雨", "\n Note\tthen \n\nBen"]


@pytest.fixture(scope="module")
def tokenizer():
    return BertTokenizer(TOKENS)


def ids_of(documents, number):
    return documents.ids[slice(*documents.id_splits[number : number + 2])].tolist()


def test_sentences_stand_where_they_stood(tokenizer):
    found = tokenize_documents(TEXTS, tokenizer)
    assert found.texts == TEXTS
    assert found.spans == [split_sentences(text) for text in TEXTS]
    assert found.sentences(3) == ["Note\tthen", "Ben"]
    assert found.splits.tolist() == [0, 2, 2, 4, 6]
    sentences = [sentence for row in range(4) for sentence in found.sentences(row)]
    for number, sentence in enumerate(sentences):
        assert ids_of(found, number) == tokenizer.tokenize(sentence).numpy().tolist()


def test_documents_of_sentences(tokenizer):
    rows = [["Ann left. Ben came.", "", "it"], [], ("雨",), np.array(["note", "then"])]
    found = tokenize_documents(rows, tokenizer)
    assert [found.sentences(row) for row in range(4)] == [list(row) for row in rows]
    assert found.texts[0] == "Ann left. Ben came.\n\nit"
    assert found.splits.tolist() == [0, 3, 3, 4, 6]
    assert ids_of(found, 1) == []
    as_bytes = tokenize_documents([[b"Ann left.", b"it"], "雨".encode()], tokenizer)
    assert as_bytes.texts == ["Ann left.\nit", "雨"]


def test_no_documents(tokenizer):
    found = tokenize_documents([], tokenizer)
    assert (found.texts, found.splits.tolist(), found.id_splits.tolist()) == ([], [0], [0])
    assert sentence_labels([], found).tolist() == []
    assert sentence_windows(found, CLS, SEP, 9) == ([], [], [])


@given(
    st.lists(st.lists(st.lists(st.integers(5, 9), max_size=7), max_size=7), max_size=4),
    st.integers(3, 16),
    st.integers(0, 2),
)
def test_windows_are_laid_out_as_in_the_paper(rows, max_length, num_segments):
    sentences = [sentence for row in rows for sentence in row]
    documents = Documents(
        [""] * len(rows),
        [[(0, 0)] * len(row) for row in rows],
        np.cumsum([0, *map(len, rows)]),
        np.array([token for sentence in sentences for token in sentence], "int32"),
        np.cumsum([0, *map(len, sentences)]),
    )
    found = sentence_windows(documents, CLS, SEP, max_length, num_segments)
    expected, before = [], 0
    for row in rows:
        for ids, segments, numbers in pack(row, max_length, num_segments):
            decided = [numbers[i] + before if i in numbers else -1 for i in range(len(ids))]
            expected.append((ids, segments, decided))
        before += len(row)
    assert [tuple(part.tolist() for part in window) for window in zip(*found, strict=True)] == expected
    assert all(len(ids) <= max_length for ids in found[0])
    assert {part.dtype for kind in found for part in kind} <= {np.dtype("int32")}


def test_labels_are_given_or_made_of_summaries(tokenizer):
    found = tokenize_documents(TEXTS, tokenizer)
    summary = "It rained, in Bonn"
    made = sentence_labels([summary, "nothing", [1, 0], np.array([True, False])], found)
    assert made.tolist() == [0, 1, 1, 0, 1, 0]
    assert made.dtype == np.int32
    assert made[:2].tolist() == oracle_labels(["Ann left.", "It rained in Bonn."], summary)


@pytest.mark.parametrize(
    ("rows", "y", "kind", "message"),
    [
        (["Ann left.", None], None, TypeError, r"a text or a list of sentences.*In: x, row 1\."),
        ([float("nan")], None, TypeError, "row 0"),
        ([{"text": "a"}], None, TypeError, "row 0"),
        ([["Ann"], ["Ben", 3]], None, TypeError, r"must be a str.*value=3.*row 1, sentence 1"),
        (["Ann left. It rained."], [[1]], ValueError, r"sentences=2, labels=\[1\].*y, row 0"),
        ([["Ann", "Ben"]], [[1, 2]], ValueError, "0 or 1 for each"),
        ([["Ann", "Ben"]], [1], ValueError, "labels=1"),
        ([["Ann", "Ben"]], [["a", "b"]], TypeError, "or a summary"),
        ([["Ann"], ["Ben"]], [[1]], ValueError, "as many rows.*x=2, y=1"),
    ],
    ids=range(9),
)
def test_what_does_not_fit_is_an_error(tokenizer, rows, y, kind, message):
    with pytest.raises(kind, match=message):
        sentence_labels(y, tokenize_documents(rows, tokenizer))
