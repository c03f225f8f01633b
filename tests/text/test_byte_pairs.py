"""The merges of all words at once, against one merge at a time."""

import itertools
import random

import pytest
import tensorflow as tf

from kerasbert.text.byte_pairs import BYTE_CHARACTERS, BytePairs


def vocabulary(merges):
    tokens = [*BYTE_CHARACTERS, *(merge.replace(" ", "") for merge in merges)]
    return {token: i for i, token in enumerate(dict.fromkeys(tokens))}


def merged(merges, words):
    ids = vocabulary(merges)
    names = list(ids)
    found = BytePairs(ids, merges).merge(tf.constant(words, tf.string)).to_list()
    return [[names[i] for i in row] for row in found]


def merged_slowly(merges, word):
    ranks = {tuple(merge.split(" ")): rank for rank, merge in enumerate(merges)}
    tokens = [BYTE_CHARACTERS[byte] for byte in word.encode()]
    while True:
        pairs = list(itertools.pairwise(tokens))
        rank, i = min(((ranks[pair], i) for i, pair in enumerate(pairs) if pair in ranks), default=(None, 0))
        if rank is None:
            return tokens
        tokens[i : i + 2] = ["".join(tokens[i : i + 2])]


def random_merges(chance, letters, count, longest):
    tokens, merges = list(letters), []
    for _ in range(count):
        left, right = chance.choice(tokens), chance.choice(tokens)
        if len(left + right) <= longest and f"{left} {right}" not in merges:
            merges.append(f"{left} {right}")
            tokens.append(left + right)
    return merges


# Short tokens make short blocks: their borders are everywhere. Shuffled merges make pairs that should have
# come earlier.
@pytest.mark.slow_after(1)
@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize(("letters", "count", "longest"), [("ab", 8, 3), ("ab", 40, 5), ("abc", 60, 9)])
def test_like_one_merge_at_a_time(letters, count, longest, shuffled):
    chance = random.Random(7)
    for _ in range(8):
        merges = random_merges(chance, letters, count, longest)
        if shuffled:
            chance.shuffle(merges)
        words = ["".join(chance.choices(letters, k=chance.randint(0, 40))) for _ in range(100)]
        words += [
            chance.choice(letters) * chance.randint(1, 30) + chance.choice(letters) * 7 for _ in range(50)
        ]
        words += ["".join(chance.choices(letters, k=300))]
        assert merged(merges, words) == [merged_slowly(merges, word) for word in words]


def test_a_row_of_equal_letters_is_paired_from_the_left():
    assert merged(["a a"], ["aaaaa", "baaa"]) == [["aa", "aa", "a"], ["b", "aa", "a"]]
    assert merged(["b a", "a a"], ["b" + "a" * 6]) == [["ba", "aa", "aa", "a"]]


def test_no_words_and_no_merges():
    assert merged(["a b"], []) == []
    assert merged([], ["", "ab"]) == [[], ["a", "b"]]


def test_every_byte_has_a_character():
    assert len(set(BYTE_CHARACTERS)) == 256
    assert [BYTE_CHARACTERS[ord(c)] for c in " \n\0A~"] == ["Ġ", "Ċ", "Ā", "A", "~"]
    assert not any(c.isspace() or not c.isprintable() for c in BYTE_CHARACTERS)


@pytest.mark.parametrize("letters", ["a", "abcdefghijklmnopqrstuvwxyz"])
def test_a_very_long_word_takes_few_steps(letters):
    chance = random.Random(7)
    merges = [" ".join(pair) for pair in itertools.product(letters, repeat=2)]
    chance.shuffle(merges)
    pairs = BytePairs(vocabulary(merges), merges)
    steps, step = [], pairs._step
    pairs._step = lambda *state: steps.append(1) or step(*state)
    word = "".join(chance.choices(letters, k=20_000))
    assert pairs.merge(tf.constant([word])).values.shape[0] < 15_000
    assert len(steps) < 30  # and not one for each of 676 merges, or of 10,000 pairs


def test_a_vocabulary_without_a_byte():
    ids = {character: i for i, character in enumerate(BYTE_CHARACTERS[:-1])}
    with pytest.raises(ValueError, match=r"each of the 256 bytes.*ÿ"):
        BytePairs(ids, [])


@pytest.mark.parametrize("merge", ["a bc", "ab c", "a c"])
def test_a_merge_of_unknown_tokens(merge):
    with pytest.raises(ValueError, match=f"must be in the vocabulary.*rank=1, merge='{merge}'"):
        BytePairs(vocabulary(["a b"]), ["a b", merge])
