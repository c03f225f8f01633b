"""Loads a tokenizer from a folder, whichever library wrote it."""

import os
import re
from typing import Any

from kerasbert import checks
from kerasbert.json_files import json_field, read_json
from kerasbert.text import huggingface
from kerasbert.text.added_files import read_added_tokens
from kerasbert.text.albert import AlbertTokenizer
from kerasbert.text.albert_files import is_albert, unigram_pieces
from kerasbert.text.base import TextTokenizer
from kerasbert.text.bertweet import BertweetTokenizer
from kerasbert.text.mpnet import MPNetTokenizer
from kerasbert.text.roberta import RobertaTokenizer
from kerasbert.text.sentencepiece import SentencePieceTokenizer
from kerasbert.text.sentencepiece_files import MODEL_FILES, has_metaspace
from kerasbert.text.sentencepiece_model import read_model_file
from kerasbert.text.tokenizer import BertTokenizer
from kerasbert.text.vocabulary import Vocabulary, tokens_in_file
from kerasbert.types import PathLike

_LOOKED_FOR = (
    f"tokenizer.json, {', '.join(MODEL_FILES)}, vocab.txt, vocab.txt with bpe.codes, vocab.json with "
    "merges.txt, assets/tokenizer/vocabulary.txt, or assets/tokenizer/vocabulary.json with "
    "assets/tokenizer/merges.txt"
)


_OF_MODEL: dict[str | None, Any] = {
    "WordPiece": BertTokenizer,
    "BPE": RobertaTokenizer,
    "Unigram": SentencePieceTokenizer,
}


def tokenizer_from_folder(folder: PathLike) -> TextTokenizer:
    """Loads the tokenizer from a folder of Hugging Face, of KerasHub or of Google's first BERT release.

    Looks for these files, in this order:

    - `assets/tokenizer/vocabulary.txt`, or `vocabulary.json` and `merges.txt` there: a BERT or RoBERTa
      tokenizer of KerasHub. Its options are read from KerasHub's `tokenizer.json`; without that file, case is
      decided as for `vocab.txt` below.
    - `vocab.txt` and `bpe.codes`: BERTweet.
    - `tokenizer.json` of Hugging Face: BERT if it holds a WordPiece model, or MPNet if the first three tokens
      of that are `<s>`, `<pad>` and `</s>`; RoBERTa if a byte-level BPE model; SentencePiece if a Unigram
      model, or a BPE model that is not byte-level; ALBERT if a Unigram model with `[CLS]` and without `<s>`.
    - `sentencepiece.bpe.model`, `spiece.model` or `tokenizer.model`: SentencePiece, or ALBERT by the same
      rule.
    - `vocab.json` and `merges.txt` of Hugging Face: RoBERTa.
    - `vocab.txt` of Hugging Face or Google: BERT, or MPNet if it begins with these three tokens. If there is
      no `tokenizer_config.json` beside that of BERT, as in Google's releases, texts are lower-cased unless a
      token of the vocabulary, other than those in brackets, contains a capital letter (A to Z).

    Args:
        folder: str or path.

    Returns:
        A tokenizer of `kerasbert.text`.

    Raises:
        FileNotFoundError: if the folder contains none of these files.
        ValueError: if the content of a file is not valid.

    Example:

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "vocab.txt").write_text("[PAD]\\n[UNK]\\n[CLS]\\n[SEP]\\n[MASK]\\nFilm\\n")
    >>> tokenizer_from_folder(folder).lowercase
    False
    """
    files = _relative_files(folder)
    assets = os.path.join(folder, "assets", "tokenizer")
    if "assets/tokenizer/vocabulary.txt" in files:
        vocabulary = Vocabulary.from_file(os.path.join(assets, "vocabulary.txt"))
        return BertTokenizer(vocabulary, **_keras_hub_options(folder, vocabulary))
    if {"assets/tokenizer/vocabulary.json", "assets/tokenizer/merges.txt"} <= files:
        vocabulary_file, merges = (os.path.join(assets, name) for name in ("vocabulary.json", "merges.txt"))
        return RobertaTokenizer(vocabulary_file, merges, **_keras_hub_options(folder))
    if {"vocab.txt", "bpe.codes"} <= files:
        return BertweetTokenizer.from_folder(folder)
    if "tokenizer.json" in files:
        path = os.path.join(folder, "tokenizer.json")
        content = read_json(path)
        kind = huggingface.model_type(content, path)
        if kind not in _OF_MODEL:
            raise checks.invalid(
                "tokenizer.json must hold a WordPiece model, like BERT's, a BPE model, like RoBERTa's, or a "
                "Unigram model, like XLM-R's.",
                fix="Pass the files of a BERT, RoBERTa or XLM-R model.",
                where=path,
                type=kind,
            )
        if kind == "WordPiece" and _is_mpnet(huggingface.read_tokenizer_json(content, path)[0]):
            return MPNetTokenizer.from_folder(folder)
        if kind == "Unigram" and is_albert(unigram_pieces(content, path)):
            return AlbertTokenizer.from_folder(folder)
        if kind == "BPE" and has_metaspace(content, path):
            return SentencePieceTokenizer.from_folder(folder)
        return _OF_MODEL[kind].from_folder(folder)
    if files & set(MODEL_FILES):
        path = os.path.join(folder, "spiece.model")
        if "spiece.model" in files and is_albert(set(read_model_file(path).pieces)):
            return AlbertTokenizer.from_folder(folder)
        return SentencePieceTokenizer.from_folder(folder)
    if {"vocab.json", "merges.txt"} <= files:
        return RobertaTokenizer.from_folder(folder)
    if "vocab.txt" in files and _is_mpnet(tokens_in_file(os.path.join(folder, "vocab.txt"))):
        return MPNetTokenizer.from_folder(folder)
    if {"vocab.txt", "tokenizer_config.json"} <= files:
        return BertTokenizer.from_folder(folder)
    if "vocab.txt" in files:
        vocabulary = Vocabulary.from_file(os.path.join(folder, "vocab.txt"))
        added = read_added_tokens(folder, vocabulary.tokens)
        return BertTokenizer(vocabulary, lowercase=_is_uncased(vocabulary), added_tokens=added)
    raise checks.invalid(
        "The folder must hold the files of a tokenizer.",
        fix=f"Copy them from the checkpoint. Looked for {_LOOKED_FOR}.",
        kind=FileNotFoundError,
        folder=os.fspath(folder),
    )


