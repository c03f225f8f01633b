"""Added tokens in graphs of integers: found where the tokenizer finds them, on every runtime."""

import random

import numpy as np
import pytest
from code_point_runners import as_graph, by_litert, by_onnx_runtime, different, tokenized

from kerasbert.text import AddedToken, BertTokenizer
from kerasbert.text.integers.finder import CodePointFinder

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    *SPECIAL,
    *"abcsςσ.!-中",
    "##a",
    "##b",
    "##s",
    "##ς",
    "cafe",
    "film",
    "##film",
    "[",
    "]",
    "url",
    "new",
    "york",
]
ADDED = [
    AddedToken("[URL]", normalized=False, special=True),
    AddedToken("@User", normalized=False),
    AddedToken("ab"),
    AddedToken("abca"),
    AddedToken("bc"),
    AddedToken("New York"),
    AddedToken("CAFÉ"),
    AddedToken("ΟΣ"),
    AddedToken("film"),
    AddedToken("AB", normalized=False),
    AddedToken("😀x"),
    AddedToken("url"),
]
POOL = [
    *(token.content for token in ADDED),
    *"aAbBcC .!-[]sΣΟσς中\0\u0301é😀x\n",
    "[MASK]",
    "[SEP]",
    "new  york",
]


def texts(count, seed=0):
    draw = random.Random(seed)
    return ["", "[URL", "ab", *("".join(draw.choices(POOL, k=draw.randint(1, 12))) for _ in range(count))]


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("in_text", [True, False])
@pytest.mark.parametrize("lowercase", [True, False])
def test_added_tokens_are_those_of_the_tokenizer(lowercase, in_text):
    tokenizer = BertTokenizer(
        WORDS, lowercase=lowercase, added_tokens=ADDED, special_tokens_in_text=in_text, strip_accents=None
    )
    rows = texts(600)
    found = tokenizer.tokenize(rows)
    added = {tokenizer.vocabulary.id_of(token.content) for token in ADDED}
    assert len(added & set(found.flat_values.numpy().tolist())) >= 10  # the texts have them
    assert different(tokenizer, tokenized(tokenizer, as_graph), rows) == []


@pytest.mark.slow
@pytest.mark.parametrize("runtime", [by_litert, by_onnx_runtime])
def test_on_devices(runtime):
    tokenizer = BertTokenizer(WORDS, added_tokens=ADDED, special_tokens_in_text=True)
    assert different(tokenizer, tokenized(tokenizer, runtime), texts(60, seed=1)) == []


def test_the_leftmost_and_there_the_longest():
    tokens, sizes, inside = CodePointFinder(["ab", "abca", "bc", "ab"]).find(
        np.array([*map(ord, "abcabcb ")], np.int32)
    )
    assert tokens.numpy().tolist() == [2, 0, 0, 0, 3, 0, 0, 0]
    assert sizes.numpy().tolist() == [4, 1, 1, 1, 2, 1, 1, 1]
    assert inside.numpy().tolist() == [False, True, True, True, False, True, False, False]
