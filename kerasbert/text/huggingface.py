"""Reads the files of a Hugging Face tokenizer and translates their options to ours."""

from kerasbert import checks
from kerasbert.json_files import json_field

# their name -> ours
NORMALIZER = {
    "lowercase": "lowercase",
    "strip_accents": "strip_accents",
    "handle_chinese_chars": "split_chinese",
}
TOKENIZER_CONFIG = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "split_chinese",
}


def read_tokenizer_json(content, where):
    """Reads a `tokenizer.json` with a WordPiece model.

    Args:
        content: dict, the content of the file.
        where: str, its path, for error messages.

    Returns:
        (list of tokens in the order of their ids, dict of options for `BertTokenizer`).

    Raises:
        ValueError: if it is not a WordPiece model, or needs something that `BertTokenizer` does not support.
    """
    kind, model = model_type(content, where), content.get("model")
    if kind != "WordPiece" or not isinstance(model.get("vocab"), dict):
        raise checks.invalid(
            "tokenizer.json must hold a WordPiece model.",
            fix="Pass the files of a BERT model.",
            where=where,
            type=kind,
        )
    normalizer, before = (json_field(content, n, dict, where, {}) for n in ("normalizer", "pre_tokenizer"))
    expected = {
        "continuing_subword_prefix": (model.get("continuing_subword_prefix", "##"), "##"),
        "unk_token": (model.get("unk_token", "[UNK]"), "[UNK]"),
        "normalizer": (normalizer.get("type"), "BertNormalizer"),
        "clean_text": (normalizer.get("clean_text", True), True),
        "pre_tokenizer": (before.get("type"), "BertPreTokenizer"),
    }
    for name, (value, wanted) in expected.items():
        if value != wanted:
            raise checks.invalid(
                f"`{name}` of a BERT tokenizer.json must be {wanted!r}.",
                fix="Use a tokenizer with BERT's own pipeline; BertTokenizer supports no other.",
                where=where,
                **{name: value},
            )
    tokens = tokens_by_id(model["vocab"], where)
    options = {ours: normalizer[theirs] for theirs, ours in NORMALIZER.items() if theirs in normalizer}
    if "max_input_chars_per_word" in model:
        options["max_characters_per_word"] = model["max_input_chars_per_word"]
    return tokens, options


def check_nothing_added(content, tokens, where):
    """Raises ValueError if a `tokenizer.json` adds tokens to those of its model (`tokens`, a list of str)."""
    entries = json_field(content, "added_tokens", list, where, [])
    known = set(tokens)
    beside = [e for e in entries if not isinstance(e, dict) or e.get("content") not in known]
    if beside:
        raise checks.invalid(
            "A vocabulary read by itself must have no added tokens, because only a tokenizer can find them.",
            fix="Read the whole tokenizer with `BertTokenizer.from_folder`.",
            where=where,
            added_tokens=beside,
        )


def model_type(content, where):
    """The kind of model in a `tokenizer.json`.

    Args:
        content: dict, the content of the file.
        where: str, its path, for error messages.

    Returns:
        str, such as `"WordPiece"` or `"BPE"`, or None if there is no model.
    """
    model = json_field(content, "model", dict, where, {})
    # Files of the first releases do not name the type; only WordPiece has this limit.
    return json_field(model, "type", str, where, "WordPiece" if "max_input_chars_per_word" in model else None)


def read_tokenizer_config(content):
    """The options for `BertTokenizer` in the content of a `tokenizer_config.json`, a dict."""
    return {ours: content[theirs] for theirs, ours in TOKENIZER_CONFIG.items() if theirs in content}


def tokens_by_id(ids, where):
    """Lists tokens in the order of their ids.

    Args:
        ids: dict, token -> id.
        where: str, the file, for error messages.

    Returns:
        list of str.

    Raises:
        ValueError: if the ids are not 0, 1, 2 and so on.
    """
    if not all(type(i) is int for i in ids.values()) or sorted(ids.values()) != list(range(len(ids))):
        raise checks.invalid(
            "The ids of a vocabulary must be 0, 1, 2 and so on, each once.",
            fix="Save the tokenizer again, or pass the vocabulary file of the checkpoint.",
            where=where,
            tokens=len(ids),
            ids=list(ids.values()),
        )
    return sorted(ids, key=ids.get)
