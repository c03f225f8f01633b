"""`SentencePieceTokenizer` as integers: the same tokens and places as its own, from every runtime."""

import numpy as np
import pytest
from code_point_runners import (
    as_graph,
    by_litert,
    by_onnx_runtime,
    different,
    rows_of_any_integers,
    tokenized,
)
from piece_models import mixed_texts, train, train_with_bytes, xquad

from kerasbert.text import SentencePieceTokenizer
from kerasbert.text.byte_fallback import BYTE_PIECES

RUNTIMES = {"tensorflow": as_graph, "litert": by_litert, "onnx_runtime": by_onnx_runtime}
OPTIONS = [
    {"keep_last_space": True, "special_tokens_in_text": True, "all_white_space": True},
    {},
    {"special_tokens_in_text": True},
    {"keep_last_space": True},
]
TEXTS = ["", " ", "  a ", "<mask>", "a <mask> ", "<s> <s>", " <pad>a", "\u200b", "a \u200b", "▁", "a▁▁b ▁"]
LONG = ["a" * 700, "film" * 90 + " x" * 300, "電影" * 200 + " das", "e\u0301" * 150, "ﷺ" * 20]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    pytest.importorskip("sentencepiece")
    return SentencePieceTokenizer.from_file(train(tmp_path_factory.mktemp("integers") / "it"))


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["litert", "onnx_runtime", "tensorflow"])
def test_bpe_models(tmp_path, runtime):
    pytest.importorskip("sentencepiece")
    tokenizer = SentencePieceTokenizer.from_file(train(tmp_path / "it", model_type="bpe"))
    tokenizer = SentencePieceTokenizer.from_config(tokenizer.get_config() | OPTIONS[0])
    texts = TEXTS + LONG + [text.rstrip("\0") for text in mixed_texts(300)]
    assert different(tokenizer, tokenized(tokenizer, RUNTIMES[runtime]), texts) == []


@pytest.mark.slow
@pytest.mark.parametrize("model", ["unigram", "bpe"])
@pytest.mark.parametrize("runtime", ["litert", "onnx_runtime"])
def test_byte_fallback(tmp_path, every_character, shared_texts, model, runtime):
    pytest.importorskip("sentencepiece")
    plain = SentencePieceTokenizer.from_file(train_with_bytes(tmp_path / "it", model_type=model))
    tokenizer = SentencePieceTokenizer.from_config(plain.get_config() | OPTIONS[0])
    texts = [*TEXTS, *LONG, *shared_texts, *xquad("zh"), *mixed_texts(1000)]
    texts = [text.rstrip("\0") for text in texts] + [f"a{c}b" for c in every_character[::10]]
    assert different(tokenizer, tokenized(tokenizer, RUNTIMES[runtime]), texts) == []
    answer = tokenized(plain, RUNTIMES[runtime])
    assert different(plain, answer, texts[: len(TEXTS) + len(LONG)]) == []
    for row in rows_of_any_integers("films e\u0301é.<中"):
        row[-1] = ord("a")
        text = "".join(chr(c) if 0 <= c < 0x110000 else "\ufffd" for c in row)
        expected = [rows.numpy().tolist() for rows in plain.tokenize_with_offsets(text)]
        assert answer(row[np.newaxis]) == expected


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("runtime", ["litert", "onnx_runtime", "tensorflow"])
def test_every_option(tokenizer, options, runtime):
    tokenizer = SentencePieceTokenizer.from_config(tokenizer.get_config() | options)
    # Zeros behind a text are padding.
    texts = TEXTS + LONG + [text.rstrip("\0") for text in mixed_texts(300)]
    assert different(tokenizer, tokenized(tokenizer, RUNTIMES[runtime]), texts) == []


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["litert", "onnx_runtime"])
def test_no_integer_can_make_a_lookup_fail(tokenizer, runtime):
    answer = tokenized(tokenizer, RUNTIMES[runtime])
    for row in rows_of_any_integers("films e\u0301é.<"):
        row[-1] = ord("a")
        # Surrogates are also strings' own way to say U+FFFD.
        text = "".join(chr(c) if 0 <= c < 0x110000 else "\ufffd" for c in row)
        expected = [rows.numpy().tolist() for rows in tokenizer.tokenize_with_offsets(text)]
        assert answer(row[np.newaxis]) == expected


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("byte_fallback", [False, True])
@pytest.mark.parametrize("model", ["unigram", "bpe"])
def test_pieces_without_a_character_map(model, byte_fallback):
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "aa", "▁b", "ab", *BYTE_PIECES, "<mask>"]
    scores = [0, 0, 0, 0, -2, -3, -4, -3, -5, *range(-20, -277, -1)]  # BPE has no equal ones
    options = {"byte_fallback": byte_fallback, "special_tokens_in_text": True}
    tokenizer = SentencePieceTokenizer(pieces, scores, model=model, **options)
    answer = tokenized(tokenizer, lambda function: function)
    texts = ["b aa", "xx aab", "", "aaa" * 100, "<0x41>", "xx<unk>x <mask>é<unk> 😀", "b\0é中\U0010ffff"]
    assert different(tokenizer, answer, texts) == []


def test_close_sums_on_onnx_runtime():
    """Sums of scores that differ by less than 1, whose lower 32 bits have another order as signed numbers."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "r", "en", "▁re", "n", "<mask>"]
    tokenizer = SentencePieceTokenizer(pieces, [0, 0, 0, 0, -2, -5, -6.4, -8, -5.6, 0])
    answer = tokenized(tokenizer, by_onnx_runtime)
    assert answer("ren")[0] == [4, 5, 6]
    assert different(tokenizer, answer, ["ren", "renren", "nren"]) == []


@pytest.mark.slow
def test_every_character_between_two_letters(tokenizer, every_character):
    texts = [f"a{c}b" for c in every_character]
    assert different(tokenizer, tokenized(tokenizer, by_litert), texts) == []


@pytest.mark.slow
def test_texts_of_many_languages(tokenizer, shared_texts):
    texts = [text.rstrip("\0") for text in shared_texts] or LONG
    assert different(tokenizer, tokenized(tokenizer, by_litert), texts) == []
