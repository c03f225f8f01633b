"""The files of a SentencePiece tokenizer: `tokenizer.json` of Hugging Face, and model files."""

import base64
import os

from kerasbert import checks
from kerasbert.json_files import check_kind, json_field, read_json
from kerasbert.text import sentencepiece_model as model
from kerasbert.text.byte_fallback import BYTE_PIECES
from kerasbert.text.piece_characters import META
from kerasbert.text.roberta_files import CLS, MASK, PAD, ROBERTA_SPECIAL_TOKENS, SEP, UNK
from kerasbert.text.sentencepiece_entries import BPE, UNIGRAM, read_entries
from kerasbert.text.vocabulary import TokenList

SENTENCEPIECE_SPECIAL_TOKENS = ROBERTA_SPECIAL_TOKENS
MODEL_FILES = ("sentencepiece.bpe.model", "spiece.model", "tokenizer.model")
MODELS = {model.UNIGRAM: UNIGRAM, model.BPE: BPE}
# What the normalizers of a tokenizer.json may do with spaces: pattern, content -> what it means.
_REPLACED = {(" {2,}", " "): "collapse", (" {2,}", META): "collapse", (r"\A +| +\z", ""): "strip"}
_REPLACED[" ", META] = "escape"


class SentencePieceVocabulary(TokenList):
    """The pieces of a SentencePiece model in the order of their ids, with the special tokens of XLM-R.

    Args:
        tokens: sequence of str, piece `i` has id `i`; it must contain `<s>`, `<pad>`, `</s>`, `<unk>` and
            `<mask>`.
        where: str or None, the source, for error messages.

    Raises:
        TypeError: if `tokens` is not a sequence of str.
        ValueError: if a piece is empty, occurs twice, or a special token is missing.
    """

    special_tokens = SENTENCEPIECE_SPECIAL_TOKENS
    model = "SentencePiece"
    num_separators = 2  # between the texts of a pair


def read_folder(folder, kind=SentencePieceVocabulary):
    """Reads the pieces, the scores and the options of a tokenizer from a folder.

    Args:
        folder: str or path.
        kind: `SentencePieceVocabulary` or a subclass.
    """
    path = os.path.join(folder, "tokenizer.json")
    if os.path.isfile(path):
        return read_tokenizer_json(read_json(path), path, kind)
    for name in MODEL_FILES:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return read_model(path, kind)
    raise checks.invalid(
        f"The folder must hold tokenizer.json or one of {', '.join(MODEL_FILES)}.",
        fix="Copy the file from the checkpoint.",
        kind=FileNotFoundError,
        folder=os.fspath(folder),
    )