def _relative_files(folder):
    names = ["tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt"]
    names += [*MODEL_FILES, "bpe.codes"]
    names += [f"assets/tokenizer/{name}" for name in ("vocabulary.txt", "vocabulary.json", "merges.txt")]
    return {name for name in names if os.path.isfile(os.path.join(folder, name))}


def _is_mpnet(tokens):
    return tuple(tokens[:3]) == ("<s>", "<pad>", "</s>")  # MPNet's own code expects <pad> at this place


def _is_uncased(vocabulary):
    words = (token for token in vocabulary if not re.fullmatch(r"\[.*\]|<.*>", token))
    return not any(re.search("[A-Z]", word) for word in words)


def _keras_hub_options(folder, vocabulary=None):
    """The options in KerasHub's tokenizer.json: for BERT if `vocabulary` is given, otherwise for RoBERTa."""
    path = os.path.join(folder, "tokenizer.json")
    if not os.path.isfile(path):
        return {} if vocabulary is None else {"lowercase": _is_uncased(vocabulary)}
    config = json_field(read_json(path), "config", dict, path, {})
    if vocabulary is None:
        expected, names = {}, {"add_prefix_space": False}
    else:
        expected = {"split": True, "split_on_cjk": True, "suffix_indicator": "##", "oov_token": "[UNK]"}
        names = {"lowercase": False, "strip_accents": False}  # KerasHub's defaults
    for name, wanted in expected.items():
        if config.get(name, wanted) != wanted:
            raise checks.invalid(
                f"`{name}` of a KerasHub BERT tokenizer must be {wanted!r}.",
                fix="Use a tokenizer with BERT's own pipeline; BertTokenizer supports no other.",
                where=path,
                **{name: config[name]},
            )
    return {name: config.get(name, default) for name, default in names.items()}
