"""Hostile texts: every one is tokenized, with places that are in it, and answered as it is alone."""

import concurrent.futures
import random

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow
THREADS = 8
HARD = [
    *"\0\t\n\r\x0b\x0c\x7f\x85\xa0\xad\u0300\u0301\u0345\u0378\u1160\u200b\u200d\u2028\u202e\u2060\u3000",
    *"\ud800\udfff\ufeff\ufffd\ufffe\uffff\U0001f468\U000e0001\U0010ffff\u0130ßΣς豈한각の漢%{}<>&\"'`$\\/",
    *(
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "[PAD]",
        "[UNK]",
        "##",
        "good",
        "film",
        "👨‍👩‍👧",
        "e\u0301" * 3,
        "a" * 300,
        "한" * 201,
    ),
]


def texts(seed, count):
    """Texts of hard characters, of any code points, of one character many times, and of nothing."""
    chance = random.Random(seed)

    def one():
        kind = chance.random()
        if kind < 0.5:
            return "".join(chance.choices(HARD, k=chance.randrange(30)))
        if kind < 0.9:
            return "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randrange(60)))
        return chance.choice(HARD) * chance.choice([0, 1, 2, 100, 5000])

    return [one() for _ in range(count)]


@pytest.fixture(params=[400, pytest.param(20_000, marks=pytest.mark.slow)])
def hostile(request):
    return texts(request.param, request.param)


def test_places_are_in_the_text(hostile, tokenizer):
    ids, starts, ends = (ragged.to_list() for ragged in tokenizer.tokenize_with_offsets(hostile))
    wrong = []
    for text, row, begins, stops in zip(hostile, ids, starts, ends, strict=True):
        places = [place for pair in zip(begins, stops, strict=True) for place in pair]
        inside = places == sorted(places) and all(0 <= place <= len(text) for place in places)
        empty = any(start == end for start, end in zip(begins, stops, strict=True))
        if not inside or empty or any(not 0 <= number < tokenizer.vocabulary_size for number in row):
            wrong.append(text)
    print(f"{len(hostile)} texts tokenized, {len(wrong)} with places that are not in them")
    assert wrong == []


def test_a_batch_is_tokenized_as_its_texts_alone(hostile, tokenizer):
    together = tokenizer.tokenize(hostile).to_list()
    some = random.Random(0).sample(range(len(hostile)), 200)
    assert [tokenizer.tokenize(hostile[row]).numpy().tolist() for row in some] == [together[r] for r in some]


@pytest.mark.slow
def test_answers_do_not_depend_on_neighbours_or_threads(hostile, trained):
    with pytest.warns(UserWarning, match="were truncated"):
        expected = trained.predict(hostile, verbose=0)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(expected.sum(1), 1, atol=1e-5)
    parts = np.array_split(np.arange(len(hostile)), 4 * THREADS)

    def answers(part):
        return trained.predict([hostile[row] for row in part], verbose=0)

    with pytest.warns(UserWarning, match="truncated"), concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        found = np.concatenate(list(pool.map(answers, parts)))
    print(f"{len(hostile)} texts answered, in {THREADS} threads too")
    np.testing.assert_allclose(found, expected, atol=1e-6)
