"""MPNet's tokenizer: the words of BERT between `<s>` and `</s>`."""

import json

import pytest
from code_point_runners import as_graph, different, tokenized

from kerasbert.text import BertTokenizer, MPNetTokenizer, Vocabulary, tokenizer_from_folder

TEXTS = ["a film", "A <mask> film.</s>", "", "[UNK] <MASK> < mask> [pad> <pad>!", "films <s>an</s>"]


@pytest.fixture(scope="module")
def mpnet_tokens(tokens):
    return ["<s>", "<pad>", "</s>", "<unk>", *tokens, "<mask>"]


@pytest.mark.parametrize("lowercase", [True, False])
def test_ids_and_places_are_those_of_transformers(mpnet_tokens, lowercase):
    transformers = pytest.importorskip("transformers")
    theirs = transformers.MPNetTokenizer({t: i for i, t in enumerate(mpnet_tokens)}, do_lower_case=lowercase)
    ours = MPNetTokenizer(mpnet_tokens, lowercase, special_tokens_in_text=True)
    packed = ours(TEXTS, TEXTS[::-1])
    expected = theirs(TEXTS, TEXTS[::-1], padding=True)
    assert packed["token_ids"].numpy().tolist() == expected["input_ids"]
    assert packed["padding_mask"].numpy().tolist() == expected["attention_mask"]
    assert not packed["segment_ids"].numpy().any()
    assert different(ours, tokenized(ours, as_graph), TEXTS) == []
    plain = MPNetTokenizer(mpnet_tokens, lowercase)
    assert ours.mask_id not in plain(TEXTS[1])["token_ids"].numpy()
    assert different(plain, tokenized(plain, as_graph), TEXTS) == []


@pytest.mark.slow
def test_golden_texts(shared_data):
    transformers = pytest.importorskip("transformers")
    path = shared_data / "tokenizer/golden/bert_base_uncased.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
    texts = [row["text"] for row in rows]
    bert = Vocabulary.from_file(shared_data / "vocab/bert_base_uncased.vocab.txt").tokens
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *bert, "<mask>"]
    ids = MPNetTokenizer(tokens).tokenize(texts).to_list()
    assert [[i - 4 for i in row] for row in ids] == BertTokenizer(bert).tokenize(texts).to_list()
    theirs = transformers.MPNetTokenizer({t: i for i, t in enumerate(tokens)})
    expected = theirs(texts, add_special_tokens=False)["input_ids"]
    # Hugging Face's own differences from Google's tokenizer, which the golden file lists.
    alike = [row["google"] == row["hf_fast"] for row in rows]
    differ = [t for t, a, b, same in zip(texts, ids, expected, alike, strict=True) if same and a != b]
    assert differ == []
    assert sum(alike) > 1450


def test_folders(mpnet_tokens, tmp_path):
    tokenizer = MPNetTokenizer(mpnet_tokens, lowercase=False, max_characters_per_word=7)
    tokenizer.save_to_folder(tmp_path / "ours")
    read = tokenizer_from_folder(tmp_path / "ours")
    assert (type(read), read.get_config()) == (MPNetTokenizer, tokenizer.get_config())
    (tmp_path / "ours" / "tokenizer.json").unlink()
    assert type(tokenizer_from_folder(tmp_path / "ours")) is MPNetTokenizer
    with pytest.raises(ValueError, match="MPNet vocabulary must hold <pad>"):
        MPNetTokenizer(["<s>", "</s>", "[UNK]", "<mask>"])


def test_transformers_reads_what_is_saved_and_the_other_way(mpnet_tokens, tmp_path):
    transformers = pytest.importorskip("transformers")
    MPNetTokenizer(mpnet_tokens).save_to_folder(tmp_path / "ours")
    (tmp_path / "ours" / "config.json").write_text('{"model_type": "mpnet"}')
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "ours")
    theirs.save_pretrained(tmp_path / "theirs")
    fresh = transformers.MPNetTokenizer({t: i for i, t in enumerate(mpnet_tokens)})
    fresh.save_pretrained(tmp_path / "fresh")
    expected = fresh(TEXTS, TEXTS[::-1])["input_ids"]
    assert theirs(TEXTS, TEXTS[::-1])["input_ids"] == expected
    for name in ("theirs", "fresh"):
        read = tokenizer_from_folder(tmp_path / name)
        assert (type(read), read.added_tokens) == (MPNetTokenizer, ())
        with_masks = type(read).from_config(read.get_config() | {"special_tokens_in_text": True})
        packed = with_masks(TEXTS, TEXTS[::-1])
        rows = zip(packed["token_ids"].numpy(), packed["padding_mask"].numpy(), strict=True)
        assert [row[mask == 1].tolist() for row, mask in rows] == expected
