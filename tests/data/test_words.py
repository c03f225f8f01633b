import random
import unicodedata

import numpy as np
import pytest
import tensorflow as tf

import kerasbert
from kerasbert.data import split_words, tokenize_texts, tokenize_words, word_windows
from kerasbert.text.byte_pairs import BYTE_CHARACTERS

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(scope="module")
def letters():
    """Each letter, mark and piece of one letter is a token."""
    alone = [*"abcdefghijklmnopqrstuvwxyz0123456789.,!?'-@#()[]$", "東", "京"]
    return kerasbert.BertTokenizer([*SPECIAL, *alone, *("##" + c for c in "abcdefghijklmnopqrstuvwxyz")])


@pytest.fixture(scope="module")
def bytes_and_marks():
    """A byte-level tokenizer that has `),` and the halves of Chinese characters in one token."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    merges = [") ,", "± æ", "ä º"]
    tokens = [*special, *BYTE_CHARACTERS, *(merge.replace(" ", "") for merge in merges)]
    return kerasbert.RobertaTokenizer(tokens, merges)


def words_in(text):
    return [text[start:end] for start, end in split_words(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\n\u3000\u00a0", []),
        ("In Bonn, 1949.", ["In", "Bonn", ",", "1949", "."]),
        ("U.S.", ["U", ".", "S", "."]),
        ("東京city", ["東", "京", "city"]),
        ("\ufeffBonn\u200b \x07 x", ["Bonn", "x"]),  # control characters around words, and alone
        ("so\u00adft", ["so\u00adft"]),  # but not inside
        ("cafe\u0301!", ["cafe\u0301", "!"]),
        ("👩‍🚀$5", ["👩", "🚀", "$", "5"]),
    ],
)
def test_words_of_texts(text, words):
    assert words_in(text) == words


def test_words_in_the_graph_are_those_in_python(letters):
    generator = random.Random(0)
    characters = "ab c,.)!東京\u00ad\ufeff\x07\n\u200d \ufffd\x00Éßı"
    texts = ["".join(generator.choices(characters, k=generator.randrange(25))) for _ in range(500)]
    assert tokenize_texts(texts, letters).spans == [split_words(text) for text in texts]


def test_a_text_is_split_as_the_tokenizer_splits_it(letters):
    """Whatever stands between two letters, words begin where the tokenizer begins one."""
    codes = [*range(0x3100), *range(0x4E00, 0x4E10), *range(0xFE00, 0x10000), *range(0x1F300, 0x1F320)]
    texts = [f"a{chr(code)}b" for code in codes if unicodedata.category(chr(code)) not in ("Cn", "Co", "Cs")]
    words = tokenize_texts(texts, letters)
    first = (words.first + tf.cast(words.ids.row_starts()[:, None], tf.int32)).flat_values
    ids, starts, _ = letters.tokenize_with_offsets(texts)
    begins = np.array([not token.startswith("##") for token in letters.to_tokens(ids.flat_values)])
    np.testing.assert_array_equal(first, np.flatnonzero(begins))
    spans = [start for row in words.spans for start, _ in row]
    np.testing.assert_array_equal(starts.flat_values.numpy()[begins], spans)


def test_the_first_token_of_each_word(letters):
    words = tokenize_texts(["ab, c", "", "\x07", "@d"], letters)
    assert letters.to_tokens(words.ids) == [["a", "##b", ",", "c"], [], [], ["@", "d"]]
    assert words.first.to_list() == [[0, 2, 3], [], [], [0, 1]]
    assert words.splits.tolist() == [0, 3, 3, 3, 5]


def test_given_words_keep_their_places(letters):
    words = tokenize_words([["ab", "\x07", "don't"], [], ["c"]], letters)
    assert words.first.to_list() == [[0, -1, 2], [], [0]]
    assert words.texts == ["ab \x07 don't", "", "c"]
    cut = [[text[a:b] for a, b in spans] for text, spans in zip(words.texts, words.spans, strict=True)]
    assert cut == [["ab", "\x07", "don't"], [], ["c"]]
    together = letters.tokenize(["ab \x07 don't"])[0].numpy()
    np.testing.assert_array_equal(words.ids[0], together)


def test_roberta_reads_given_words_as_their_text(byte_pairs):
    roberta = kerasbert.RobertaTokenizer(*byte_pairs)
    rows = [["film", "a", "film"], ["é", "film"]]
    words = tokenize_words(rows, roberta)
    expected = [roberta.tokenize(" ".join(row)).numpy() for row in rows]
    assert words.ids.to_list() == [row.tolist() for row in expected]


def test_what_shares_a_token_is_one_word(bytes_and_marks):
    text = "(a), 東京 ab"
    words = tokenize_texts([text], bytes_and_marks)
    assert [text[start:end] for start, end in words.spans[0]] == ["(", "a", "),", "東", "京", "ab"]
    first = words.first[0].numpy().tolist()
    assert min(first) >= 0
    assert len(set(first)) == len(first)


def test_what_are_no_words_is_said(letters):
    with pytest.raises(TypeError, match=r"row 1, word 1.*|value=None.*row 1, word 1"):
        tokenize_words([["a"], ["b", None]], letters)
    with pytest.raises(TypeError, match="row 1"):
        tokenize_words([["a"], "b"], letters)


# === Windows ===


@pytest.mark.parametrize("room", [1, 2, 5, 8])
def test_each_word_is_decided_once_where_it_stands_farthest_from_a_border(letters, room):
    generator = np.random.default_rng(room)
    for window_step in {1, 2, room // 2, room} - {0}:
        if window_step > room:
            continue
        pieces = generator.integers(1, 4, 30)
        words = tokenize_words([["a" * count for count in pieces], ["b"], []], letters)
        ids, decided = word_windows(words.ids, words.first, room, window_step)
        found = decided.flat_values.numpy()
        assert sorted(found[found >= 0]) == list(range(31))
        assert max(ids.row_lengths()) <= room

        tokens, first = words.ids[0].numpy(), words.first[0].numpy()
        length = len(tokens)
        starts = [*range(0, length - room, window_step), length - room]
        windows = {tuple(tokens[s : s + room]) for s in starts}
        assert {tuple(row) for row in ids[:-1].to_list()} <= windows
        for window, numbers in zip(ids[:-1].to_list(), decided[:-1].to_list(), strict=True):
            for place in np.flatnonzero(np.array(numbers) >= 0):
                token = first[numbers[place]]
                assert window[place] == tokens[token]
                inside = [s for s in starts if s <= token < s + room]
                margins = {s: margin(token, s, room, length) for s in inside}
                assert margins[token - place] == max(margins.values())


def margin(token, start, room, length):
    """How far a token stands from the nearest border behind which there is more text."""
    left = np.inf if start == 0 else token - start
    right = np.inf if start + room == length else start + room - 1 - token
    return min(left, right)


def test_windows_that_decide_nothing_are_left_out(letters):
    words = tokenize_words([["a" * 90, "b"]], letters)
    ids, decided = word_windows(words.ids, words.first, 10, 5)
    assert tf.reduce_max(decided, axis=1).numpy().tolist() == [0, 1]
    assert ids.row_lengths().numpy().tolist() == [10, 10]
