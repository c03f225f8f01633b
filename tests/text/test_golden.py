"""Google's tokenizer is the reference: 1,502 texts in three vocabularies, and the cases of its own tests."""

import json
import sys
import unicodedata

import pytest

from kerasbert.text import BertTokenizer, Vocabulary

VOCABULARIES = {"bert_base_uncased": True, "bert_base_cased": False, "chinese_L-12_H-768_A-12": True}


@pytest.fixture(scope="module", params=VOCABULARIES)
def golden(request, shared_data):
    path = shared_data / "tokenizer/golden" / f"{request.param}.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
    path = shared_data / "vocab" / f"{request.param}.vocab.txt"
    return rows, path, VOCABULARIES[request.param]


def test_every_text_has_googles_ids(golden):
    rows, path, lowercase = golden
    ids = BertTokenizer(path, lowercase=lowercase).tokenize([row["text"] for row in rows]).to_list()
    assert [row["text"] for row, ours in zip(rows, ids, strict=True) if row["google"] != ours] == []
    assert len(rows) > 1500


def test_the_second_opinion_has_googles_ids(golden, google):
    rows, path, lowercase = golden
    if sys.version_info < (3, 11):  # whose Unicode 13 lacks a few of the marks
        rows = [row for row in rows if "Cn" not in map(unicodedata.category, row["text"])]
    known = {token: i for i, token in enumerate(Vocabulary.from_file(path))}
    assert [row["text"] for row in rows if row["google"] != google(row["text"], known, lowercase)] == []


def test_offsets_are_those_of_hugging_face(golden):
    rows, path, lowercase = golden
    # Hugging Face does not know the combining marks of Adlam (Unicode 9) and counts them to the word.
    rows = [row for row in rows if row["offsets"] and row["google"] == row["hf_fast"]]
    rows = [row for row in rows if not lowercase or "\U0001e945" not in row["text"]]
    assert len(rows) > 1450
    tokenizer = BertTokenizer(path, lowercase=lowercase)
    ids, starts, ends = tokenizer.tokenize_with_offsets([row["text"] for row in rows])
    assert ids.to_list() == [row["google"] for row in rows]
    pairs = [
        list(map(list, zip(*both, strict=True)))
        for both in zip(starts.to_list(), ends.to_list(), strict=True)
    ]
    assert [row["text"] for row, ours in zip(rows, pairs, strict=True) if row["offsets"] != ours] == []


def test_the_cases_of_googles_and_hugging_faces_tests(shared_data):
    cases = json.loads((shared_data / "tokenizer/bert_tokenizer_vectors.json").read_text("utf-8"))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    checked = 0
    for case in cases:
        options = case.get("options", {})
        if case["kind"] not in ("basic", "full", "wordpiece", "offsets"):
            continue
        if "vocab_file" in options:
            vocabulary = Vocabulary.from_file(shared_data / "vocab" / options["vocab_file"])
        else:  # the cases of the first step give words: make each a token
            vocabulary = list(dict.fromkeys(special + options.get("vocab", case["expected"])))
        tokenizer = BertTokenizer(
            vocabulary,
            lowercase=options.get("do_lower_case", case["kind"] != "wordpiece"),
            strip_accents=options.get("strip_accents"),
            split_chinese=options.get("tokenize_chinese_chars", True),
            special_tokens_in_text=case["kind"] == "offsets" or "never_split" in options,
        )
        ids, starts, ends = tokenizer.tokenize_with_offsets(case["input"])
        ours = tokenizer.to_tokens(ids)
        if case["kind"] == "offsets":
            ours = [
                [list(pair), token] for *pair, token in zip(starts.numpy(), ends.numpy(), ours, strict=True)
            ]
            assert ours == case["expected"][1:-1], case
        else:
            assert ours == case["expected"], case
        checked += 1
    assert checked == 25


def test_big_list_of_naughty_strings(shared_data, google):
    texts = json.loads((shared_data / "tokenizer/blns/blns.json").read_text("utf-8"))
    vocabulary = Vocabulary.from_file(shared_data / "vocab/bert_base_uncased.vocab.txt")
    known = {token: i for i, token in enumerate(vocabulary)}
    assert BertTokenizer(vocabulary).tokenize(texts).to_list() == [google(text, known) for text in texts]
