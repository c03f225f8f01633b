"""Packing of integers is that of the tokenizer."""

import itertools

import numpy as np
import pytest
from code_point_runners import as_graph, by_litert, by_onnx_runtime, code_points

from kerasbert.text import BertTokenizer, RobertaTokenizer, packing
from kerasbert.text.integers import IntegerTokenizer

TEXTS = ["", "film", "unwanted low!", "film film film film film", " ", "a b a b a b a b a b a b a b"]


@pytest.fixture(scope="module")
def tokenizer(tokens):
    return BertTokenizer(tokens)


@pytest.fixture(scope="module")
def integers(tokenizer):
    return IntegerTokenizer(tokenizer)


@pytest.mark.parametrize("max_length", [None, 3, 8, 9])
def test_one_text(tokenizer, integers, max_length):
    run = as_graph(lambda x: integers.pack(x, max_length=max_length))
    for text in TEXTS:
        _compare(tokenizer, run(code_points(text)), [text], max_length)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("runtime", "max_length"),
    [(as_graph, None), (as_graph, 3), (as_graph, 8), (by_litert, 9), (by_onnx_runtime, 9)],
)
def test_pairs(tokenizer, integers, runtime, max_length):
    run = runtime(lambda x, y: integers.pack(x, y, max_length), inputs=2)
    for first, second in itertools.product(TEXTS, TEXTS):
        _compare(tokenizer, run(code_points(first), code_points(second)), [first, second], max_length)


def test_pairs_of_roberta(byte_pairs):
    tokenizer = RobertaTokenizer(*byte_pairs)
    integers = IntegerTokenizer(tokenizer)
    run = as_graph(lambda x, y: integers.pack(x, y, 11), inputs=2)
    for first, second in itertools.product(TEXTS, TEXTS):
        _compare(tokenizer, run(code_points(first), code_points(second)), [first, second], 11)


def test_zeros_behind_a_text_change_nothing(integers):
    plain, padded = (integers.pack(code_points(text)) for text in ("unwanted Σ", "unwanted Σ" + "\0" * 50))
    assert plain["token_ids"].shape == (1, 6)
    assert all(np.array_equal(plain[name], padded[name]) for name in plain)


@pytest.mark.parametrize("runtime", [by_litert, by_onnx_runtime])
def test_two_rows_are_refused(integers, runtime):
    run = runtime(integers.pack)
    assert np.asarray(run(np.full((1, 3), 97, np.int32))["token_ids"]).shape == (1, 5)
    with pytest.raises(Exception, match=r"(?i)failed|invalid"):
        run(np.full((2, 3), 97, np.int32))


def test_what_is_refused(tokens, integers):
    with pytest.raises(ValueError, match="at least 3, the number of special tokens"):
        integers.pack([97], [97], max_length=2)
    with pytest.raises(
        TypeError, match="must be a BertTokenizer, a MPNetTokenizer, a RobertaTokenizer, a SentencePieceT"
    ):
        IntegerTokenizer(tokens)


def _compare(tokenizer, found, texts, max_length):
    found = {name: np.asarray(value)[0].tolist() for name, value in found.items()}
    parts = [tokenizer.tokenize_with_offsets([text]) for text in texts]
    for name, rows in zip(("ids", "starts", "ends"), zip(*parts, strict=True), strict=True):
        special = {"cls_id": 0, "sep_id": 0, "pad_id": 0}
        if name == "ids":
            special = {"cls_id": tokenizer.cls_id, "sep_id": tokenizer.sep_id, "pad_id": tokenizer.pad_id}
        rows = (*rows, None)[:2]
        separators = {"separators": tokenizer.num_separators, "second_segment": tokenizer.second_segment}
        packed = packing.pack(*rows, max_length, **special, **separators)
        expected = {key: value.numpy()[0].tolist() for key, value in packed.items()}
        assert found["token_ids" if name == "ids" else name] == expected["token_ids"]
        assert found["segment_ids"] == expected["segment_ids"]
        assert found["padding_mask"] == expected["padding_mask"]
