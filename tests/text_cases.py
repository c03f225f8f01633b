"""Texts that are hard for files that take text, and those of the shared folder."""

import json

# The last is long.
TEXTS = ["what a good film!", "", "BAD, bad films.", "Ünknown 😀 [MASK] 電影", "the film was very bad " * 30]
PAIRS = (["good film", "", "bad " * 40], ["not a bad film!", "film", "films " * 40])


def golden_texts(shared_data):
    """Those whose tokens are known in `shared/data/tokenizer`."""
    lines = (shared_data / "tokenizer/golden/bert_base_uncased.jsonl").read_text("utf-8").split("\n")
    return [json.loads(line)["text"] for line in lines if line]


def naughty_texts(shared_data):
    """The Big List of Naughty Strings."""
    return json.loads((shared_data / "tokenizer/blns/blns.json").read_text("utf-8"))


def xquad_texts(shared_data):
    """Contexts and questions in English, German, Arabic and Chinese."""
    found = []
    for language in ("en", "de", "ar", "zh"):
        content = json.loads((shared_data / f"xquad/xquad.{language}.json").read_text("utf-8"))
        for paragraph in (p for article in content["data"] for p in article["paragraphs"]):
            found += [paragraph["context"], *(question["question"] for question in paragraph["qas"])]
    return found
