"""RoBERTa's files, in and out, and Hugging Face's readers of them as the reference for ids and offsets."""

import json
import random

import pytest

from kerasbert.text import RobertaTokenizer
from kerasbert.text.roberta_files import ROBERTA_SPECIAL_TOKENS

FILES = ["merges.txt", "tokenizer.json", "tokenizer_config.json", "vocab.json"]
PIECES = [
    *"aAbz 019 ''\n\t!?.,stmdrvle",
    "'s",
    "'re",
    "'ll",
    "'S",
    "  ",
    "   ",
    "film",
    " good",
    "----",
    "das",
]
PIECES += [
    "\u00a0",
    "\u3000",
    "\x85",
    "\x0b",
    "\x1c",
    "\0",
    "\ufffd",
    "\u200b",
    "中",
    "の",
    "é",
    "e\u0301",
    "😀",
]
PIECES += [
    "👩‍👩‍👧",
    "١",
    "Ġ",
    "६",
    "Ĵ",
    "<s>",
    "</s>",
    " <mask>",
    "<mask>",
    "\n\u00a0\x85<mask>",
    "<pad>",
    "<unk>",
]
PIECES += ["<MASK>", "<mask", "فيلم", "ß", "映画"]


@pytest.fixture(scope="module")
def texts(shared_texts):
    """Texts of every kind; shared ones too where they are."""
    chance = random.Random(7)
    found = ["".join(chance.choices(PIECES, k=chance.randint(0, 14))) for _ in range(5_000)]
    found += [chr(c) for c in range(0x300)] + [f"a{chr(c)} b" for c in range(0x300)]
    found += ["a" * 3000, "-" * 999, "".join(chance.choices("abcdefgh", k=3000)), "中" * 900, "ab" * 700]
    return found + shared_texts


def read_by_hugging_face(folder, **options):
    transformers = pytest.importorskip("transformers")
    (folder / "config.json").write_text('{"model_type": "roberta"}')
    return transformers.AutoTokenizer.from_pretrained(folder, **options)


@pytest.mark.slow
@pytest.mark.parametrize("prefix", [False, True])
def test_hugging_face_gives_the_same_ids_and_offsets(roberta_folder, texts, tmp_path, prefix):
    paths = roberta_folder / "vocab.json", roberta_folder / "merges.txt"
    tokenizer = RobertaTokenizer(*paths, add_prefix_space=prefix, special_tokens_in_text=True)
    tokenizer.save_to_folder(tmp_path, max_length=100_000)
    theirs = read_by_hugging_face(tmp_path)
    ids, starts, ends = (x.to_list() for x in tokenizer.tokenize_with_offsets(texts))
    expected = theirs(texts, add_special_tokens=False, return_offsets_mapping=True)
    different = [t for t, a, b in zip(texts, ids, expected["input_ids"], strict=True) if a != b]
    assert different == []
    if not prefix:  # with it theirs count the added blank, here and there
        pairs = [list(zip(*both, strict=True)) for both in zip(starts, ends, strict=True)]
        expected = expected["offset_mapping"]
        assert [t for t, a, b in zip(texts, pairs, expected, strict=True) if a != b] == []
    assert len({id_ for row in ids for id_ in row}) > 250


def test_special_tokens_as_text_are_split_like_other_text(roberta_folder, texts):
    tokenizers = pytest.importorskip("tokenizers")
    paths = roberta_folder / "vocab.json", roberta_folder / "merges.txt"
    theirs = tokenizers.ByteLevelBPETokenizer(*map(str, paths)).encode_batch(texts)
    ours = RobertaTokenizer(*paths).tokenize(texts).to_list()
    assert [t for t, a, b in zip(texts, ours, theirs, strict=True) if a != b.ids] == []


@pytest.mark.parametrize("letters", ["a", "-", "ab", "abcdefghijklmnopqrstuvwxyz"])
def test_a_word_of_100_000_characters(roberta_folder, letters):
    tokenizers = pytest.importorskip("tokenizers")
    paths = roberta_folder / "vocab.json", roberta_folder / "merges.txt"
    word = "".join(random.Random(7).choices(letters, k=100_000))
    theirs = tokenizers.ByteLevelBPETokenizer(*map(str, paths)).encode(word).ids
    assert RobertaTokenizer(*paths).tokenize(word).numpy().tolist() == theirs


def test_hugging_face_packs_the_same_rows(roberta_folder, texts, tmp_path):
    tokenizer = RobertaTokenizer.from_folder(roberta_folder, special_tokens_in_text=True)
    tokenizer.save_to_folder(tmp_path, max_length=64)
    theirs = read_by_hugging_face(tmp_path)
    texts = [text for text in texts if text and len(text) < 60][:500]
    for arguments in (texts,), (texts, texts[::-1]):
        ours, expected = tokenizer(*arguments), theirs(*arguments, padding=True)
        assert ours["token_ids"].numpy().tolist() == expected["input_ids"]
        assert ours["padding_mask"].numpy().tolist() == expected["attention_mask"]
        assert not ours["segment_ids"].numpy().any()
        assert list(expected) == ["input_ids", "attention_mask"]
    names = ("pad", "unk", "cls", "sep", "mask")
    ids = {name: getattr(tokenizer, f"{name}_id") for name in names}
    assert ids == {name: getattr(theirs, f"{name}_token_id") for name in names}
    assert theirs.model_max_length == 64


