"""What a BertTokenizer writes, it reads again, and Hugging Face's own reader gives the same ids."""

import json

import pytest

from kerasbert.text import SPECIAL_TOKENS, BertTokenizer, huggingface_out

FILES = ["tokenizer.json", "tokenizer_config.json", "vocab.txt"]
ODD = [
    "a b",
    "\u2028",
    "##\u2028",
    "##",
    "#",
    '"',
    "\\",
    "é",
    "e\u0301",
    "\x7f",
    "<s>",
    "A",
    "##A",
    "[a]",
    "ß",
    "{",
]
OPTIONS = [
    {},
    {"lowercase": False},
    {"strip_accents": False},
    {"lowercase": False, "strip_accents": True},
    {"split_chinese": False},
    {"max_characters_per_word": 5},
]
TEXTS = [
    "Unwanted films, café CAFE\u0301!",
    "",
    ' a  b\u2028[MASK] [mask][SEP]\t[a] ##a #\\"{',
    "中文film。ß <s> Aa",
    "a" * 101 + " film " + "a" * 200 + " " + "a" * 201,
]
# Hugging Face keeps combining marks that are younger than Unicode 9, takes U+2CEB0 and U+30000 to other
# blocks, and drops private characters as if they were control characters.
NOT_LIKE_GOOGLE = {
    "a\u0315\u0300\u05ae\u089db",
    "a\u032a\u059a\u0316\u1dfab",
    "a\u032f\u059a\u0316\u1dfab",
    "a\u0315\u0300\u05ae\U0001e01bb",
    "a\u059a\u0316\u1dfa\u0319b",
    "\U00020000\U0002a6df\U0002a700\U0002b740\U0002b820\U0002ceb0\U00030000 \u3400\u4dbf",
    "\ue000\U000f0000 private",
}


def read_by_hugging_face(folder):
    transformers = pytest.importorskip("transformers")
    (folder / "config.json").write_text('{"model_type": "bert"}')
    return transformers.AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("options", OPTIONS)
def test_reading_gives_an_equal_tokenizer(tokens, tmp_path, options):
    tokenizer = BertTokenizer([*tokens, "a b", '"', "\u2028"], **options)
    tokenizer.save_to_folder(tmp_path / "new" / "folder")
    assert sorted(path.name for path in (tmp_path / "new/folder").iterdir()) == FILES
    assert BertTokenizer.from_folder(tmp_path / "new/folder").get_config() == tokenizer.get_config()
    (tmp_path / "new/folder/tokenizer.json").unlink()
    expected = tokenizer.get_config() | {"max_characters_per_word": 200}  # only tokenizer.json has it
    assert BertTokenizer.from_folder(tmp_path / "new/folder").get_config() == expected


def test_special_tokens_in_text_is_not_in_the_files(tokens, tmp_path):
    tokenizer = BertTokenizer(tokens, special_tokens_in_text=True)
    tokenizer.save_to_folder(tmp_path)
    assert not BertTokenizer.from_folder(tmp_path).special_tokens_in_text
    read = BertTokenizer.from_folder(tmp_path, special_tokens_in_text=True)
    assert read.get_config() == tokenizer.get_config()


@pytest.mark.parametrize("options", OPTIONS)
def test_hugging_face_gives_the_same_ids(tokens, tmp_path, options):
    # Special tokens in another order: no id may be taken for granted.
    vocabulary = [*dict.fromkeys([*tokens[5:], *ODD, *SPECIAL_TOKENS[::-1]])]
    tokenizer = BertTokenizer(vocabulary, **options, special_tokens_in_text=True)
    tokenizer.save_to_folder(tmp_path)
    theirs = read_by_hugging_face(tmp_path)
    for arguments in (TEXTS,), (TEXTS, TEXTS[::-1]):
        ours = {name: value.numpy().tolist() for name, value in tokenizer(*arguments).items()}
        expected = theirs(*arguments, padding=True)
        assert ours["token_ids"] == expected["input_ids"]
        assert ours["segment_ids"] == expected["token_type_ids"]
        assert ours["padding_mask"] == expected["attention_mask"]
    names = ("pad", "unk", "cls", "sep", "mask")
    ids = {name: getattr(tokenizer, f"{name}_id") for name in names}
    assert ids == {name: getattr(theirs, f"{name}_token_id") for name in names}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("options", [{}, {"strip_accents": True}, {"split_chinese": False}])
@pytest.mark.parametrize(
    ("name", "lowercase"),
    [("bert_base_uncased", True), ("bert_base_cased", False), ("chinese_L-12_H-768_A-12", True)],
)
def test_hugging_face_on_the_golden_texts(shared_data, tmp_path, name, lowercase, options):
    lines = (shared_data / "tokenizer/golden" / f"{name}.jsonl").read_text("utf-8").split("\n")
    texts = [json.loads(line)["text"] for line in lines if line]
    path = shared_data / "vocab" / f"{name}.vocab.txt"
    tokenizer = BertTokenizer(path, lowercase=lowercase, special_tokens_in_text=True, **options)
    tokenizer.save_to_folder(tmp_path)
    theirs = read_by_hugging_face(tmp_path)(texts, add_special_tokens=False)["input_ids"]
    ours = tokenizer.tokenize(texts).to_list()
    different = {text for text, a, b in zip(texts, ours, theirs, strict=True) if a != b}
    assert different - NOT_LIKE_GOOGLE == set()
    assert len(texts) > 1500


def test_max_length(tokens, tmp_path):
    tokenizer = BertTokenizer(tokens)
    tokenizer.save_to_folder(tmp_path)
    assert "model_max_length" not in json.loads((tmp_path / "tokenizer_config.json").read_text())
    tokenizer.save_to_folder(tmp_path, max_length=64)
    assert json.loads((tmp_path / "tokenizer_config.json").read_text())["model_max_length"] == 64
    assert read_by_hugging_face(tmp_path).model_max_length == 64
    with pytest.raises(ValueError, match="max_length=0"):
        tokenizer.save_to_folder(tmp_path, max_length=0)


@pytest.mark.parametrize("token", [" a", "a\t", "a\nb", "a\r"])
def test_a_token_that_no_vocab_txt_holds(tokens, tmp_path, token):
    tokenizer = BertTokenizer([*tokens, token])
    with pytest.raises(ValueError, match="no line break"):
        tokenizer.save_to_folder(tmp_path)
    with pytest.raises(ValueError, match=f"row={len(tokens)}"):
        tokenizer.save_vocabulary(tmp_path / "vocab.txt")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_leaves_all_old_files(tokens, tmp_path):
    BertTokenizer(tokens).save_to_folder(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UnicodeEncodeError):
        huggingface_out.save(tmp_path, {"vocab.txt": "new", "tokenizer.json": "\ud800"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
