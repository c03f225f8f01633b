import unicodedata

import pytest

from kerasbert.text import BertTokenizer

TEXTS = [
    "Café film CAFE\u0301 a",
    "中文film。中 の",
    "a 😀 b👩‍👩‍👧 film",
    "İan İİ ΑΣ ẞs",
    "\u0301a\u0301\u0327\u0301b e\u0301",
    "\u200ba\u200db\xad\0 \ufffdfilm\t\n!",
    "각 豈 Å\u2028a\u3000a",
    "",
    "a" * 300 + " film " + "é" * 201 + "!b",
    "[MASK] a[SEP]film",
]


@pytest.fixture(scope="module")
def pieces(tokens):
    """Every letter of the texts is a token, so that most words split."""
    letters = {
        c
        for t in TEXTS
        for c in unicodedata.normalize("NFD", t.lower())
        if unicodedata.category(c)[0] in "LS"
    }
    return [*dict.fromkeys([*tokens, *sorted(letters), *("##" + c for c in sorted(letters))])]


def normalised(text):
    lower = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf") and c != "\ufffd").lower()
    return "".join(c for c in unicodedata.normalize("NFD", lower) if unicodedata.category(c) != "Mn")


@pytest.mark.parametrize("split_chinese", [True, False])
def test_a_token_is_what_its_slice_becomes(pieces, split_chinese):
    tokenizer = BertTokenizer(pieces, split_chinese=split_chinese)
    rows = zip(TEXTS, *(x.to_list() for x in tokenizer.tokenize_with_offsets(TEXTS)), strict=True)
    compared = 0
    for text, ids, starts, ends in rows:
        for token, start, end in zip(tokenizer.to_tokens(ids), starts, ends, strict=True):
            assert 0 <= start < end <= len(text)
            if token != "[UNK]":
                piece, whole = token.removeprefix("##"), normalised(text[start:end])
                assert whole.replace("ς", "σ") == piece.replace("ς", "σ") or (text[start:end], token) in {
                    ("각", "##ᅡ"), ("각", "##ᆨ"), ("각", "ᄀ")  # one character, three tokens
                }  # fmt: skip
                compared += 1
        assert starts == sorted(starts)
    assert compared > 55


def test_long_words_and_what_follows(pieces):
    tokenizer = BertTokenizer(pieces)
    text = TEXTS[8]
    ids, starts, ends = (x.numpy().tolist() for x in tokenizer.tokenize_with_offsets(text))
    slices = [text[s:e] for s, e in zip(starts, ends, strict=True)]
    assert tokenizer.to_tokens(ids) == ["[UNK]", "film", "[UNK]", "!", "b"]
    assert slices == ["a" * 300, "film", "é" * 201, "!", "b"]


def test_special_tokens_in_the_text(pieces):
    text = "é[MASK]é [CLS][SEP]!\x0b\x02a[PAD] [UNK] [mask] [MA\x02SK]"
    tokenizer = BertTokenizer(pieces, special_tokens_in_text=True)
    ids, starts, ends = (x.numpy().tolist() for x in tokenizer.tokenize_with_offsets(text))
    found = zip(tokenizer.to_tokens(ids), (text[s:e] for s, e in zip(starts, ends, strict=True)), strict=True)
    brackets = [("[", "["), ("mask", "mask"), ("]", "]"), ("[", "["), ("mask", "MA\x02SK"), ("]", "]")]
    same = ["[MASK]", "[CLS]", "[SEP]", "!", "a", "[PAD]", "[UNK]"]
    expected = [(token, token) for token in same]
    assert list(found) == [("e", "é"), expected[0], ("e", "é"), *expected[1:], *brackets]


def test_ids_are_those_of_tokenize(pieces):
    tokenizer = BertTokenizer(pieces)
    assert tokenizer.tokenize_with_offsets(TEXTS)[0].to_list() == tokenizer.tokenize(TEXTS).to_list()
    assert [x.shape[0] for x in tokenizer.tokenize_with_offsets([])] == [0, 0, 0]


def test_ignored_bytes_do_not_count(pieces):
    _, starts, ends = BertTokenizer(pieces).tokenize_with_offsets(b"\xff\xe4a \xc3\xa9 \x80film")
    assert (starts.numpy().tolist(), ends.numpy().tolist()) == ([0, 2, 4], [1, 3, 8])
