"""Windows of tokens, against loops that say the rules in the plainest way."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from kerasbert import BertTokenizer, RobertaTokenizer
from kerasbert.data import QuestionWindows, answer_spans
from kerasbert.data.windows import context_windows, windows_with_most_context

CONTEXTS = [
    "The film, was good 🎉 and Very bad. " * 4,
    "電影 very good。不 film的 not",
    "ÉTÉ\u200bfilm\ttheé\u0301 🎉🎉 film \n",
    "",
    "🎉",
]
QUESTIONS = ["what was the film", "", "good?", "what", "a a a a a a a a a a"]


def cut_in_a_loop(length, room, window_step):
    """`run_squad.py`'s loop."""
    spans, begin = [], 0
    while True:
        spans.append((begin, min(length - begin, room)))
        if sum(spans[-1]) == length:
            return spans
        begin += window_step


@pytest.mark.parametrize("window_step", [1, 3, 128])
def test_windows_are_those_of_the_original_loop(window_step):
    for room in (2, 4, 5, 9):
        lengths = np.arange(30)
        row, begin, length = (x.numpy() for x in context_windows(lengths, np.full(30, room), window_step))
        step = window_step if window_step < room else room // 2
        for i in lengths:
            found = list(zip(begin[row == i], length[row == i], strict=True))
            assert found == cut_in_a_loop(i, room, step)
            for (a, n), (b, _) in itertools.pairwise(found):
                assert b < a + n  # they overlap
            assert {t for a, n in found for t in range(a, a + n)} == set(range(i))


def test_a_token_is_at_home_where_it_has_the_most_context():
    lengths = np.array([11, 0, 7, 1])
    row, begin, length = (x.numpy() for x in context_windows(lengths, np.array([4, 4, 5, 4]), 2))
    expected = []
    for i, n in enumerate(lengths):
        for token in range(n):
            best, chosen = -1, None
            for w in np.flatnonzero(row == i):
                left, right = token - begin[w], begin[w] + length[w] - 1 - token
                score = 100 * min(left, right) + length[w]
                if left >= 0 and right >= 0 and score > best:
                    best, chosen = score, w
            expected.append(chosen)
    assert windows_with_most_context(row, begin, length, lengths).numpy().tolist() == expected


@pytest.fixture(params=["bert", "cased", "roberta"])
def any_tokenizer(request, tokenizer, byte_pairs):
    if request.param == "roberta":
        return RobertaTokenizer(*byte_pairs)
    return (
        tokenizer if request.param == "bert" else BertTokenizer(list(tokenizer.vocabulary), lowercase=False)
    )


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("max_length", [8, 12, 16, 128])
def test_every_context_token_is_in_a_window_after_its_question(any_tokenizer, max_length):
    windows = QuestionWindows(any_tokenizer, QUESTIONS, CONTEXTS, max_length, 3, 5)
    columns, slices = windows.slices()
    rows = tf.data.Dataset.from_tensor_slices(columns)
    seen = [set() for _ in CONTEXTS]
    for w, numbers in enumerate(rows.batch(1)):
        packed = any_tokenizer.pack(*(slices.tokenize(numbers[name]) for name in ("text", "text_pair")))
        ids, i, place = packed["token_ids"].numpy()[0], windows.row[w], windows.place[w]
        assert len(ids) == windows.packed_lengths[w] <= max_length
        context = any_tokenizer.tokenize(CONTEXTS[i]).numpy()
        part = range(windows.start[w], windows.start[w] + windows.length[w])
        assert ids[place : place + windows.length[w]].tolist() == context[list(part)].tolist()
        question = any_tokenizer.tokenize(QUESTIONS[i]).numpy()[: windows.question_limit]
        assert ids[1 : 1 + len(question)].tolist() == question.tolist()
        specials = [any_tokenizer.cls_id, any_tokenizer.sep_id]
        assert set(ids[[0, *range(1 + len(question), place), -1]].tolist()) <= set(specials)
        seen[i] |= set(part)
    assert [len(s) for s in seen] == windows.contexts.lengths.tolist()
    too_long = [len(any_tokenizer.tokenize(q)) > windows.question_limit for q in QUESTIONS]
    assert (windows.question_lengths > windows.question_limit).tolist() == list(too_long)


def test_tokens_know_their_characters_and_labels_point_at_them(any_tokenizer):
    answers = [("good", 14), ("電影", 0), ("🎉🎉", CONTEXTS[2].index("🎉🎉")), None, ("🎉", 0)]
    answers = [[] if a is None else [a] for a in answers]
    spans = answer_spans(answers, CONTEXTS)
    windows = QuestionWindows(any_tokenizer, QUESTIONS, CONTEXTS, 20, 3, 3)
    labels = windows.labels(spans)
    assert [name.dtype for name in labels.values()] == [np.int32] * 2
    held = set()
    for w, i in enumerate(windows.row):
        start, end = (labels[name][w] - windows.place[w] + windows.start[w] for name in ("start", "end"))
        texts = windows.contexts.slice(i)
        starts, ends = windows.contexts.starts[texts], windows.contexts.ends[texts]
        if labels["start"][w]:
            held.add(i)
            assert CONTEXTS[i][starts[start] : ends[end]] == answers[i][0][0]
        else:
            assert labels["end"][w] == 0
            mine = range(windows.start[w], windows.start[w] + windows.length[w])
            inside = {t for t in range(len(starts)) if starts[t] < spans[i, 1] and ends[t] > spans[i, 0]}
            assert not inside or not inside <= set(mine)
    assert held == {0, 1, 2, 4}


def test_the_same_context_is_tokenized_once(tokenizer):
    windows = QuestionWindows(tokenizer, ["a", "b"] * 50, ["good film"] * 100, 16, 3, 5)
    assert len(windows.contexts.tokens) == 2
    assert len(windows) == 100


def test_an_answer_without_a_token(tokenizer):
    windows = QuestionWindows(tokenizer, ["a"], ["good film"], 16, 3, 5)
    with pytest.raises(ValueError, match=r"must have a token.*start=4, end=5.*x, row 0"):
        windows.labels(np.array([[4, 5]]))


def test_there_must_be_room(tokenizer):
    with pytest.raises(ValueError, match="at least 5"):
        QuestionWindows(tokenizer, ["a"], ["good"], 4, 3, 5)
    assert len(QuestionWindows(tokenizer, ["a"], ["good film"], 5, 3, 5)) == 2
