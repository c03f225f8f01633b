"""Which tokenizer a folder holds."""

import json

import pytest

from kerasbert.text import SPECIAL_TOKENS, BertTokenizer, RobertaTokenizer, Vocabulary, tokenizer_from_folder


def keras_hub_folder(folder, config=None, **files):
    (folder / "assets/tokenizer").mkdir(parents=True)
    for name, content in files.items():
        (folder / "assets/tokenizer" / name.replace("_", ".")).write_text(content, "utf-8")
    if config is not None:
        content = {"module": "keras_hub", "class_name": "SomeTokenizer", "config": config}
        (folder / "tokenizer.json").write_text(json.dumps(content))
    return tokenizer_from_folder(folder)


def test_what_was_saved(tokens, byte_pairs, tmp_path):
    for tokenizer in (
        BertTokenizer(tokens, lowercase=False, max_characters_per_word=7),
        RobertaTokenizer(*byte_pairs, add_prefix_space=True),
    ):
        folder = tmp_path / type(tokenizer).__name__
        tokenizer.save_to_folder(folder)
        read = tokenizer_from_folder(str(folder))
        assert (type(read), read.get_config()) == (type(tokenizer), tokenizer.get_config())
        (folder / "tokenizer.json").unlink()
        assert type(tokenizer_from_folder(folder)) is type(tokenizer)


def test_without_tokenizer_config_the_vocabulary_tells_the_case(tmp_path):
    def lowercase(*more):
        Vocabulary([*SPECIAL_TOKENS, "[unused1]", "<S>", "[Q]", "film", "##É", *more]).save(
            tmp_path / "vocab.txt"
        )
        return tokenizer_from_folder(tmp_path).lowercase

    assert lowercase()
    assert not lowercase("Film")
    assert not lowercase("##S")
    (tmp_path / "tokenizer_config.json").write_text("{}")  # Hugging Face's layout, and its default
    assert lowercase("Film")


@pytest.mark.parametrize(
    ("name", "lowercase"),
    [("bert_base_uncased", True), ("bert_base_cased", False), ("chinese_L-12_H-768_A-12", True)],
)
def test_googles_layout(shared_data, tmp_path, name, lowercase):
    vocabulary = (shared_data / "vocab" / f"{name}.vocab.txt").read_bytes()
    (tmp_path / "vocab.txt").write_bytes(vocabulary)
    (tmp_path / "bert_config.json").write_text("{}")
    tokenizer = tokenizer_from_folder(tmp_path)
    assert (type(tokenizer), tokenizer.lowercase, tokenizer.strip_accents) == (BertTokenizer, lowercase, None)


def test_keras_hubs_bert(tmp_path):
    text = "\n".join([*SPECIAL_TOKENS, "Film"])
    tokenizer = keras_hub_folder(
        tmp_path / "a", {"lowercase": True, "strip_accents": True}, vocabulary_txt=text
    )
    assert (tokenizer.lowercase, tokenizer.strip_accents) == (True, True)
    assert list(tokenizer.vocabulary) == [*SPECIAL_TOKENS, "Film"]
    tokenizer = keras_hub_folder(tmp_path / "b", {}, vocabulary_txt=text)
    assert (tokenizer.lowercase, tokenizer.strip_accents) == (False, False)
    tokenizer = keras_hub_folder(tmp_path / "c", vocabulary_txt=text)
    assert (tokenizer.lowercase, tokenizer.strip_accents) == (False, None)
    with pytest.raises(ValueError, match="`split` of a KerasHub BERT tokenizer must be True"):
        keras_hub_folder(tmp_path / "d", {"split": False}, vocabulary_txt=text)


def test_keras_hubs_roberta(byte_pairs, tmp_path):
    files = {
        "vocabulary_json": json.dumps({token: i for i, token in enumerate(byte_pairs[0])}),
        "merges_txt": "\n".join(byte_pairs[1]),
    }
    tokenizer = keras_hub_folder(tmp_path / "a", {"add_prefix_space": True}, **files)
    assert tokenizer.get_config() == RobertaTokenizer(*byte_pairs, add_prefix_space=True).get_config()
    assert not keras_hub_folder(tmp_path / "b", **files).add_prefix_space


def test_presets_that_keras_hub_wrote(tokens, byte_pairs, tmp_path):
    tokenizers = pytest.importorskip("keras_hub").tokenizers
    ids = {token: i for i, token in enumerate(byte_pairs[0])}
    bert = tokenizers.BertTokenizer(tokens, lowercase=True)
    roberta = tokenizers.RobertaTokenizer(ids, byte_pairs[1], add_prefix_space=True)
    for name, theirs in {"bert": bert, "roberta": roberta}.items():
        theirs.save_to_preset(tmp_path / name)
        ours = tokenizer_from_folder(tmp_path / name)
        assert [ours.tokenize("Unwanted film a").numpy().tolist()] == [
            list(map(int, theirs("Unwanted film a")))
        ]
        assert isinstance(ours, BertTokenizer if name == "bert" else RobertaTokenizer)


def test_nothing_there(tmp_path):
    (tmp_path / "vocab.json").write_text("{}")  # not without its merges
    with pytest.raises(
        FileNotFoundError, match=r"bpe\.codes, vocab\.json with merges\.txt, assets/tokenizer"
    ):
        tokenizer_from_folder(tmp_path)
    with pytest.raises(FileNotFoundError, match="absent"):
        tokenizer_from_folder(tmp_path / "absent")


@pytest.mark.parametrize("content", ['{"model": {"type": "WordLevel"}}', "{}"])
def test_a_tokenizer_json_of_another_kind(tmp_path, content):
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(ValueError, match="a WordPiece model, like BERT's, a BPE model"):
        tokenizer_from_folder(tmp_path)
