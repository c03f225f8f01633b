"""Writes a SentencePiece tokenizer in Hugging Face's file formats."""

import json

from kerasbert.text import albert_files
from kerasbert.text import huggingface_out as out
from kerasbert.text.albert_files import ALBERT_SPECIAL_TOKENS
from kerasbert.text.piece_characters import META
from kerasbert.text.roberta_files import UNK
from kerasbert.text.sentencepiece_entries import BPE, merges_of

_SPACES, _AROUND = {"Regex": " {2,}"}, {"Regex": r"\A +| +\z"}


def _model(tokenizer):
    vocabulary, scores = tokenizer.vocabulary, tokenizer.scores
    if tokenizer.model == BPE:
        return {
            "type": "BPE",
            "unk_token": UNK,
            "fuse_unk": True,
            "byte_fallback": tokenizer.byte_fallback,
            "vocab": {piece: i for i, piece in enumerate(vocabulary)},
            "merges": merges_of(vocabulary, scores, tokenizer.byte_fallback, "tokenizer.json"),
        }
    return {
        "type": "Unigram",
        "unk_id": tokenizer.unk_id,
        "vocab": [list(entry) for entry in zip(vocabulary, scores, strict=True)],
        "byte_fallback": tokenizer.byte_fallback,
    }


def folder_files(tokenizer, max_length=None):
    """The Hugging Face files of a `SentencePieceTokenizer`, as a dict: file name -> content (str)."""
    vocabulary = tokenizer.vocabulary
    special = pad, unk, cls, sep, mask = vocabulary.special_tokens
    normalizers = albert_files.normalizers(tokenizer) if special == ALBERT_SPECIAL_TOKENS else []
    if tokenizer.charsmap is not None:
        normalizers.append({"type": "Precompiled", "precompiled_charsmap": tokenizer.charsmap})
    before = [{"type": "Metaspace", "replacement": META, "prepend_scheme": "always", "split": True}]
    if tokenizer.all_white_space:
        before.insert(0, {"type": "WhitespaceSplit"})
    else:
        if not tokenizer.keep_last_space:
            normalizers.append({"type": "Replace", "pattern": _AROUND, "content": ""})
        normalizers.append({"type": "Replace", "pattern": _SPACES, "content": " "})
    decoder = {"type": "Metaspace", "replacement": META, "prepend_scheme": "always", "split": True}
    if tokenizer.byte_fallback:
        decoder = {"type": "Sequence", "decoders": [decoder, {"type": "ByteFallback"}]}
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            out.added(token, vocabulary, lstrip=token == mask)
            for token in sorted(special, key=vocabulary.id_of)
        ],
        "normalizer": {"type": "Sequence", "normalizers": normalizers},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": before},
        "post_processor": out.template(tokenizer),
        "decoder": decoder,
        "model": _model(tokenizer),
    }
    names = {"bos": cls, "eos": sep, "unk": unk, "sep": sep, "pad": pad, "cls": cls, "mask": mask}
    config = {f"{name}_token": token for name, token in names.items()}
    return {
        "tokenizer.json": json.dumps(content, ensure_ascii=False) + "\n",
        "tokenizer_config.json": out.tokenizer_config(config, out.input_names(tokenizer), max_length),
    }
