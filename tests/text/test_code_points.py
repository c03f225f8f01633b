"""Every character of Unicode, and many in a row, against the second opinion."""

import random
import subprocess
import sys
import unicodedata

import pytest

from kerasbert.text import BertTokenizer

# TensorFlow lower-cases by Unicode 13; these capitals came with Unicode 14: Glagolitic, Latin, Vithkuqi.
CAPITALS_OF_UNICODE_14 = {
    *(0x2C2F, 0xA7C0, 0xA7D0, 0xA7D6, 0xA7D8),
    *range(0x10570, 0x1057B),
    *range(0x1057C, 0x1058B),
    *range(0x1058C, 0x10593),
    *range(0x10594, 0x10596),
}
# Python 3.10 has Unicode 13, where this was still a non-spacing mark.
MARKS_OF_UNICODE_13 = {0x1734} if unicodedata.unidata_version < "14" else set()


@pytest.mark.slow
@pytest.mark.parametrize("lowercase", [True, False])
def test_every_character_between_two_letters(every_character, all_pieces, google, lowercase):
    tokens = all_pieces
    known = {token: i for i, token in enumerate(tokens)}
    ids, _, ends = BertTokenizer(tokens, lowercase=lowercase).tokenize_with_offsets(
        [f"a{c}b" for c in every_character]
    )
    different = {
        ord(c)
        for c, ours in zip(every_character, ids.to_list(), strict=True)
        if ours != google(f"a{c}b", known, lowercase)
    }
    expected = {
        c for c in CAPITALS_OF_UNICODE_14 if unicodedata.category(chr(c)) == "Lu"
    } | MARKS_OF_UNICODE_13
    assert different == (expected if lowercase else set())
    assert {row[-1] for row in ends.to_list()} == {3}


@pytest.mark.parametrize("lowercase", [True, False])
def test_characters_in_any_order(tokens, google, lowercase):
    pool = [
        *"aAbB eEiIσΣςsSİıёÉẞ.![]#'",
        "\u0301",
        "\u0327",
        "\u0345",
        "中",
        "の",
        "　",
        "\u2028",
        "\u200d",
        "\xad",
    ]
    pool += [
        "\0",
        "\t",
        "\x01",
        "\x02",
        "\x0b",
        "\x85",
        "\ufffd",
        "😀",
        "豈",
        "Ἂ",
        "각",
        "\u3099",
        "：",
        "[MASK]",
        "##",
    ]
    chance = random.Random(7)
    texts = ["".join(chance.choices(pool, k=chance.randint(0, 12))) for _ in range(20_000)]
    known = {token: i for i, token in enumerate(tokens)}
    found = BertTokenizer(tokens, lowercase=lowercase).tokenize(texts).to_list()
    assert [(t, o) for t, o in zip(texts, found, strict=True) if google(t, known, lowercase) != o] == []


def test_bytes_that_are_not_utf8_are_ignored(tokens, google):
    parts = [
        b"a",
        b"b",
        b" ",
        "é".encode(),
        "中".encode(),
        b"\xff",
        b"\x80",
        b"\xe4\xb8",
        b"\xf0\x9f",
        b"\xed\xa0\x80",
    ]
    parts += [b"\xc0\x80", b"\xc3", b"\xf4\x90\x80\x80", b"\0", b"\xef\xbf\xbd"]
    chance = random.Random(7)
    texts = [b"".join(chance.choices(parts, k=chance.randint(0, 8))) for _ in range(5_000)]
    known = {token: i for i, token in enumerate(tokens)}
    found = BertTokenizer(tokens).tokenize(texts).to_list()
    assert found == [google(text.decode("utf-8", "ignore"), known) for text in texts]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["tr_TR.UTF-8", "lt_LT.UTF-8"])
def test_the_language_of_the_process_makes_no_difference(tokens, language):
    code = f"""
import tensorflow as tf
from kerasbert.text import BertTokenizer
assert tf.strings.lower("IÌ", encoding="utf-8").numpy().decode() != "iì", "the language is not in use"
tokens = {[*tokens, "i̇", "ì", "##ì"]!r}
for strip, expected in (True, ["i", "##i", "i"]), (False, ["i", "##ì", "i̇"]):
    tokenizer = BertTokenizer(tokens, strip_accents=strip)
    assert tokenizer.to_tokens(tokenizer.tokenize("IÌ İ")) == expected
"""
    environment = {"LC_ALL": language, "LANG": language, "TF_CPP_MIN_LOG_LEVEL": "3", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
