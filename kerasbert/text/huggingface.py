"""What the files of a Hugging Face tokenizer say, in our words."""

import json

from kerasbert import checks

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


def read_tokenizer_json(text, where):
    """Reads a `tokenizer.json` with a WordPiece model.

    Args:
        text: str, the content of the file.
        where: str, its path, for error messages.

    Returns:
        (list of tokens in the order of their ids, dict of options for `BertTokenizer`).

    Raises:
        ValueError: if it is no JSON, no WordPiece model, or does what `BertTokenizer` does not.
    """
    content = json_object(text, where)
    kind, model = model_type(content), content.get("model")
    if kind != "WordPiece" or not isinstance(model.get("vocab"), dict):
        raise checks.invalid(
            "tokenizer.json must hold a WordPiece model.",
            fix="Pass the files of a BERT model.",
            where=where,
            type=kind,
        )
    normalizer = content.get("normalizer") or {}
    expected = {
        "continuing_subword_prefix": (model.get("continuing_subword_prefix", "##"), "##"),
        "unk_token": (model.get("unk_token", "[UNK]"), "[UNK]"),
        "normalizer": (normalizer.get("type"), "BertNormalizer"),
        "clean_text": (normalizer.get("clean_text", True), True),
        "pre_tokenizer": ((content.get("pre_tokenizer") or {}).get("type"), "BertPreTokenizer"),
    }
    for name, (value, wanted) in expected.items():
        if value != wanted:
            raise checks.invalid(
                f"`{name}` of a BERT tokenizer.json must be {wanted!r}.",
                fix="Use a tokenizer with BERT's own pipeline; BertTokenizer has no other.",
                where=where,
                **{name: value},
            )
    ids = dict(model["vocab"])
    for added in content.get("added_tokens") or []:
        ids.setdefault(added["content"], added["id"])
    added_beside = [token for token in ids if token not in model["vocab"]]
    if added_beside:
        raise checks.invalid(
            "Every added token must be part of the WordPiece vocabulary.",
            fix="Write the tokens into the rows [unused0], [unused1] and so on of the vocabulary instead.",
            where=where,
            added_tokens=added_beside,
        )
    tokens = tokens_by_id(ids, where)
    options = {ours: normalizer[theirs] for theirs, ours in NORMALIZER.items() if theirs in normalizer}
    if "max_input_chars_per_word" in model:
        options["max_characters_per_word"] = model["max_input_chars_per_word"]
    return tokens, options


def model_type(content):
    """The kind of model in a `tokenizer.json`.

    Args:
        content: dict, the file.

    Returns:
        str, such as `"WordPiece"` or `"BPE"`, or None if there is no model.
    """
    model = content.get("model")
    if not isinstance(model, dict):
        return None
    # Files of the first releases do not name the type; only WordPiece has this limit.
    return model.get("type", "WordPiece" if "max_input_chars_per_word" in model else None)


def read_tokenizer_config(text, where):
    """Reads the options that a `tokenizer_config.json` names.

    Args:
        text: str, the content of the file.
        where: str, its path, for error messages.

    Returns:
        dict of options for `BertTokenizer`.
    """
    content = json_object(text, where)
    return {ours: content[theirs] for theirs, ours in TOKENIZER_CONFIG.items() if theirs in content}


def tokens_by_id(ids, where):
    """Puts tokens in the order of their ids.

    Args:
        ids: dict, token -> id.
        where: str, the file, for error messages.

    Returns:
        list of str.

    Raises:
        ValueError: if the ids are not 0, 1, 2 and so on.
    """
    if not all(isinstance(i, int) for i in ids.values()) or sorted(ids.values()) != list(range(len(ids))):
        raise checks.invalid(
            "The ids of a vocabulary must be 0, 1, 2 and so on, each once.",
            fix="Save the tokenizer again, or pass the vocabulary file of the checkpoint.",
            where=where,
            tokens=len(ids),
            ids=list(ids.values()),
        )
    return sorted(ids, key=ids.get)


def json_object(text, where):
    """Reads a JSON object.

    Args:
        text: str, the content of a file.
        where: str, its path, for error messages.

    Returns:
        dict.

    Raises:
        ValueError: if it is something else.
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise checks.invalid(
            "The file must be JSON.", fix="Download it again.", where=where, reason=str(error)
        ) from error
    if not isinstance(content, dict):
        raise checks.invalid(
            "The file must hold one JSON object.", fix="Download it again.", where=where, content=content
        )
    return content
