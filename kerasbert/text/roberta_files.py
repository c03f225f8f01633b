"""Reads the files of a byte-level BPE tokenizer: vocab.json, merges.txt and tokenizer.json."""

import os

from kerasbert import checks
from kerasbert.json_files import check_kind, json_field, read_json
from kerasbert.text.huggingface import tokens_by_id
from kerasbert.text.vocabulary import TokenList, read_utf8
from kerasbert.types import PathLike, Self

PAD, UNK, CLS, SEP, MASK = ROBERTA_SPECIAL_TOKENS = ("<pad>", "<unk>", "<s>", "</s>", "<mask>")


class RobertaVocabulary(TokenList):
    """The tokens of a byte-level BPE vocabulary, in the order of their ids.

    Args:
        tokens: sequence of str, token `i` has id `i`; it must contain `<s>`, `<pad>`, `</s>`, `<unk>` and
            `<mask>`.
        where: str or None, the source, for error messages.

    Raises:
        TypeError: if `tokens` is not a sequence of str.
        ValueError: if a token is empty, occurs twice, or a special token is missing.
    """

    special_tokens = ROBERTA_SPECIAL_TOKENS
    model = "RoBERTa"

    @classmethod
    def from_file(cls, path: PathLike) -> Self:
        """Reads a `vocab.json`, a JSON object that maps tokens to ids.

        Args:
            path: str or path.

        Returns:
            A `RobertaVocabulary`.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if the file is not a vocabulary.
        """
        where = os.fspath(path)
        return cls(tokens_by_id(read_json(where), where), where=where)


def read_merges(path):
    """Reads a `merges.txt`: a line with the version, then two tokens a line in the order of their ranks.

    Args:
        path: str or path.

    Returns:
        list of str.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a line is not a merge.
    """
    where = os.fspath(path)
    lines = (line.removesuffix("\r") for line in read_utf8(where).split("\n"))
    return checked_merges([line for line in lines if line and not line.startswith("#version")], where)


def checked_merges(merges, where=None):
    """Checks merges and returns them in one form.

    Args:
        merges: sequence of str, two tokens separated by a space, or sequence of pairs of tokens.
        where: str or None, the source, for error messages.

    Returns:
        list of str, two tokens separated by a space.

    Raises:
        ValueError: if an item is not a merge.
    """
    found = []
    for rank, merge in enumerate(merges):
        parts = merge.split(" ") if isinstance(merge, str) else merge
        if not isinstance(parts, (list, tuple)) or len(parts) != 2 or not all(map(_is_token, parts)):
            raise checks.invalid(
                "A merge must be two tokens separated by a space.",
                fix="Pass the merges.txt of the checkpoint, or a list of such lines.",
                where=where,
                rank=rank,
                merge=merge,
            )
        found.append(" ".join(parts))
    return found


def read_bpe_json(content, where):
    """Reads a `tokenizer.json` with a byte-level BPE model.

    Args:
        content: dict, the content of the file.
        where: str, its path, for error messages.

    Returns:
        (list of tokens in the order of their ids, list of merges, dict of options for `RobertaTokenizer`).

    Raises:
        ValueError: if it is not a BPE model, or needs something that `RobertaTokenizer` does not support.
    """
    parts = ("model", "pre_tokenizer", "post_processor")
    model, before, after = (json_field(content, name, dict, where, {}) for name in parts)
    expected = {
        "model.type": (model.get("type"), ("BPE",)),
        "normalizer": (content.get("normalizer"), (None,)),
        "pre_tokenizer": (before.get("type"), ("ByteLevel",)),
        "use_regex": (before.get("use_regex", True), (True,)),
        "post_processor": (after.get("type"), ("RobertaProcessing",)),
        "cls": ((json_field(after, "cls", list, where) or [None])[0], (CLS,)),
        "sep": ((json_field(after, "sep", list, where) or [None])[0], (SEP,)),
        "continuing_subword_prefix": (model.get("continuing_subword_prefix"), (None, "")),
        "end_of_word_suffix": (model.get("end_of_word_suffix"), (None, "")),
        "dropout": (model.get("dropout"), (None, 0)),
        "byte_fallback": (model.get("byte_fallback", False), (False,)),
        "ignore_merges": (model.get("ignore_merges", False), (False,)),
    }
    for name, (value, wanted) in expected.items():
        if value not in wanted:
            raise checks.invalid(
                f"`{name}` of a RoBERTa tokenizer.json must be {' or '.join(map(repr, wanted))}.",
                fix="Use a tokenizer with RoBERTa's own pipeline; RobertaTokenizer supports no other.",
                where=where,
                **{name.replace(".", "_"): value},
            )
    ids = dict(json_field(model, "vocab", dict, where, {}))
    for added in json_field(content, "added_tokens", list, where, []):
        check_kind(added, dict, "added_tokens[...]", where)
        if not isinstance(added.get("content"), str) or not isinstance(added.get("id"), int):
            raise checks.invalid(
                "An added token must have a content and an id.",
                fix="Save the tokenizer again.",
                where=where,
                token=added,
            )
        content, number = added["content"], added["id"]
        if content not in ROBERTA_SPECIAL_TOKENS or ids.setdefault(content, number) != number:
            raise unsupported(content, number, where)
    merges = checked_merges(json_field(model, "merges", list, where, []), where)
    return tokens_by_id(ids, where), merges, {"add_prefix_space": before.get("add_prefix_space", False)}


def unsupported(content, number, where):
    """The exception for an added token that `RobertaTokenizer` would not find in texts."""
    return checks.invalid(
        f"Added tokens must be among {', '.join(ROBERTA_SPECIAL_TOKENS)}, with their ids in the vocabulary.",
        fix="Use a tokenizer without other added tokens; RobertaTokenizer does not find them in texts.",
        where=where,
        added_token=content,
        id=number,
    )


def read_bpe_config(content):
    """The options for `RobertaTokenizer` in the content of a `tokenizer_config.json`, a dict."""
    return {name: content[name] for name in ("add_prefix_space",) if name in content}


def _is_token(part):
    return isinstance(part, str) and part != "" and " " not in part
