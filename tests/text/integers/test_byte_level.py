"""`RobertaTokenizer` as integers: the same tokens and places as its own, from every runtime."""

import itertools
import random

import numpy as np
import pytest
import tensorflow as tf
from code_point_runners import (
    as_graph,
    by_litert,
    by_onnx_runtime,
    different,
    rows_of_any_integers,
    tokenized,
)

from kerasbert.text import RobertaTokenizer
from kerasbert.text.byte_pairs import BYTE_CHARACTERS, BytePairs
from kerasbert.text.integers.pairs import IntegerBytePairs

RUNTIMES = {"tensorflow": as_graph, "litert": by_litert, "onnx_runtime": by_onnx_runtime}
POOL = [
    *"aAbB 'filmtséÉ中文😀.!?1234½\t\n\u3000\u2028\x85\u0301\u200d\ud7fb\ufffd\0",
    "film",
    " film",
    "'s",
    "'ll",
    "'re",
]
POOL += ["  ", "   ", "a" * 9, "<mask>", "<s>", " </s>", "<MASK>", "<"]


# (add_prefix_space, special_tokens_in_text): the other two have the same operations on devices.
CASES = [("tensorflow", *both) for both in itertools.product((False, True), repeat=2)]
CASES += [(runtime, both, both) for runtime in ("litert", "onnx_runtime") for both in (False, True)]


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(("runtime", "prefix", "special"), CASES)
def test_every_option(byte_pairs, runtime, prefix, special):
    tokenizer = RobertaTokenizer(*byte_pairs, add_prefix_space=prefix, special_tokens_in_text=special)
    chance = random.Random(7)
    texts = ["".join(chance.choices(POOL, k=chance.randint(1, 16))) for _ in range(300)]
    texts = [text.rstrip("\0") for text in texts]  # zeros behind a text are padding
    assert different(tokenizer, tokenized(tokenizer, RUNTIMES[runtime]), ["", " ", "  ", *texts]) == []


@pytest.mark.parametrize("shuffled", [False, True])
def test_merges_are_those_of_byte_pairs(shuffled):
    """Merges that make pairs of a lower rank, rows of equal pairs, and words far longer than any token."""
    chance = random.Random(7)
    tokens, merges = ["a", "b", "c"], []
    while len(merges) < 60:
        left, right = chance.choice(tokens), chance.choice(tokens)
        if len(left + right) <= 9 and f"{left} {right}" not in merges:
            merges.append(f"{left} {right}")
            tokens.append(left + right)
    if shuffled:
        chance.shuffle(merges)
    names = dict.fromkeys([*BYTE_CHARACTERS, *(merge.replace(" ", "") for merge in merges)])
    ids = {token: i for i, token in enumerate(names)}
    words = tf.constant(["".join(chance.choices("abc", k=chance.randint(1, 40))) for _ in range(200)])
    words = tf.concat([words, ["a" * 300, "ab" * 77, "c" * 31]], 0)
    expected = BytePairs(ids, merges).merge(words).to_list()
    assert IntegerBytePairs(ids, merges).merge(words).to_list() == expected


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["litert", "onnx_runtime"])
def test_no_integer_can_make_a_lookup_fail(byte_pairs, runtime):
    tokenizer = RobertaTokenizer(*byte_pairs, special_tokens_in_text=True)
    answer = tokenized(tokenizer, RUNTIMES[runtime])
    for row in rows_of_any_integers("films aé.<"):
        row[-1] = ord("a")
        text = "".join(chr(c) if 0 <= c < 0x110000 else "\ufffd" for c in row)
        expected = [rows.numpy().tolist() for rows in tokenizer.tokenize_with_offsets(text)]
        assert answer(row[np.newaxis]) == expected


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_texts_of_many_languages(roberta_folder, shared_texts, runtime):
    tokenizer = RobertaTokenizer.from_folder(roberta_folder)
    texts = shared_texts or ["Der Film war schön, größer als die Straße.", "電影很好看。" * 30]
    texts = [t.rstrip("\0") for t in texts]
    assert different(tokenizer, tokenized(tokenizer, RUNTIMES[runtime]), texts) == []
    print(f"{len(texts)} texts")


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["litert", "onnx_runtime"])
def test_every_character_between_two_letters(roberta_folder, every_character, runtime):
    tokenizer = RobertaTokenizer.from_folder(roberta_folder, special_tokens_in_text=True)
    parts = [every_character[i : i + 5_000] for i in range(0, len(every_character), 5_000)]
    texts = [" ".join(f"a{c}b" for c in part) for part in parts]
    assert different(tokenizer, tokenized(tokenizer, RUNTIMES[runtime]), texts) == []
    print(f"{len(every_character)} characters")
