"""The files of ALBERT's tokenizer: `tokenizer.json` of Hugging Face, and `spiece.model`."""

import os

from kerasbert.json_files import json_field, read_json
from kerasbert.text import sentencepiece_files as files

ALBERT_SPECIAL_TOKENS = ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]")
QUOTES = [{"type": "Replace", "pattern": {"String": quotes}, "content": '"'} for quotes in ("``", "''")]
ACCENTS = [{"type": "NFKD"}, {"type": "StripAccents"}]
LOWER_CASE = [{"type": "Lowercase"}]


class AlbertVocabulary(files.SentencePieceVocabulary):
    """The pieces of ALBERT's model in the order of their ids, with its special tokens.

    Args:
        tokens: sequence of str, piece `i` has id `i`; it must contain `<pad>`, `<unk>`, `[CLS]`, `[SEP]` and
            `[MASK]`.
        where: str or None, the source, for error messages.

    Raises:
        TypeError: if `tokens` is not a sequence of str.
        ValueError: if a piece is empty, occurs twice, or a special token is missing.
    """

    special_tokens = ALBERT_SPECIAL_TOKENS
    model = "ALBERT"
    num_separators = 1


def is_albert(pieces):
    """Whether pieces, a set of str, are those of ALBERT: `[CLS]` is among them, and not `<s>`."""
    return "[CLS]" in pieces and "<s>" not in pieces


def unigram_pieces(content, where):
    """The pieces of a `tokenizer.json` with a Unigram model, a set; its entries are not checked."""
    entries = json_field(content, "model", dict, where, {}).get("vocab")
    return {e[0] for e in entries if isinstance(e, list) and e} if isinstance(entries, list) else set()


def read_folder(folder):
    """Reads the pieces, the scores and the options of `AlbertTokenizer` from a folder."""
    path = os.path.join(folder, "tokenizer.json")
    if os.path.isfile(path):
        return read_tokenizer_json(read_json(path), path)
    tokens, scores, options = read_model(os.path.join(folder, "spiece.model"))
    path = os.path.join(folder, "tokenizer_config.json")
    if os.path.isfile(path):
        config = read_json(path)
        options["lowercase"] = json_field(config, "do_lower_case", bool, path, True)
        options["strip_accents"] = not json_field(config, "keep_accents", bool, path, False)
    return tokens, scores, options


def read_model(path):
    """Reads a `spiece.model`; its tokenizer lower-cases and strips accents."""
    tokens, scores, options = files.read_model(path, AlbertVocabulary)
    files.expect("`model_type` of ALBERT's model", options.pop("model"), (files.UNIGRAM,), os.fspath(path))
    return tokens, scores, options


def read_tokenizer_json(content, where):
    """Reads the `tokenizer.json` of ALBERT.

    Args:
        content: dict, the content of the file.
        where: str, its path, for error messages.

    Returns:
        (`AlbertVocabulary`, list of scores, dict of options for `AlbertTokenizer`).

    Raises:
        ValueError: if it is no such tokenizer, or needs something that `AlbertTokenizer` does not support.
    """
    steps = files.steps_of(content, "normalizer", "normalizers", where)
    files.expect("The beginning of ALBERT's normalizer", steps[:2], (QUOTES,), where)
    found = []
    steps = steps[2:]
    for step in (ACCENTS, LOWER_CASE):
        found.append(steps[: len(step)] == step)
        steps = steps[len(step) * found[-1] :]
    rest = content | {"normalizer": {"type": "Sequence", "normalizers": steps}}
    tokens, scores, options = files.read_tokenizer_json(rest, where, AlbertVocabulary)
    files.expect("`model.type`", options.pop("model"), (files.UNIGRAM,), where)
    return tokens, scores, options | {"strip_accents": found[0], "lowercase": found[1]}


def normalizers(tokenizer):
    """The steps of the normalizer of a tokenizer.json that come before the character map."""
    return [
        *QUOTES,
        *(ACCENTS if tokenizer.strip_accents else []),
        *(LOWER_CASE if tokenizer.lowercase else []),
    ]