def test_a_folder_that_hugging_face_wrote(roberta_folder, tmp_path):
    theirs = read_by_hugging_face(roberta_folder, add_prefix_space=True)
    theirs.save_pretrained(tmp_path)
    tokenizer = RobertaTokenizer.from_folder(tmp_path)
    assert tokenizer.add_prefix_space
    assert tokenizer.tokenize("a good film").numpy().tolist() == theirs("a good film")["input_ids"][1:-1]


@pytest.mark.parametrize("prefix", [False, True])
def test_reading_gives_an_equal_tokenizer(byte_pairs, tmp_path, prefix):
    tokenizer = RobertaTokenizer(*byte_pairs, add_prefix_space=prefix, special_tokens_in_text=True)
    tokenizer.save_to_folder(tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == FILES
    for gone in None, "tokenizer_config.json":
        if gone:
            (tmp_path / "new" / gone).unlink()
        read = RobertaTokenizer.from_folder(str(tmp_path / "new"), special_tokens_in_text=True)
        assert read.get_config() == tokenizer.get_config()
    tokenizer.save_to_folder(tmp_path / "new")
    (tmp_path / "new/tokenizer.json").unlink()
    read = RobertaTokenizer.from_folder(tmp_path / "new")
    assert read.get_config() == tokenizer.get_config() | {"special_tokens_in_text": False}
    with pytest.raises(ValueError, match="max_length=0"):
        tokenizer.save_to_folder(tmp_path, max_length=0)


def test_files_of_windows_and_of_the_first_release(byte_pairs, tmp_path):
    tokens, merges = byte_pairs
    (tmp_path / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    (tmp_path / "merges.txt").write_bytes("\r\n".join(["#version: 0.2", *merges, ""]).encode())
    assert (
        RobertaTokenizer.from_folder(tmp_path).get_config() == RobertaTokenizer(tokens, merges).get_config()
    )


def tokenizer_json(byte_pairs, tmp_path):
    RobertaTokenizer(*byte_pairs, add_prefix_space=True).save_to_folder(tmp_path)
    (tmp_path / "tokenizer_config.json").unlink()
    return json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))


def test_tokenizer_config_decides(byte_pairs, tmp_path):
    tokenizer_json(byte_pairs, tmp_path)
    assert RobertaTokenizer.from_folder(tmp_path).add_prefix_space
    (tmp_path / "tokenizer_config.json").write_text('{"add_prefix_space": false}')
    assert not RobertaTokenizer.from_folder(tmp_path).add_prefix_space


def test_merges_as_lists_and_special_tokens_beside_the_vocabulary(byte_pairs, tmp_path):
    content = tokenizer_json(byte_pairs, tmp_path)
    content["model"]["merges"] = [merge.split(" ") for merge in content["model"]["merges"]]
    del content["model"]["vocab"]["<mask>"]
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    expected = RobertaTokenizer(*byte_pairs, add_prefix_space=True).get_config()
    assert RobertaTokenizer.from_folder(tmp_path).get_config() == expected


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("model.type", "Unigram", r"`model\.type` .*must be 'BPE'.*'Unigram'"),
        ("model.dropout", 0.1, "dropout=0.1"),
        ("model.ignore_merges", True, "ignore_merges=True"),
        ("model.byte_fallback", True, "byte_fallback=True"),
        ("model.end_of_word_suffix", "</w>", "end_of_word_suffix"),
        ("model.continuing_subword_prefix", "##", "continuing_subword_prefix"),
        ("model.merges", ["a"], "two tokens"),
        ("model.vocab", {"<s>": 0, "a": 2}, "ids of a vocabulary"),
        ("normalizer", {"type": "NFC"}, "`normalizer`"),
        ("pre_tokenizer", {"type": "Sequence"}, "`pre_tokenizer` .*'ByteLevel'"),
        ("pre_tokenizer.use_regex", False, "use_regex=False"),
        ("post_processor", {"type": "ByteLevel"}, "`post_processor` .*'RobertaProcessing'"),
        ("post_processor", None, "`post_processor`"),
        ("post_processor.cls", ["[CLS]", 0], r"cls='\[CLS\]'"),
        ("added_tokens", [{"content": "<new>", "id": 900, "special": False}], "added_token='<new>'"),
        ("added_tokens", [{"content": "<mask>", "id": 7, "special": True}], "added_token='<mask>', id=7"),
    ],
)
def test_a_tokenizer_json_of_another_kind(byte_pairs, tmp_path, path, value, message):
    content = tokenizer_json(byte_pairs, tmp_path)
    *parents, last = path.split(".")
    place = content
    for parent in parents:
        place = place[parent]
    place[last] = value
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        RobertaTokenizer.from_folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("vocab.json", "{", "must be JSON"),
        ("vocab.json", "[]", "one JSON object"),
        ("vocab.json", '{"a": "b"}', "ids of a vocabulary"),
        ("vocab.json", json.dumps({t: i for i, t in enumerate(ROBERTA_SPECIAL_TOKENS)}), "256 bytes"),
        ("merges.txt", "#version: 0.2\nf i\nno merge here\n", "rank=1, merge='no merge here'"),
        ("merges.txt", b"\xff", "UTF-8"),
    ],
)
def test_a_file_that_is_no_such_file(byte_pairs, tmp_path, name, content, message):
    RobertaTokenizer(*byte_pairs).save_to_folder(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message):
        RobertaTokenizer.from_folder(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        RobertaTokenizer.from_folder(tmp_path)
