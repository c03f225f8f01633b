"""The added tokens in Hugging Face's files."""

import os

from kerasbert import checks
from kerasbert.json_files import check_kind, json_field, read_json
from kerasbert.text.added_tokens import AddedToken
from kerasbert.text.vocabulary import SPECIAL_TOKENS

_SWITCHES = ("normalized", "special", "lstrip", "rstrip")


def read_added_tokens(folder, tokens, tokenizer_json=None, config=None, special_tokens=SPECIAL_TOKENS):
    """Finds the added tokens of a tokenizer's folder, in the order of their ids.

    They are listed in `tokenizer.json`, in the `added_tokens_decoder` of `tokenizer_config.json` or, in
    folders without that, in `added_tokens.json`. `special_tokens_map.json` and `tokenizer_config.json` may
    also name additional special tokens.

    Args:
        folder: str or path.
        tokens: sequence of str, the tokens of the model in the order of their ids.
        tokenizer_json: dict, the content of `tokenizer.json`, or None if the folder has no such file.
        config: dict, the content of `tokenizer_config.json`, or None if the folder has no such file.
        special_tokens: sequence of str, the five special tokens of the model.

    Returns:
        list of `AddedToken`, without `special_tokens`. Tokens that the model does not already
        have get the ids that follow the model's own.

    Raises:
        ValueError: if an entry is not a valid added token, or its id is not the one that the token would get.
    """
    tokenizer_json, config, found = tokenizer_json or {}, config or {}, {}
    where = os.path.join(folder, "tokenizer.json")
    for entry in json_field(tokenizer_json, "added_tokens", list, where, []):
        check_kind(entry, dict, "added_tokens[...]", where)
        _add(found, json_field(entry, "id", int, where), entry, where)
    where = os.path.join(folder, "tokenizer_config.json")
    decoder = json_field(config, "added_tokens_decoder", dict, where)
    for number, entry in (decoder or {}).items():
        check_kind(entry, dict, "added_tokens_decoder[...]", where)
        _add(found, int(number) if number.isdecimal() else None, entry, where)
    special = [*_names(config, where), *_of(folder, "special_tokens_map.json", _names)]
    if decoder is None:
        where = os.path.join(folder, "added_tokens.json")
        for content, number in _of(folder, "added_tokens.json", lambda content, _: content.items()):
            switches = {"special": content in special, "normalized": content not in special}
            _add(found, number, {"content": content} | switches, where)
    rows = {token: i for i, token in enumerate(tokens)}
    for content in special:
        if content not in found:
            number = rows.get(content, len(rows) + sum(name not in rows for name in found))
            _add(found, number, {"content": content, "normalized": False, "special": True}, where)
    found = dict(sorted(found.items(), key=lambda item: item[1][0]))
    for content, (number, _, where) in found.items():
        wanted = rows.setdefault(content, len(rows))
        if number != wanted:
            raise checks.invalid(
                "An added token must have the id of its row in the vocabulary, or else the next unused id.",
                fix="Take all tokenizer files from one checkpoint.",
                where=where,
                token=content,
                id=number,
                expected=wanted,
            )
    known = set(tokens).intersection(special_tokens)  # `special_tokens_in_text` decides about these
    return [token for _, token, _ in found.values() if token.content not in known]


def _of(folder, name, read):
    path = os.path.join(folder, name)
    return read(read_json(path), path) if os.path.isfile(path) else []


def _names(content, where):
    """The special tokens that a file names besides BERT's own, under Hugging Face's old or new name."""
    found = []
    for name in ("additional_special_tokens", "extra_special_tokens"):
        entries = content.get(name) or []
        entries = list(entries.values()) if isinstance(entries, dict) else entries
        for entry in entries if isinstance(entries, list) else [entries]:
            token = entry.get("content") if isinstance(entry, dict) else entry
            check_kind(token, str, name, where)
            found.append(token)
    return found


def _add(found, number, entry, where):
    content = json_field(entry, "content", str, where)
    if content is None or number is None or isinstance(number, bool) or not isinstance(number, int):
        raise checks.invalid(
            "An added token must have a content and an id.",
            fix="Save the tokenizer again.",
            where=where,
            token=entry,
            id=number,
        )
    if json_field(entry, "single_word", bool, where, False):
        raise checks.invalid(
            "An added token is always found inside longer words too: `single_word` is not supported.",
            fix="Set `single_word` to false in the file if the token does not occur inside other words.",
            where=where,
            token=content,
        )
    special = json_field(entry, "special", bool, where, False)
    switches = {"normalized": not special, "special": special}
    switches = {name: json_field(entry, name, bool, where, switches.get(name, False)) for name in _SWITCHES}
    found.setdefault(content, (number, AddedToken(content, **switches), where))
