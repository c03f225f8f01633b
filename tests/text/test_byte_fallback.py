"""Byte fallback: unknown characters as the pieces of their bytes, against the library `sentencepiece`."""

import functools
import json

import numpy as np
import pytest
import tensorflow as tf
from code_point_runners import tokenized
from hypothesis import example, given, settings
from hypothesis import strategies as st
from piece_models import mixed_texts, rounded_away, train_with_bytes, xquad

from kerasbert.text import AlbertTokenizer, SentencePieceTokenizer, tokenizer_from_folder
from kerasbert.text.byte_fallback import BYTE_PIECES
from kerasbert.text.integers import IntegerTokenizer

WORDS = ["▁", "a", "aa", "▁b", "ax"]
PIECES = ["<s>", "<pad>", "</s>", "<unk>", *WORDS, *BYTE_PIECES, "<mask>"]
SCORES = [0.0] * 4 + [-2, -3, -4, -3.5, -2.5] + [0.0] * 257
MODELS = ["unigram", "bpe"]
# What a text becomes: of each piece, what it is made of.
PLACES = {
    "aé": [("▁", ""), ("a", "a"), ("<0xC3>", "é"), ("<0xA9>", "é")],
    "b中😀": [("▁b", "b"), *((f"<0x{b:02X}>", c) for c in "中😀" for b in c.encode())],
    # A character that is part of a piece is unknown elsewhere.
    "x ax": [("▁", ""), ("<0x78>", "x"), ("▁", ""), ("ax", "ax")],
    "<0x41>": [("▁", ""), *((f"<0x{ord(c):02X}>", c) for c in "<0x41>")],
    "\0": [("▁", ""), ("<0x00>", "\0")],
    "\x7f\x80\u07ff\u0800\uffff\U00010000\U0010ffff": [
        ("▁", ""),
        *((f"<0x{b:02X}>", c) for c in "\x7f\x80\u07ff\u0800\uffff\U00010000\U0010ffff" for b in c.encode()),
    ],
    "": [],
    " ": [],
}


@functools.cache
def made(model="unigram", **options):
    return SentencePieceTokenizer(PIECES, SCORES, model=model, **{"byte_fallback": True} | options)


@pytest.mark.parametrize("model", MODELS)
def test_bytes_have_the_place_of_their_character(model):
    tokenizer = made(model)
    answer = tokenized(tokenizer, lambda function: function)
    rows = zip(*(x.to_list() for x in tokenizer.tokenize_with_offsets([*PLACES])), strict=True)
    for (text, expected), (ids, starts, ends) in zip(PLACES.items(), rows, strict=True):
        spans = zip(starts, ends, strict=True)
        pieces = zip(tokenizer.to_tokens(ids), (text[slice(*span)] for span in spans), strict=True)
        assert list(pieces) == expected, text
        assert tokenizer.detokenize(ids) == text.strip(" ")
        if not text.endswith("\0"):  # padding
            assert answer(text) == [ids, starts, ends]


def test_every_code_point():
    tokenizer = made()
    codes = np.setdiff1d(np.arange(1, 0x110000, 89), np.arange(0xD800, 0xE000))
    text = "".join(map(chr, codes)).replace(" ", "").replace("▁", "").replace("a", "")
    ids = tokenizer.tokenize(text).numpy().tolist()
    assert ids[1:] == [i + 9 for i in text.encode()]
    assert tokenizer.detokenize(ids) == text


def test_special_tokens_and_unknown_characters_beside_each_other():
    tokenizer = made(special_tokens_in_text=True, keep_last_space=True)
    text = "é<unk>é <mask> é\n "
    ids, starts, ends = (x.numpy().tolist() for x in tokenizer.tokenize_with_offsets(text))
    bytes_ = ["<0xC3>", "<0xA9>"]
    pieces = ["▁", *bytes_, "<unk>", "▁", *bytes_, "<mask>", "▁", *bytes_, "<0x0A>", "▁"]
    assert tokenizer.to_tokens(ids) == pieces
    assert tokenized(tokenizer, lambda function: function)(text) == [ids, starts, ends]


def test_pairs_are_truncated_within_characters_alike():
    tokenizer = made()
    pair = tokenizer("中中", "aé", max_length=10)
    assert tokenizer.to_tokens(pair["token_ids"].numpy().tolist()) == [
        *("<s>", "▁", "<0xE4>", "<0xB8>", "</s>", "</s>"),
        *("▁", "a", "<0xC3>", "</s>"),
    ]
    codes = [[*map(ord, text)] for text in ("中中", "aé")]
    packed = IntegerTokenizer(tokenizer).pack(*codes, max_length=10)
    assert packed["token_ids"].numpy()[0].tolist() == pair["token_ids"].numpy().tolist()
    mapped = list(tf.data.Dataset.from_tensor_slices(["é", "a b"]).batch(2).map(tokenizer))
    assert mapped[0]["token_ids"].numpy().tolist() == [[0, 4, 9 + 0xC3, 9 + 0xA9, 2], [0, 4, 5, 7, 2]]