def read_model(path, kind=SentencePieceVocabulary):
    """Reads a model file of SentencePiece; see `SentencePieceTokenizer.from_file`."""
    found, where = model.read_model_file(path), os.fspath(path)
    expected = {
        "treat_whitespace_as_suffix": 0,
        "add_dummy_prefix": 1,
        "remove_extra_whitespaces": 1,
        "escape_whitespaces": 1,
    }
    for name, wanted in expected.items():
        expect(f"`{name}` of a SentencePiece model", found.settings[name], (wanted,), where)
    expect("`byte_fallback` of a SentencePiece model", found.settings["byte_fallback"], (0, 1), where)
    byte_fallback = found.settings["byte_fallback"] == 1
    expect("`model_type` of a SentencePiece model", found.settings["model_type"], tuple(MODELS), where)
    pieces, scores = list(found.pieces), [score + 0.0 for score in found.scores]
    special = kind.special_tokens
    if special == SENTENCEPIECE_SPECIAL_TOKENS and not set(special) <= set(pieces):
        if pieces[:3] != [UNK, CLS, SEP] or {PAD, MASK} & set(pieces):
            raise checks.invalid(
                "A SentencePiece model must hold <s>, <pad>, </s>, <unk> and <mask>, or begin with <unk>, "
                "<s>, </s> and hold neither <pad> nor <mask>, like XLM-R's.",
                fix="Pass the model file of an XLM-R checkpoint, or a tokenizer.json.",
                where=where,
                pieces=pieces[:5],
            )
        pieces = [CLS, PAD, SEP, UNK, *pieces[3:], MASK]
        scores = [0.0] * 4 + scores[3:] + [0.0]
    for piece, type_ in zip(found.pieces, found.types, strict=True):
        # A character that the user defined is found anyway: no other piece holds it.
        good = type_ in (model.NORMAL, model.UNKNOWN) or (type_ == model.USER_DEFINED and len(piece) == 1)
        if byte_fallback and (piece in BYTE_PIECES or type_ == model.BYTE):
            good = piece in BYTE_PIECES and type_ == model.BYTE
        if not good and piece not in special:
            raise checks.invalid(
                "The pieces of a SentencePiece model must be ordinary ones, aside from the special tokens "
                "and, with `byte_fallback`, those of bytes.",
                fix="Save the tokenizer as a tokenizer.json with transformers, and pass its folder.",
                where=where,
                piece=piece,
                type=type_,
            )
        if META in piece[1:] and piece.strip(META):
            raise checks.invalid(
                "A piece must not go beyond a word.",
                fix="Train the model with `split_by_whitespace=True`, which is SentencePiece's default.",
                where=where,
                piece=piece,
            )
    charsmap = base64.b64encode(found.charsmap).decode() if found.charsmap else None
    options = {"charsmap": charsmap, "model": MODELS[found.settings["model_type"]]}
    options["byte_fallback"] = byte_fallback
    return kind(pieces, where), scores, options


def read_tokenizer_json(content, where, vocabulary_class=SentencePieceVocabulary):
    """Reads a `tokenizer.json` with a Unigram model, or a BPE model of SentencePiece.

    Args:
        content: dict, the content of the file.
        where: str, its path, for error messages.
        vocabulary_class: `SentencePieceVocabulary` or a subclass.

    Returns:
        (an object of `vocabulary_class`, list of scores, dict of options for `SentencePieceTokenizer`).

    Raises:
        ValueError: if it is no such model, or needs something that `SentencePieceTokenizer` does not
            support.
    """
    entries = json_field(content, "model", dict, where, {})
    expect("`model.type`", entries.get("type"), ("Unigram", "BPE"), where)
    byte_fallback = json_field(entries, "byte_fallback", bool, where, False)
    special = vocabulary_class.special_tokens
    kind, pieces, scores = read_entries(entries, where)
    for added in json_field(content, "added_tokens", list, where, []):
        check_kind(added, dict, "added_tokens[...]", where)
        text, number = added.get("content"), added.get("id")
        if text in special and number == len(pieces) and text not in pieces:
            pieces.append(text)
            scores.append(0.0)
        elif text not in special or pieces[number : number + 1] != [text]:
            raise checks.invalid(
                f"Added tokens must be among {', '.join(special)}, with the ids that "
                "they have in the vocabulary.",
                fix="Use a tokenizer without other added tokens; SentencePieceTokenizer does not find them.",
                where=where,
                added_token=text,
                id=number,
            )
    vocabulary = vocabulary_class(pieces, where)
    if kind == BPE:
        expect("`model.unk_token`", entries.get("unk_token"), (UNK,), where)
        expect("`model.fuse_unk`", entries.get("fuse_unk"), (True,), where)
    else:
        expect("`model.unk_id`", entries.get("unk_id"), (vocabulary.id_of(UNK),), where)
    _check_special_tokens(content, where, vocabulary_class)
    return vocabulary, scores, _options(content, where) | {"model": kind, "byte_fallback": byte_fallback}


def has_metaspace(content, where):
    """Whether a `tokenizer.json` writes spaces as SentencePiece does."""
    steps = steps_of(content, "pre_tokenizer", "pretokenizers", where)
    return any(step.get("type") == "Metaspace" for step in steps)


