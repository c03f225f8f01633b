"""SentencePieceTokenizer against the libraries `sentencepiece` and `tokenizers`."""

import base64
import itertools
import json
import random

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from piece_models import LINES, mixed_texts, rounded_away, train

from kerasbert.text import SentencePieceTokenizer, piece_characters, tokenizer_from_folder
from kerasbert.text.charsmap import CharacterMap
from kerasbert.text.known_characters import reduced
from kerasbert.text.sentencepiece_model import read_model_file

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a", "aa", "▁b", "ab", "<mask>"]
SCORES = [0, 0, 0, 0, -2, -3, -4, -3, -5, 0]


@pytest.fixture(scope="session")
def model_file(tmp_path_factory):
    pytest.importorskip("sentencepiece")
    folder = tmp_path_factory.mktemp("sentencepiece")
    train(folder / "it")
    return folder / "it.model"


@pytest.fixture(scope="session")
def tokenizer(model_file):
    return SentencePieceTokenizer.from_file(model_file)


@pytest.fixture(scope="session")
def google(model_file):
    sentencepiece = pytest.importorskip("sentencepiece")
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model_file))

    def ids(texts):
        """XLM-R's ids: those of the file, moved by one, with `<unk>` as 3."""
        return [[i + 1 if i else 3 for i in row] for row in processor.encode(texts)]

    return ids


def test_ids_are_those_of_google(tokenizer, google):
    texts = [*mixed_texts(3000), "", " ", "\n"]
    assert rounded_away(tokenizer, texts, google(texts)) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="▁", exclude_categories=["Cs"])), min_size=1))
def test_any_texts(tokenizer, google, texts):
    assert rounded_away(tokenizer, texts, google(texts)) == []


@pytest.mark.slow
def test_every_character_between_two_letters(tokenizer, google, every_character):
    texts = [f"a{c}b" for c in every_character if c != "▁"]
    assert tokenizer.tokenize(texts).to_list() == google(texts)


@pytest.mark.slow
def test_shared_texts_and_many_mixed_ones(tokenizer, google, shared_texts):
    texts = [text for text in shared_texts if "▁" not in text and text.isprintable()] + mixed_texts(
        100_000, 8
    )
    assert rounded_away(tokenizer, texts, google(texts)) == []


def in_rust(tokenizer, folder):
    """The tokenizer's own files as `tokenizers` reads them."""
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer.save_to_folder(folder)
    return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"all_white_space": True}, {"keep_last_space": True}])
def test_hugging_face_reads_its_files_and_gives_its_ids(tokenizer, tmp_path, options):
    ours = SentencePieceTokenizer.from_config(tokenizer.get_config() | options)
    ours = SentencePieceTokenizer.from_config(ours.get_config() | {"special_tokens_in_text": True})
    theirs = in_rust(ours, tmp_path)
    # Hugging Face replaces a whole grapheme, such as a letter with two accents, by what its shortest part
    # becomes; SentencePiece replaces the longest string of the map. `▁` and U+0085 are treated apart below.
    odd = "\u0300\u0301\u0302\u0323\u0653\u3099\u1100\u0085\u200b\u00ad\0\x07"
    texts = [text for text in mixed_texts(3000) if not set(text) & set(odd)]
    texts += ["a <mask> b", "<s>a</s> ", "  film ", "film \n", "\u3000", " ", ""]
    found = theirs.encode_batch(texts, add_special_tokens=False)
    ids = ours.tokenize(texts).to_list()
    assert [(t, i) for t, i, e in zip(texts, ids, found, strict=True) if i != e.ids] == []
    pairs = theirs.encode_batch([("film a", "b")])[0].ids
    assert ours("film a", "b")["token_ids"].numpy().tolist() == pairs

    again = SentencePieceTokenizer.from_folder(tmp_path)
    assert again.get_config() == ours.get_config() | {"special_tokens_in_text": False}
    assert tokenizer_from_folder(tmp_path).get_config() == again.get_config()


def test_places_are_in_the_text_as_it_was_written(tokenizer):
    texts = [
        "good  film, ﬁlm½ ",
        " e\u0301é a\u0302\u0300b 电影\u3000好",
        "<mask> good <unk>",
        "",
        *mixed_texts(300),
    ]
    ours = SentencePieceTokenizer.from_config(tokenizer.get_config() | {"special_tokens_in_text": True})
    rows = (x.to_list() for x in ours.tokenize_with_offsets(texts))
    for text, ids, starts, ends in zip(texts, *rows, strict=True):
        assert all(0 <= start <= end <= len(text) for start, end in zip(starts, ends, strict=True))
        assert starts == sorted(starts)
        assert ends == sorted(ends)
        for id_, start, end in zip(ids, starts, ends, strict=True):
            token, written = ours.vocabulary[id_].removeprefix("▁"), text[start:end]
            if id_ != ours.unk_id and written.isascii() and written.isprintable():
                assert token == written
            assert written == written.strip(" ")
    _, starts, ends = ours.tokenize_with_offsets("film e\u0301")
    assert "film e\u0301"[starts[-1].numpy() : ends[-1].numpy()] == "e\u0301"


