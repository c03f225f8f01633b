import json

import pytest

from kerasbert.text import SPECIAL_TOKENS, BertTokenizer, Vocabulary

TOKENIZER_JSON = {
    "added_tokens": [{"id": i, "content": token} for i, token in enumerate(SPECIAL_TOKENS)],
    "normalizer": {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": False,
        "strip_accents": None,
        "lowercase": False,
    },
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "model": {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": {"film": 5, "##s": 6, **{token: i for i, token in enumerate(SPECIAL_TOKENS)}},
    },
}


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_ids_are_rows(tmp_path):
    path = write(tmp_path / "vocab.txt", "[PAD]\n[UNK]\r\n[CLS]\n[SEP] \n[MASK]\n\u2028\n##\u2028\nfilm\n")
    vocabulary = Vocabulary.from_file(path)
    assert list(vocabulary) == [*SPECIAL_TOKENS, "\u2028", "##\u2028", "film"]
    assert (len(vocabulary), vocabulary.id_of("film"), vocabulary[7]) == (8, 7, "film")
    assert "film" in vocabulary
    assert vocabulary.id_of("absent") is None


def test_save_and_read_give_the_same(tmp_path, tokens):
    Vocabulary(tokens).save(tmp_path / "vocab.txt")
    assert Vocabulary.from_file(tmp_path / "vocab.txt") == Vocabulary(tokens)
    assert [path.name for path in tmp_path.iterdir()] == ["vocab.txt"]


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = write(tmp_path / "vocab.txt", "old")
    vocabulary = Vocabulary([*SPECIAL_TOKENS, "a\nb"])  # cannot be written
    with pytest.raises(ValueError, match="no line break"):
        vocabulary.save(path)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("vocab.txt", "old")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "must hold tokens"),
        ("[PAD]\n[UNK]\n[CLS]\n[SEP]\n", r"missing=\['\[MASK\]'\]"),
        ("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\na\n", r"once.*token='a', rows=\(5, 6\)"),
        ("[PAD]\n[UNK]\n[CLS]\n\n[SEP]\n[MASK]\n", "empty.*row=3"),
        (b"[PAD]\n[UNK]\ncaf\xe9\n", r"UTF-8.*position=15"),
    ],
)
def test_a_file_that_is_no_vocabulary(tmp_path, content, message):
    path = write(tmp_path / "vocab.txt", content)
    with pytest.raises(ValueError, match=message) as error:
        Vocabulary.from_file(path)
    assert str(path) in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="must exist"):
        BertTokenizer(tmp_path / "vocab.txt")
    with pytest.raises(FileNotFoundError, match="must exist"):
        BertTokenizer.from_folder(tmp_path)


@pytest.mark.parametrize("tokens", ["vocab", 7, [*SPECIAL_TOKENS, 7], [*SPECIAL_TOKENS, b"film"]])
def test_tokens_that_are_no_str(tokens):
    with pytest.raises(TypeError, match="str"):
        Vocabulary(tokens)


def test_tokenizer_json(tmp_path):
    path = write(tmp_path / "tokenizer.json", json.dumps(TOKENIZER_JSON))
    assert list(Vocabulary.from_tokenizer_json(path)) == [*SPECIAL_TOKENS, "film", "##s"]
    config = BertTokenizer.from_folder(tmp_path).get_config()
    assert (config["lowercase"], config["strip_accents"], config["split_chinese"]) == (False, None, False)
    assert config["max_characters_per_word"] == 100


def test_tokenizer_config_decides(tmp_path):
    write(tmp_path / "tokenizer.json", json.dumps(TOKENIZER_JSON))
    write(
        tmp_path / "tokenizer_config.json",
        json.dumps({"do_lower_case": True, "tokenize_chinese_chars": True}),
    )
    config = BertTokenizer.from_folder(tmp_path).get_config()
    assert (config["lowercase"], config["split_chinese"]) == (True, True)


def test_a_folder_with_vocab_txt(tmp_path):
    write(tmp_path / "vocab.txt", "\n".join([*SPECIAL_TOKENS, "film"]))
    assert BertTokenizer.from_folder(tmp_path).lowercase
    write(tmp_path / "tokenizer_config.json", json.dumps({"do_lower_case": False, "strip_accents": False}))
    tokenizer = BertTokenizer.from_folder(str(tmp_path), special_tokens_in_text=True)
    assert (tokenizer.lowercase, tokenizer.strip_accents, tokenizer.special_tokens_in_text) == (
        False,
        False,
        True,
    )


def changed(**path_and_value):
    content = json.loads(json.dumps(TOKENIZER_JSON))
    for path, value in path_and_value.items():
        *parents, last = path.split("__")
        place = content
        for parent in parents:
            place = place[parent]
        place[last] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "must be JSON"),
        ("[]", "one JSON object"),
        ("{}", "WordPiece"),
        (changed(model__type="BPE"), "WordPiece.*type='BPE'"),
        (changed(model__continuing_subword_prefix="@@"), "continuing_subword_prefix"),
        (changed(model__unk_token="<unk>"), "unk_token"),
        (changed(normalizer__type="NFC"), "BertNormalizer"),
        (changed(normalizer=None), "BertNormalizer"),
        (changed(normalizer__clean_text=False), "clean_text"),
        (changed(pre_tokenizer__type="Whitespace"), "BertPreTokenizer"),
        (changed(added_tokens=[], model__vocab={"[PAD]": 0, "film": 2}), "ids of a vocabulary"),
        (
            changed(added_tokens=[{"id": 9, "content": "<new>"}]),
            "'<new>'",
        ),
    ],
)
def test_a_tokenizer_json_of_another_kind(tmp_path, content, message):
    path = write(tmp_path / "tokenizer.json", content)
    with pytest.raises(ValueError, match=message):
        BertTokenizer.from_folder(tmp_path)
    with pytest.raises(ValueError, match=message):
        Vocabulary.from_tokenizer_json(path)