def _options(content, where):
    """The options in the normalizer and the pre-tokenizer of a tokenizer.json."""
    options, does = {"charsmap": None}, []
    for step in steps_of(content, "normalizer", "normalizers", where):
        kind, pattern = step.get("type"), step.get("pattern")
        if kind == "Precompiled" and not does:
            options["charsmap"] = json_field(step, "precompiled_charsmap", str, where)
            continue
        pattern = pattern if isinstance(pattern, dict) else {}
        meaning = _REPLACED.get((pattern.get("Regex", pattern.get("String")), step.get("content")))
        if kind == "Strip" and step.get("strip_right"):
            meaning = "strip"
        if meaning is None or (kind != "Strip" and kind != "Replace"):
            raise _unsupported("normalizer", step, where)
        does.append(meaning)
    before = [step.get("type") for step in steps_of(content, "pre_tokenizer", "pretokenizers", where)]
    if before not in (["Metaspace"], ["WhitespaceSplit", "Metaspace"]):
        raise _unsupported("pre_tokenizer", before, where)
    metaspace = steps_of(content, "pre_tokenizer", "pretokenizers", where)[-1]
    scheme = metaspace.get("prepend_scheme", "always" if metaspace.get("add_prefix_space", True) else "never")
    expect("`prepend_scheme`", scheme, ("always",), where)
    expect("`replacement`", metaspace.get("replacement"), (META,), where)
    expect("`split`", metaspace.get("split", True), (True,), where)
    options["all_white_space"] = len(before) == 2
    if len(before) == 1:
        if "collapse" not in does:
            raise checks.invalid(
                "A tokenizer.json with a Unigram model must join spaces that follow each other.",
                fix="Add a WhitespaceSplit to its pre-tokenizer, or a Replace of ` {2,}` to its normalizer.",
                where=where,
            )
        options["keep_last_space"] = "strip" not in does
    return options


def steps_of(content, name, parts, where):
    """The steps of the normalizer or the pre-tokenizer of a tokenizer.json, a list of dict."""
    step = json_field(content, name, dict, where)
    if step is None:
        return []
    steps = json_field(step, parts, list, where, []) if step.get("type") == "Sequence" else [step]
    for each in steps:
        check_kind(each, dict, name, where)
    return steps


def _check_special_tokens(content, where, vocabulary_class):
    """Raises ValueError if special tokens are not put around texts as in the model."""
    after = json_field(content, "post_processor", dict, where, {})
    _, _, cls, sep, _ = vocabulary_class.special_tokens
    pair = [cls, "A", *[sep] * vocabulary_class.num_separators, "B", sep]
    if after.get("type") == "RobertaProcessing":
        found = [(json_field(after, name, list, where) or [None])[0] for name in ("cls", "sep")]
        good = found == [CLS, SEP] == [cls, sep]
    else:
        found = [
            next(iter(step.values()), {}).get("id") if isinstance(step, dict) else step
            for step in json_field(after, "pair", list, where, [])
        ]
        good = after.get("type") == "TemplateProcessing" and found == pair
    if not good:
        raise checks.invalid(
            f"The post-processor must make {cls} text {sep} of a text, and {' '.join(pair)} of a pair.",
            fix="Use a tokenizer with the special tokens of the model.",
            where=where,
            type=after.get("type"),
            tokens=found,
        )


def expect(what, value, wanted, where):
    """Raises ValueError if a value in a file is not among those that are supported."""
    if value not in wanted:
        raise checks.invalid(
            f"{what} must be {' or '.join(map(repr, wanted))}.",
            fix="Use a tokenizer with the pipeline of XLM-R or ALBERT; others are not supported.",
            where=where,
            received=value,
        )


def _unsupported(name, step, where):
    return checks.invalid(
        f"The {name} of a tokenizer.json with a Unigram model must be one that XLM-R and its relatives have.",
        fix="Use a tokenizer with the pipeline of XLM-R; SentencePieceTokenizer supports no other.",
        where=where,
        received=step,
    )