def best_by_trying(text, scores, unknown):
    """All ways to split one word, and the one with the greatest sum: obvious, and slow."""
    best = None
    for cuts in itertools.product([False, True], repeat=len(text) - 1):
        pieces, last = [], 0
        for place, cut in enumerate((*cuts, True), start=1):
            if cut:
                pieces.append(text[last:place])
                last = place
        if all(piece in scores or len(piece) == 1 for piece in pieces):
            total = sum(scores.get(piece, unknown) for piece in pieces)
            # Of equal sums, the one whose last piece is the longest, then the one before it.
            key = (total, [len(piece) for piece in reversed(pieces)])
            best = max(best or (key, pieces), (key, pieces))
    return best[1]


@pytest.mark.parametrize("scores", [[-2, -3, -4, -3, -5], [-1, -2, -4, -2, -3], [-3, -3, -6, -4, -6]])
def test_the_best_split_and_the_one_of_equal_ones(scores):
    tokenizer = SentencePieceTokenizer(PIECES, [0, 0, 0, 0, *scores, 0])
    by_piece = dict(zip(PIECES[4:9], scores, strict=True))
    words = ["".join(letters) for size in range(1, 6) for letters in itertools.product("abx", repeat=size)]
    found = tokenizer.tokenize(words).to_list()
    for word, ids in zip(words, found, strict=True):
        expected = [
            tokenizer.vocabulary.id_of(piece) if piece in by_piece else 3
            for piece in best_by_trying("▁" + word, by_piece, min(scores) - 10)
        ]
        joined = [i for i, before in zip(expected, [None, *expected], strict=False) if (i, before) != (3, 3)]
        assert ids == joined, word


def test_one_text_none_and_long_ones():
    tokenizer = SentencePieceTokenizer(PIECES, SCORES)
    assert tokenizer.tokenize("b aa").numpy().tolist() == [7, 4, 6]
    assert tokenizer.tokenize([]).to_list() == []
    assert tokenizer.tokenize(["", " "]).to_list() == [[], []]
    assert tokenizer.tokenize(["x" * 5000, "a" * 5001])[0].numpy().tolist() == [4, 3]
    assert tokenizer.detokenize(tokenizer("b aa")["token_ids"]) == "b aa"
    mapped = list(tf.data.Dataset.from_tensor_slices(["b", "a b"]).batch(2).map(tokenizer))
    assert mapped[0]["token_ids"].numpy().tolist() == [[0, 7, 2, 1, 1], [0, 4, 5, 7, 2]]


def test_what_is_refused(model_file, tmp_path):
    with pytest.raises(ValueError, match=r"hold <pad>.*missing"):
        SentencePieceTokenizer(["a"], [0])
    for scores in SCORES[1:], [float("nan"), *SCORES[1:]], ["a"] * 10:
        with pytest.raises(ValueError, match="score for each piece"):
            SentencePieceTokenizer(PIECES, scores)
    for charsmap in "not base64!", base64.b64encode(b"\x08\0\0\0").decode():
        with pytest.raises(ValueError, match="character map"):
            SentencePieceTokenizer(PIECES, SCORES, charsmap)
    with pytest.raises(FileNotFoundError, match=r"spiece\.model"):
        SentencePieceTokenizer.from_folder(tmp_path)
    content = model_file.read_bytes()
    for cut in 0, 1, 7, 100, len(content) // 2, len(content) - 1:
        (tmp_path / "spiece.model").write_bytes(content[:cut])
        with pytest.raises(ValueError, match=r"SentencePiece model|character map"):
            SentencePieceTokenizer.from_folder(tmp_path)
    assert (
        len(read_model_file(model_file).pieces) + 2
        == SentencePieceTokenizer.from_file(model_file).vocabulary_size
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["model"].update(byte_fallback=True), "each of the 256 bytes"),
        (lambda c: c["model"].update(byte_fallback="no"), "byte_fallback"),
        (lambda c: c["model"].update(unk_id=0), "unk_id"),
        (lambda c: c["normalizer"]["normalizers"].append({"type": "Lowercase"}), "normalizer"),
        (lambda c: c["pre_tokenizer"]["pretokenizers"][0].update(prepend_scheme="first"), "prepend_scheme"),
        (lambda c: c["post_processor"].update(pair=[]), "post-processor"),
        (lambda c: c["added_tokens"].append({"content": "[URL]", "id": 10}), "Added tokens"),
        (lambda c: c["normalizer"].update(normalizers=[]), "spaces that follow each other"),
    ],
)
def test_other_pipelines_are_refused(tmp_path, change, message):
    SentencePieceTokenizer(PIECES, SCORES).save_to_folder(tmp_path)
    content = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))
    change(content)
    (tmp_path / "tokenizer.json").write_text(json.dumps(content), "utf-8")
    with pytest.raises(ValueError, match=message):
        tokenizer_from_folder(tmp_path)


@pytest.fixture(scope="module")
def pairs_file(tmp_path_factory):
    pytest.importorskip("sentencepiece")
    return train(tmp_path_factory.mktemp("pairs") / "it", model_type="bpe")


