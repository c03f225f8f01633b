import numpy as np
import pytest

import kerasbert
from kerasbert.data import (
    convert,
    numbers_of_spans,
    numbers_of_words,
    scheme_labels,
    tokenize_texts,
    tokenize_words,
)

LABELS = scheme_labels(["LOC", "PER"])
WORDS = [["good", "film", "bad"], [], ["film"]]
BIO = [["B-PER", "B-PER", "I-PER"], [], ["B-LOC"]]


@pytest.fixture(scope="module")
def words(tokenizer):
    return tokenize_words(WORDS, tokenizer)


@pytest.mark.parametrize("scheme", ["IOB1", "BIO", "IOBES", "BILOU"])
def test_names_in_any_scheme_are_the_same_numbers(words, scheme):
    rows = [convert(row, "BIO", scheme) for row in BIO]
    assert numbers_of_words(rows, words, LABELS, "BIO").tolist() == [3, 3, 4, 1]


def test_numbers_bytes_arrays_and_minus_100(words):
    forms = [
        [[3, 3, 4], [], [1]],
        [np.array([3, 3, 4]), np.array([]), np.array([1])],
        [[label.encode() for label in row] for row in BIO],
        tuple(map(tuple, BIO)),
        [np.array(row) for row in BIO],
    ]
    for form in forms:
        assert numbers_of_words(form, words, LABELS, "BIO").tolist() == [3, 3, 4, 1]
    assert numbers_of_words([[0, -100, 1], [], [-100]], words, LABELS, "BIO").tolist() == [0, -100, 1, -100]


def test_an_entity_begins_with_b_whatever_it_was_written_with(words):
    rows = [["I-PER", "I-LOC", "I-LOC"], [], ["O"]]
    assert numbers_of_words(rows, words, LABELS, "BIO").tolist() == [3, 1, 2, 0]


def test_plain_labels_are_no_entities(words):
    tags = ("NOUN", "VERB", "ADJ")
    rows = [["ADJ", "NOUN", "ADJ"], [], ["NOUN"]]
    assert numbers_of_words(rows, words, tags, "IO").tolist() == [2, 0, 2, 0]
    types = [["PER", "PER", "O"], [], ["LOC"]]
    assert numbers_of_words(types, words, LABELS, "BIO").tolist() == [3, 4, 0, 1]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([["O"] * 3, []], "as many rows.*x=3, y=2"),
        ([["O"] * 2, [], ["O"]], "words=3, labels=2.*row 0"),
        ([["O"] * 3, [], ["B-LOG"]], r"label='B-LOG'.*row 2, word 0.*Did you mean 'B-LOC'"),
        ([["O", "B-PERS", "O"], [], ["O"]], "row 0, word 1"),
        ([["O", None, "O"], [], ["O"]], "label=None.*row 0, word 1"),
        ([[0, 9, 0], [], [0]], "number=9.*row 0, word 1"),
        ([[0, 0.5, 0], [], [0]], "whole class numbers"),
        (["OOO", "", "O"], "must have a list of labels.*row 0"),
        ([0, 0, 0], "must have a list of labels.*row 0"),
    ],
)
def test_a_bad_label_is_named_with_row_and_word(words, y, message):
    with pytest.raises((ValueError, TypeError), match=message):
        numbers_of_words(y, words, LABELS, "BIO", "y")


# === Spans ===

TEXTS = ["Was it bad?  Très good, film", "", "\u200bbad film"]


@pytest.fixture(scope="module")
def texts(tokenizer):
    return tokenize_texts(TEXTS, tokenizer)


def test_spans_are_the_words_they_cover(texts):
    y = [[(13, 22, "PER"), (7, 10, "LOC")], [], [(1, 4, "LOC"), (5, 9, "LOC")]]
    expected = [0, 0, 1, 0, 3, 4, 0, 0, 1, 1]
    assert numbers_of_spans(y, texts, LABELS, "BIO").tolist() == expected
    # Blanks and control characters at the ends do not matter.
    y = [[(12, 22, "PER"), (6, 10, "LOC")], [], [(0, 5, "LOC"), (4, 9, "LOC")]]
    assert numbers_of_spans(y, texts, LABELS, "BIO").tolist() == expected


def test_spans_in_another_scheme(texts):
    labels = scheme_labels(["LOC", "PER"], "IOBES")
    numbers = numbers_of_spans([[(13, 22, "PER")], [], []], texts, labels, "IOBES")
    assert [labels[number] for number in numbers[:6]] == ["O", "O", "O", "O", "B-PER", "E-PER"]


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([(8, 10, "LOC")], r"span=\(8, 10, 'LOC'\), text='ad'.*row 0.*Its words are 'bad': \(7, 10\)"),
        ([(7, 9, "LOC")], "must begin where a word begins"),
        ([(7, 7, "LOC")], "must begin where a word begins"),
        ([(11, 13, "LOC")], "must begin where a word begins"),  # blanks alone
        ([(-3, 2, "LOC")], "must begin where a word begins"),
        ([(23, 99, "LOC")], "must begin where a word begins"),
        (
            [(0, 6, "LOC"), (4, 10, "PER")],
            r"share a word.*spans=\[\(0, 6, 'LOC'\), \(4, 10, 'PER'\)\].*row 0",
        ),
        ([(0, 3, "MISC")], "label='B-MISC'.*row 0, word 0"),
        ([(0, 3)], r"must be `\(start, end, type\)`.*span=\(0, 3\)"),
        ([("0", 3, "LOC")], "must be"),
        (["LOC"], "must be"),
        (None, "must be"),
    ],
)
def test_a_bad_span_is_named_with_its_row(texts, spans, message):
    with pytest.raises((ValueError, TypeError), match=message):
        numbers_of_spans([spans, [], []], texts, LABELS, "BIO", "y")


def test_a_word_that_a_token_joined_is_not_cut():
    tokenizer = kerasbert.BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"])
    text = "Bonn🎉"  # one [UNK]
    words = tokenize_texts([text], tokenizer)
    assert words.spans == [[(0, 5)]]
    with pytest.raises(ValueError, match="Its words are 'Bonn🎉'"):
        numbers_of_spans([[(0, 4, "LOC")]], words, LABELS, "BIO")
