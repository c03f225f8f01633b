"""Writes a tokenizer in Hugging Face's file formats."""

import dataclasses
import json
import os

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.text.huggingface import NORMALIZER, TOKENIZER_CONFIG

# The class that uses tokenizer.json unchanged. In transformers 5, BertTokenizer is built from the vocabulary
# alone, and would replace the file's limit on word lengths by its own of 100 characters.
_LOADS_AS_IS = "PreTrainedTokenizerFast"


def bert_files(tokenizer, max_length=None):
    """The Hugging Face files of a `BertTokenizer`.

    Args:
        tokenizer: `BertTokenizer`.
        max_length: int or None, the `model_max_length` to write.

    Returns:
        dict, file name -> content (str).
    """
    vocabulary = tokenizer.vocabulary
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    special = dict(zip(names, vocabulary.special_tokens, strict=True))
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": sorted(
            [
                *(added(token, vocabulary) for token in special.values()),
                *(
                    added(**dataclasses.asdict(token), vocabulary=vocabulary)
                    for token in tokenizer.added_tokens
                    if token.content not in special.values()
                ),
            ],
            key=lambda token: token["id"],
        ),
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            **{theirs: getattr(tokenizer, ours) for theirs, ours in NORMALIZER.items()},
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": template(tokenizer),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": tokenizer.max_characters_per_word,
            "vocab": {token: i for i, token in enumerate(tokenizer.wordpieces)},
        },
    }
    config = {theirs: getattr(tokenizer, ours) for theirs, ours in TOKENIZER_CONFIG.items()}
    return {
        "vocab.txt": type(vocabulary)(tokenizer.wordpieces).as_vocab_txt(),
        "tokenizer.json": _json(content),
        "tokenizer_config.json": tokenizer_config(config | special, input_names(tokenizer), max_length),
    }


def template(tokenizer):
    """The post-processor that puts special tokens around texts and pairs as a tokenizer does."""
    vocabulary, segment = tokenizer.vocabulary, tokenizer.second_segment
    _, _, cls, sep, _ = vocabulary.special_tokens
    begin, end = ({"SpecialToken": {"id": token, "type_id": 0}} for token in (cls, sep))
    first, second = ({"Sequence": {"id": text, "type_id": i}} for text, i in (("A", 0), ("B", segment)))
    second_end = {"SpecialToken": {"id": sep, "type_id": segment}}
    return {
        "type": "TemplateProcessing",
        "single": [begin, first, end],
        "pair": [begin, first, *[end] * tokenizer.num_separators, second, second_end],
        "special_tokens": {
            token: {"id": token, "ids": [vocabulary.id_of(token)], "tokens": [token]} for token in (cls, sep)
        },
    }


def input_names(tokenizer):
    """Hugging Face's names of the inputs that a tokenizer's model takes."""
    return ["input_ids", *["token_type_ids"] * tokenizer.second_segment, "attention_mask"]


def roberta_files(tokenizer, max_length=None):
    """The Hugging Face files of a `RobertaTokenizer`.

    Args:
        tokenizer: `RobertaTokenizer`.
        max_length: int or None, the `model_max_length` to write.

    Returns:
        dict, file name -> content (str).
    """
    vocabulary = tokenizer.vocabulary
    ids = {token: i for i, token in enumerate(vocabulary)}
    special = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "cls_token": "<s>",
        "mask_token": "<mask>",
    }
    options = {"add_prefix_space": tokenizer.add_prefix_space, "trim_offsets": True}
    bytes_ = {"type": "ByteLevel", **options, "use_regex": True}
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            added(token, vocabulary, lstrip=token == "<mask>")
            for token in sorted(set(special.values()), key=vocabulary.id_of)
        ],
        "normalizer": None,
        "pre_tokenizer": bytes_,
        "post_processor": {
            "type": "RobertaProcessing",
            "sep": ["</s>", ids["</s>"]],
            "cls": ["<s>", ids["<s>"]],
            "trim_offsets": True,
            "add_prefix_space": tokenizer.add_prefix_space,
        },
        "decoder": bytes_ | {"add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": ids,
            "merges": list(tokenizer.merges),
        },
    }
    return {
        "vocab.json": json.dumps(ids, ensure_ascii=False),
        "merges.txt": "".join(f"{line}\n" for line in ["#version: 0.2", *tokenizer.merges]),
        "tokenizer.json": _json(content),
        "tokenizer_config.json": tokenizer_config(
            options | special, ["input_ids", "attention_mask"], max_length
        ),
    }


def save(folder, files):
    """Writes files, each complete or not at all; writes no file if any of them cannot be encoded as UTF-8.

    Args:
        folder: str or path; created if missing.
        files: dict, file name -> content (str).
    """
    files = {name: content.encode() for name, content in files.items()}
    for name, content in files.items():
        with replacing(os.path.join(folder, name)) as temporary:
            temporary.write_bytes(content)


def added(content, vocabulary, special=True, **options):
    """The entry of an added token, which Hugging Face's tokenizers find in a text before splitting it."""
    strict = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": vocabulary.id_of(content), "content": content, **strict, **options, "special": special}


def tokenizer_config(config, input_names, max_length):
    """The content of a `tokenizer_config.json` (str) with the fields of `config` (dict)."""
    if max_length is not None:
        checks.positive_int("save_to_folder", max_length=max_length)
        config = config | {"model_max_length": max_length}
    return _json(config | {"tokenizer_class": _LOADS_AS_IS, "model_input_names": input_names})


def _json(content):
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
