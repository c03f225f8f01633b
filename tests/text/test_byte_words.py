"""Words as GPT-2 splits them, with Hugging Face as the reference."""

import random
import sys

import pytest
import tensorflow as tf

from kerasbert.text.byte_words import character_classes, split_words

WORDS = [*"aAbz 019 ''\n\t!?.,stmdrvle", "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "''", "  ", "   "]
MARKS = ["\u00a0", "\u3000", "\u2009", "\x85", "\x0b", "\x1c", "\x1f", "\0", "\ufffd", "\u200b", "\ufeff"]
LETTERS = ["中", "の", "é", "e\u0301", "😀", "👩‍👩‍👧", "İ", "ſ", "½", "Ⅷ", "١", "Ġ", "६", "Ĵ", "\U00020000"]


@pytest.fixture(scope="module")
def split():
    tables = [tf.constant(table) for table in character_classes()]

    def words(texts):
        found = split_words(tf.strings.unicode_decode(tf.constant(texts), "UTF-8"), *tables)
        flat = tf.strings.unicode_encode(found.values, "UTF-8")
        return [[word.decode() for word in row] for row in found.with_values(flat).to_list()]

    return words


@pytest.fixture(scope="module")
def hugging_face():
    splitter = pytest.importorskip("tokenizers").pre_tokenizers.ByteLevel(add_prefix_space=False)
    return lambda text: [text[start:end] for _, (start, end) in splitter.pre_tokenize_str(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("a film", ["a", " film"]),
        ("a  film ", ["a", " ", " film", " "]),
        ("a\n\nb", ["a", "\n", "\n", "b"]),
        ("a\n b \n ", ["a", "\n", " b", " \n "]),
        ("\u00a0a \u3000", ["\u00a0", "a", " \u3000"]),
        ("it's don'tx we'll I'M", ["it", "'s", " don", "'t", "x", " we", "'ll", " I", "'", "M"]),
        ("'s 's ''s \n's !'s", ["'s", " '", "s", " ''", "s", " ", "\n", "'s", " !'", "s"]),
        ("'d'd'red'r", ["'d", "'d", "'re", "d", "'", "r"]),
        ("in 1984, x2!?", ["in", " 1984", ",", " x", "2", "!?"]),
        ("é中१😀", ["é中", "१", "😀"]),
    ],
)
def test_words(split, text, words):
    assert split([text, "x"]) == [words, ["x"]]


def test_a_text_ends_whatever_the_next_begins_with(split):
    texts = ["x'r", "e", "x'l", "l", "x'", "s", "a ", " b", "a\n", "c"]
    words = [
        ["x", "'", "r"],
        ["e"],
        ["x", "'", "l"],
        ["l"],
        ["x", "'"],
        ["s"],
        ["a", " "],
        [" b"],
        ["a", "\n"],
    ]
    assert split(texts) == [*words, ["c"]]


def test_no_texts(split):
    assert split([""] * 2) == [[], []]


@pytest.mark.slow
def test_every_character(split, hugging_face):
    texts = [f"a{chr(c)}1{chr(c)}!" for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    found = split(texts)
    assert [text for text, ours in zip(texts, found, strict=True) if ours != hugging_face(text)] == []


def test_characters_in_any_order(split, hugging_face):
    chance = random.Random(7)
    pool = WORDS + MARKS + LETTERS
    texts = ["".join(chance.choices(pool, k=chance.randint(0, 14))) for _ in range(30_000)]
    found = split(texts)
    assert [text for text, ours in zip(texts, found, strict=True) if ours != hugging_face(text)] == []
    assert all("".join(ours) == text for text, ours in zip(texts, found, strict=True))
