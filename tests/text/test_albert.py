"""ALBERT's tokenizer against Hugging Face's."""

import json
import re

import pytest
from code_point_runners import as_graph, different, tokenized
from piece_models import ALBERT_PIECES, LINES, mixed_texts, train

from kerasbert.text import AlbertTokenizer, SentencePieceTokenizer, tokenizer_from_folder
from kerasbert.text.sentencepiece_model import read_model_file

TEXTS = [
    *(line for line in LINES if "영" not in line),
    "``Quoted'' ```three''''",
    "`one' '' `` '",
    "Ünïcödé İstanbul ﬁne ½ ＇＇wide",
    "a\u0301\u0327 \u0301x",
    "[CLS] a [MASK] film.[SEP]",
    "",
    " ",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("sentencepiece")
    folder = tmp_path_factory.mktemp("albert")
    train(folder / "spiece", **ALBERT_PIECES)
    return folder


def by_transformers(folder, **options):
    """Hugging Face's tokenizer, of the parts of a model file, which it cannot read beside every protobuf.

    (If it does read the file, it makes added tokens of what the user defined, which no published
    `tokenizer.json` has, and which begin new words.)
    """
    transformers = pytest.importorskip("transformers")
    found = read_model_file(folder / "spiece.model")
    vocabulary = [*zip(found.pieces, found.scores, strict=True)]
    return transformers.AlbertTokenizer(vocabulary, _spm_precompiled_charsmap=found.charsmap, **options)


def with_special_tokens(tokenizer):
    return type(tokenizer).from_config(tokenizer.get_config() | {"special_tokens_in_text": True})


def test_ids_are_those_of_transformers(folder):
    ours, theirs = with_special_tokens(tokenizer_from_folder(folder)), by_transformers(folder)
    assert type(ours) is AlbertTokenizer
    assert [ours.pad_id, ours.unk_id, ours.cls_id, ours.sep_id, ours.mask_id] == [0, 1, 2, 3, 4]
    # SentencePiece's map makes syllables of Korean letters, Hugging Face's normalizer does not; and an
    # apostrophe with a mark is one of two here, whose marks are dropped first.
    odd = re.compile("[\u1100-\u11ff\uac00-\ud7a3]|['`][\u0300-\u036f]")
    texts = [text for text in [*TEXTS, *mixed_texts(1500)] if not odd.search(text)]
    assert len(texts) > 800
    expected = theirs(texts, add_special_tokens=False)["input_ids"]
    found = ours.tokenize(texts).to_list()
    assert [t for t, a, b in zip(texts, found, expected, strict=True) if a != b] == []
    packed = ours(TEXTS, TEXTS[::-1])
    expected = theirs(TEXTS, TEXTS[::-1], padding=True, return_token_type_ids=True)
    assert packed["token_ids"].numpy().tolist() == expected["input_ids"]
    assert packed["segment_ids"].numpy().tolist() == expected["token_type_ids"]
    assert different(ours, tokenized(ours, as_graph), texts[:200]) == []


@pytest.mark.parametrize("lowercase", [True, False])
def test_options_and_folders(folder, lowercase, tmp_path):
    transformers = pytest.importorskip("transformers")
    options = {"do_lower_case": lowercase, "keep_accents": not lowercase}
    (tmp_path / "spiece.model").write_bytes((folder / "spiece.model").read_bytes())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(options))
    ours = tokenizer_from_folder(tmp_path)
    assert (ours.lowercase, ours.strip_accents) == (lowercase, lowercase)
    theirs = by_transformers(folder, **options)
    expected = theirs(TEXTS)["input_ids"]
    theirs.save_pretrained(tmp_path / "theirs")
    ours.save_to_folder(tmp_path / "ours")
    (tmp_path / "ours" / "config.json").write_text('{"model_type": "albert"}')
    assert transformers.AutoTokenizer.from_pretrained(tmp_path / "ours")(TEXTS)["input_ids"] == expected
    for name in (".", "ours", "theirs"):
        read = with_special_tokens(tokenizer_from_folder(tmp_path / name))
        packed = read(TEXTS)
        rows = zip(packed["token_ids"].numpy(), packed["padding_mask"].numpy(), strict=True)
        assert [row[mask == 1].tolist() for row, mask in rows] == expected, name
    again = tokenizer_from_folder(tmp_path / "ours")
    assert again.get_config() == ours.get_config()


def test_places_are_those_of_the_text(folder):
    tokenizer = tokenizer_from_folder(folder)
    text = "Das  ``Café'' film."
    _, starts, ends = tokenizer.tokenize_with_offsets(text)
    found = [text[start:end] for start, end in zip(starts.numpy(), ends.numpy(), strict=True)]
    assert "".join(found) == text.replace(" ", "")
    assert "``" in found
    assert "''" in found


def test_xlm_r_is_not_albert(tmp_path):
    pytest.importorskip("sentencepiece")
    train(tmp_path / "spiece")
    assert type(tokenizer_from_folder(tmp_path)) is SentencePieceTokenizer
    with pytest.raises(ValueError, match=r"must hold <pad>, <unk>, \[CLS\]"):
        AlbertTokenizer(["<pad>", "<unk>", "[CLS]", "<s>"], [0.0] * 4)