def test_bytes_that_are_not_valid_become_a_replacement_character_each():
    tokenizer = made()
    ids = lambda *values: [9 + value for value in values]  # noqa: E731
    for row, text in [
        (ids(0xE4, 0xB8), "��"),
        (ids(0xFF, *"中é".encode(), 0x80), "�中é�"),
        (ids(0xED, 0xA0, 0x80), "���"),
        (ids(*"▁ ".encode()), "▁ "),
        ([*ids(0x20), 7, *ids(0xE4), 3, *ids(0xB8)], "  b�<unk>�"),
    ]:
        assert tokenizer.detokenize(row) == text
    assert tokenizer.detokenize([ids(0x41), []]) == ["A", ""]


def test_what_is_refused(tmp_path):
    for missing in "<0x0A>", "▁":
        pieces = [missing + "?" if piece == missing else piece for piece in PIECES]
        with pytest.raises(ValueError, match=rf"each of the 256 bytes.*{missing}"):
            SentencePieceTokenizer(pieces, SCORES, byte_fallback=True)
        SentencePieceTokenizer(pieces, SCORES)
    with pytest.raises(ValueError, match="byte_fallback"):
        made(byte_fallback="yes")


def test_without_byte_fallback_byte_pieces_are_pieces_as_they_are_written():
    tokenizer = made(byte_fallback=False)
    assert tokenizer.to_tokens(tokenizer.tokenize("a<0x41>éé")) == ["▁", "a", "<0x41>", "<unk>"]


def test_albert_has_it_too(tmp_path):
    pieces = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]", *WORDS, *BYTE_PIECES]
    tokenizer = AlbertTokenizer(pieces, [0.0] * 5 + SCORES[4:-1], byte_fallback=True)
    expected = ["▁", "a", "<0x65>", "<0xE4>", "<0xB8>", "<0xAD>"]
    assert tokenizer.to_tokens(tokenizer.tokenize("AÉ中")) == expected
    tokenizer.save_to_folder(tmp_path)
    again = tokenizer_from_folder(tmp_path)
    assert type(again) is AlbertTokenizer
    assert again.get_config() == tokenizer.get_config()


# === Against the library ===


@pytest.fixture(scope="module", params=MODELS)
def trained(request, tmp_path_factory):
    """The path of a model of real text without a character map."""
    pytest.importorskip("sentencepiece")
    path = tmp_path_factory.mktemp("bytes") / "it"
    return train_with_bytes(path, model_type=request.param, normalization_rule_name="identity")


@pytest.fixture(scope="module", params=MODELS)
def trained_with_map(request, tmp_path_factory):
    pytest.importorskip("sentencepiece")
    return train_with_bytes(tmp_path_factory.mktemp("bytes") / "it", model_type=request.param)


@functools.cache
def opened(path):
    """Our tokenizer, and SentencePiece's with a function of texts to XLM-R's ids."""
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    ours = SentencePieceTokenizer.from_file(path)
    assert ours.byte_fallback

    def google(texts):
        return [[i + 1 if i else 3 for i in row] for row in processor.encode(texts)]

    return ours, processor, google


def other_ids(ours, texts, theirs):
    """The texts that have other ids, by a BPE model; by a Unigram model not for the rounding of a sum."""
    if ours.model == "unigram":
        return rounded_away(ours, texts, theirs)
    return [t for t, a, b in zip(texts, ours.tokenize(texts).to_list(), theirs, strict=True) if a != b]


def test_ids_and_texts_are_those_of_google(trained):
    ours, processor, google = opened(trained)
    texts = [text.replace("▁", "") for text in [*mixed_texts(1000), *PLACES]]
    theirs = google(texts)
    assert other_ids(ours, texts, theirs) == []
    count = sum(4 <= i < 260 for row in theirs for i in row)
    assert count > sum(map(len, theirs)) / 10
    assert ours.detokenize(theirs) == processor.decode(processor.encode(texts))


@settings(max_examples=100, deadline=None)
@example([0, 0, 1])
@given(st.lists(st.integers(0, 40) | st.sampled_from([*"中é😀".encode(), 0x20, 0x41, 0xE2, 0x96, 0x81])))
def test_any_ids_as_text(trained, values):
    ours, processor, _ = opened(trained)
    # Bytes and ordinary pieces; ours begin with the bytes at 4, and theirs at 3.
    theirs = [3 + value if value > 40 else 259 + value for value in values]
    assert ours.detokenize([i + 1 for i in theirs]) == processor.decode(theirs)


@pytest.mark.slow
def test_every_character_between_two_letters(trained_with_map, every_character):
    ours, _, google = opened(trained_with_map)
    texts = [f"a{c}b" for c in every_character if c != "▁"]
    assert other_ids(ours, texts, google(texts)) == []


