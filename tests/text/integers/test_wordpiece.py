"""`BertTokenizer` as integers: the same tokens and places as its own, from every runtime."""

import json
import random
import unicodedata

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

from kerasbert.text import BertTokenizer
from kerasbert.text.integers import IntegerTokenizer

RUNTIMES = {"tensorflow": as_graph, "litert": by_litert, "onnx_runtime": by_onnx_runtime}
OPTIONS = [
    {
        "lowercase": lowercase,
        "strip_accents": strip_accents,
        "split_chinese": split_chinese,
        "special_tokens_in_text": lowercase is split_chinese,
    }
    for lowercase, strip_accents in ((True, None), (True, False), (False, None), (False, True))
    for split_chinese in (True, False)
]


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("lowercase", [True, False])
def test_the_cases_that_confuse_each_step(tokens, runtime, lowercase):
    tokenizer = BertTokenizer(tokens, lowercase=lowercase, special_tokens_in_text=True)
    texts = ["", " ", "\0", "a", "unwanted running!", "lowest low lowx", "a" * 200, "a" * 201]
    texts += [
        "ΑΣ ΑΣΑ Α.Σ Σ",
        "a\u200d\u0301b",
        "\ud7fb\uf900\U0002f800",
        "film\u2028film\x85film",
        "a\0Σ\0\0",
    ]
    texts += [
        "中文film中",
        "[MASK][MASK]!",
        "a[SEP]b [ MASK] [UNK] [mask] [[PAD]]",
        "CAFÉ café",
        "\u0301a\u0301",
    ]
    texts += [
        "a\u200d\u0301b",
        "\ud7fb\uf900\U0002f800",
        "film\u2028film\x85film",
        "İI\u0307ßẞ",
        "##s ##",
        "a\0Σ\0\0",
    ]
    assert different(tokenizer, tokenized(tokenizer, RUNTIMES[runtime]), texts) == []


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(map(str, options.values())))
def test_every_option(tokens, options):
    pool = [*"aAbB eEiIσΣςsSİıёÉẞ.![]#'中の　😀豈Ἂ각：", "[MASK]", "[UNK]", "film", "unwanted"]
    pool += [*"\u0301\u0327\u0345\u3099\u2028\u200d\xad\0\t\x01\x02\x0b\ufffd"]
    chance = random.Random(7)
    texts = ["".join(chance.choices(pool, k=chance.randint(0, 16))) for _ in range(300)]
    tokenizer = BertTokenizer(tokens, max_characters_per_word=5, **options)
    assert different(tokenizer, tokenized(tokenizer, as_graph), texts) == []


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("lowercase", [True, False])
def test_every_character_between_two_letters(every_character, all_pieces, lowercase, runtime):
    tokens = [token for token in all_pieces if not _moves(token[-1])]
    tokenizer = BertTokenizer(tokens, lowercase=lowercase)
    parts = [every_character[i : i + 20_000] for i in range(0, len(every_character), 20_000)]
    texts = [" ".join(f"a{c}b" for c in part) for part in parts]
    assert different(tokenizer, tokenized(tokenizer, RUNTIMES[runtime]), texts) == []
    print(f"{len(every_character)} characters")


def _moves(character):
    """Whether it is a mark that stays with accents stripped, and that Unicode's normalisation orders."""
    return unicodedata.category(character) != "Mn" and unicodedata.combining(character) > 0


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("runtime", ["litert", "onnx_runtime"])
def test_no_integer_can_make_a_lookup_fail(tokens, runtime):
    tokenizer = BertTokenizer(tokens, special_tokens_in_text=True)
    answer = tokenized(tokenizer, RUNTIMES[runtime])
    for row in rows_of_any_integers("films aΣ.["):
        text = "".join(chr(c) if 0 <= c < 0x110000 else "\0" for c in row)
        text = "".join("\0" if "\ud800" <= c <= "\udfff" else c for c in text)
        expected = [rows.numpy().tolist() for rows in tokenizer.tokenize_with_offsets(text)]
        assert answer(row[np.newaxis]) == expected


def test_a_word_may_have_any_number_of_tokens(tokens):
    tokenizer = BertTokenizer(tokens, max_characters_per_word=10**6)
    texts = ["a" * 3000, "b" + "a" * 1025 + "x", "lowwant" * 300]
    assert different(tokenizer, tokenized(tokenizer, as_graph), texts) == []


def test_marks_of_an_order_that_no_table_holds_are_refused(tokens):
    known = [*tokens, "##\u302e", "##\U0001d165"]
    with pytest.raises(ValueError, match=r"one combining mark.*U\+302E"):
        IntegerTokenizer(BertTokenizer(known))
    IntegerTokenizer(BertTokenizer(known, strip_accents=False))
    IntegerTokenizer(BertTokenizer(known[:-1]))


VOCABULARIES = {"bert_base_uncased": True, "bert_base_cased": False, "chinese_L-12_H-768_A-12": True}


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["litert", "onnx_runtime"])
@pytest.mark.parametrize("name", VOCABULARIES)
def test_golden_and_naughty_texts(shared_data, name, runtime):
    tokenizer = BertTokenizer(shared_data / f"vocab/{name}.vocab.txt", lowercase=VOCABULARIES[name])
    lines = (shared_data / f"tokenizer/golden/{name}.jsonl").read_text("utf-8").split("\n")
    golden = [json.loads(line) for line in lines if line]
    naughty = json.loads((shared_data / "tokenizer/blns/blns.json").read_text("utf-8"))
    answer = tokenized(tokenizer, RUNTIMES[runtime])
    assert [row["text"] for row in golden if answer(row["text"])[0] != row["google"]] == []
    assert different(tokenizer, answer, [row["text"] for row in golden] + naughty) == []
    assert len(golden) > 1500
    assert len(naughty) > 500