@pytest.mark.slow
def test_bpe_models_of_sentencepiece(pairs_file, tmp_path):
    import sentencepiece

    ours = SentencePieceTokenizer.from_file(pairs_file)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(pairs_file))
    texts = [*mixed_texts(2000), "", " ", "film" * 50, "aaaaaaa"]
    expected = [[i + 1 if i else 3 for i in row] for row in processor.encode(texts)]
    found = ours.tokenize(texts).to_list()
    assert [(t, i) for t, i, e in zip(texts, found, expected, strict=True) if i != e] == []

    theirs = in_rust(ours, tmp_path)  # Hugging Face's order of equal pieces, such as "....", is another
    texts = ["good films and a bad one", " 電影 x", *LINES[:4]]
    assert [e.ids for e in theirs.encode_batch(texts, add_special_tokens=False)] == ours.tokenize(
        texts
    ).to_list()
    again = tokenizer_from_folder(tmp_path)
    assert again.model == "bpe"
    assert again.tokenize(texts).to_list() == ours.tokenize(texts).to_list()

    content = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))
    del content["model"]["merges"][3]
    (tmp_path / "tokenizer.json").write_text(json.dumps(content), "utf-8")
    with pytest.raises(ValueError, match="a merge for each way"):
        tokenizer_from_folder(tmp_path)
    with pytest.raises(ValueError, match="must have different scores"):
        SentencePieceTokenizer(PIECES, [0, 0, 0, 0, -2, -3, -4, -4, -5, 0], model="bpe")


def test_a_bpe_model_of_any_size():
    pairs = ["".join(pair) for size in (2, 3, 4, 5) for pair in itertools.product("abcdefgh", repeat=size)]
    pieces = [*PIECES[:4], "▁", *"abcdefgh", *pairs[:12_000], "<mask>"]
    scores = [0.0] * 13 + [-float(rank) for rank in range(12_000)] + [0.0]
    with pytest.raises(ValueError, match="between -10,000 and 10,000"):
        SentencePieceTokenizer(pieces, scores)
    tokenizer = SentencePieceTokenizer(pieces, scores, model="bpe")
    assert tokenizer.to_tokens(tokenizer.tokenize("abcab")) == ["▁", "abcab"]
    scores[20] = float("inf")
    with pytest.raises(ValueError, match="finite number"):
        SentencePieceTokenizer(pieces, scores, model="bpe")


def test_pieces_that_hugging_face_would_never_make_are_refused(tmp_path):
    pieces = [*PIECES[:4], "▁", "a", "aa", "ax", "<mask>"]
    tokenizer = SentencePieceTokenizer(pieces, [0, 0, 0, 0, -4, -3, -2, -1, 0], model="bpe")
    assert tokenizer.to_tokens(tokenizer.tokenize("ax")) == ["▁", "ax"]
    with pytest.raises(ValueError, match=r"two pieces must make each longer piece.*pieces=\['ax'\]"):
        tokenizer.save_to_folder(tmp_path)
    assert not any(tmp_path.iterdir())
    whole = SentencePieceTokenizer([*pieces, "x"], [0, 0, 0, 0, -4, -3, -2, -1, 0, -5], model="bpe")
    whole.save_to_folder(tmp_path)
    content = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))
    assert content["model"]["merges"] == [["a", "x"], ["a", "a"]]
    content["model"]["merges"] = [["a", "a"]]
    content["model"]["vocab"].pop("x")
    (tmp_path / "tokenizer.json").write_text(json.dumps(content), "utf-8")
    with pytest.raises(ValueError, match="two pieces must make each longer piece"):
        tokenizer_from_folder(tmp_path)


def test_what_is_unknown_either_way_is_left_out_of_character_maps(tokenizer, monkeypatch):
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "▁", *"aéが각1", "▁a", "1/"]
    config = tokenizer.get_config() | {"vocabulary": pieces, "scores": [0.0] * 5 + [-3.0] * 8}
    smaller = SentencePieceTokenizer.from_config(config)
    whole = CharacterMap(base64.b64decode(tokenizer.charsmap))
    edges, replacements = reduced(whole, {*"aéが각1/ "})
    assert len(edges) < len(whole.edges) / 4
    assert len(replacements) < len(whole.replacements) / 4
    monkeypatch.setattr(piece_characters, "reduced", lambda found, _: (found.edges, found.replacements))
    larger = SentencePieceTokenizer.from_config(config)
    chance, codes = random.Random(3), sorted({*whole.edges[:, 1].tolist(), *map(ord, "aéが각1か각 ")})
    later = sorted({*whole.edges[whole.edges[:, 0] > 0, 1].tolist()})
    texts = [
        "".join(
            chr(chance.choice(chance.choice((codes, later, later)))) for _ in range(chance.randrange(1, 9))
        )
        for _ in range(3_000)
    ]
    for found, expected in zip(*(t.tokenize_with_offsets(texts) for t in (smaller, larger)), strict=True):
        assert found.to_list() == expected.to_list()