@pytest.mark.slow
def test_shared_texts_and_many_mixed_ones(trained_with_map, shared_texts):
    ours, _, google = opened(trained_with_map)
    texts = [*shared_texts, *(text for language in ("en", "zh", "de", "ar") for text in xquad(language))]
    texts = [text for text in texts if "▁" not in text] + mixed_texts(50_000, 9)
    theirs = google(texts)
    strictly = sum(a != b for a, b in zip(ours.tokenize(texts).to_list(), theirs, strict=True))
    print(f"{ours.model}: {strictly} of {len(texts)} have other ids, of the same sum")
    assert other_ids(ours, texts, theirs) == []


# === Files ===


def test_files_give_it_back(trained, tmp_path):
    ours, _, _ = opened(trained)
    ours.save_to_folder(tmp_path)
    again = tokenizer_from_folder(tmp_path)
    expected = ours.get_config()
    if ours.model == "bpe":  # tokenizer.json holds the order of merges and no scores
        expected, found = ({**t.get_config(), "scores": None} for t in (ours, again))
    else:
        found = again.get_config()
    assert found == expected
    texts = mixed_texts(200)
    assert again.tokenize(texts).to_list() == ours.tokenize(texts).to_list()


@pytest.mark.parametrize("model", MODELS)
def test_hugging_face_makes_a_text_of_bytes(tmp_path, model):
    """By the file that was written, and by the one that was read and written again."""
    tokenizers = pytest.importorskip("tokenizers")
    # A tokenizer.json holds only pieces that two others make.
    pieces, scores = [*PIECES[:-1], *"bx", "<mask>"], [*SCORES[:-1], -5.0, -6.0, 0.0]
    tokenizer = SentencePieceTokenizer(pieces, scores, model=model, byte_fallback=True)
    text = "b中😀 aé"
    ids = tokenizer.tokenize(text).numpy().tolist()
    for folder in tmp_path / "first", tmp_path / "again":
        tokenizer.save_to_folder(folder)
        theirs = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        assert theirs.decode(ids) == text
        tokenizer = tokenizer_from_folder(folder)
        assert tokenizer.detokenize(ids) == text


@pytest.mark.slow
def test_hugging_face_gives_its_ids_and_texts(trained, tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    ours, _, _ = opened(trained)
    ours.save_to_folder(tmp_path)
    theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    texts = ["good films, 電影 é😀 x", "㍿電 ﷺ", *xquad("de")[:300], *xquad("zh")[:300]]
    found = [encoding.ids for encoding in theirs.encode_batch(texts, add_special_tokens=False)]
    ids = ours.tokenize(texts).to_list()
    wrong = [text for text, a, b in zip(texts, ids, found, strict=True) if a != b]
    if ours.model == "unigram":
        wrong = rounded_away(ours, wrong, [found[texts.index(text)] for text in wrong])
    assert wrong == []
    assert ours.detokenize(ids) == theirs.decode_batch(ids)
    # Its Unigram models take a byte piece that is written in a text for the byte; SentencePiece does not.
    literal = theirs.encode("<0x41>", add_special_tokens=False).tokens
    assert ("<0x41>" in literal) == (ours.model == "unigram")


def test_a_file_must_say_which_pieces_are_bytes(trained, tmp_path):
    content, path = trained.read_bytes(), tmp_path / "tokenizer.model"
    place = content.index(b"<0x41>")
    assert content[place + 11 : place + 13] == b"\x18\x06"  # its type is BYTE
    for changed, message in [
        (content[: place + 12] + b"\x01" + content[place + 13 :], "ordinary ones"),
        (content.replace(b"<0x41>", b"<0y41>"), "ordinary ones"),
        (content.replace(b"\x98\x02\x01", b"\x98\x02\x00"), "ordinary ones"),  # byte_fallback = false
        (content.replace(b"\x98\x02\x01", b"\x98\x02\x02"), "byte_fallback"),
    ]:
        assert changed != content
        path.write_bytes(changed)
        with pytest.raises(ValueError, match=message):
            SentencePieceTokenizer.from_folder(tmp_path)


def test_merges_make_no_byte_piece(tmp_path):
    pieces = [*PIECES[:-1], *"<0x41>b", "0x", "1>", "41>", "0x41>", "<mask>"]
    scores = [-float(i) for i in range(len(pieces))]
    tokenizer = SentencePieceTokenizer(pieces, scores, model="bpe", byte_fallback=True)
    assert tokenizer.to_tokens(tokenizer.tokenize("<0x41>")) == ["▁", "<", "0x41>"]
    tokenizer.save_to_folder(tmp_path)
    merges = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))["model"]["merges"]
    assert ["<", "0x41>"] not in merges
    texts = ["<0x41>", "aa é"]
    again = tokenizer_from_folder(tmp_path)
    assert again.tokenize(texts).to_list() == tokenizer.tokenize(texts).to_list()
