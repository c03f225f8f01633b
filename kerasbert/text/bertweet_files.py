"""The files of BERTweet's tokenizer: `vocab.txt` and `bpe.codes`, as fastBPE writes them."""

import json
import os

from kerasbert import checks
from kerasbert.json_files import json_field, read_json
from kerasbert.text.roberta_files import MASK, RobertaVocabulary, checked_merges
from kerasbert.text.vocabulary import read_utf8

FILES = ("vocab.txt", "bpe.codes")
# The tokens before those of the file.
_FIRST = ("<s>", "<pad>", "</s>", "<unk>")


class BertweetVocabulary(RobertaVocabulary):
    """A `RobertaVocabulary` of BERTweet's tokens: one that a word goes on behind ends with `@@`."""

    model = "BERTweet"


def read_folder(folder):
    """Reads the tokens, the merges and the options of `BertweetTokenizer` from a folder.

    A line of `vocab.txt` is a token and how often it occurred; `<s>`, `<pad>`, `</s>` and `<unk>` come before
    the first, and `<mask>` after the last unless it is in the file. A line of `bpe.codes` is two tokens, and
    how often they occurred.
    """
    vocab_txt, codes = (os.path.join(folder, name) for name in FILES)
    tokens, merges = [*_FIRST], []
    for token, _ in _lines(vocab_txt, "a token and a number"):
        tokens.append(token)
    for pair, _ in _lines(codes, "two tokens and a number"):
        merges.append(pair)
    tokens += [MASK] * (MASK not in tokens)
    path, options = os.path.join(folder, "tokenizer_config.json"), {}
    if os.path.isfile(path):
        options["normalization"] = json_field(read_json(path), "normalization", bool, path, False)
    return BertweetVocabulary(tokens, vocab_txt), checked_merges(merges, codes), options


def _lines(path, rule):
    for row, line in enumerate(read_utf8(path).split("\n"), start=1):
        if line.strip():
            first, space, count = line.strip().rpartition(" ")
            if not space or not count.isdecimal():
                raise checks.invalid(
                    f"Each line must have {rule}.",
                    fix="Use the file of the checkpoint. (transformers writes `bpe.codes` without numbers, "
                    "and cannot read it back.)",
                    where=path,
                    row=row,
                    line=line,
                )
            yield first, count


def folder_files(tokenizer, max_length=None):
    """The Hugging Face files of a `BertweetTokenizer`, as a dict: file name -> content (str)."""
    tokens = [token for token in tokenizer.vocabulary if token not in (*_FIRST, MASK)]
    if [*tokenizer.vocabulary] != [*_FIRST, *tokens, MASK]:
        raise checks.invalid(
            f"The vocabulary must begin with {', '.join(_FIRST)} and end with {MASK}: a file cannot say "
            "anything else.",
            fix="Save the task as a .keras file.",
            where="BertweetTokenizer.save_to_folder",
            vocabulary=[*tokenizer.vocabulary],
        )
    config = {"tokenizer_class": "BertweetTokenizer", "normalization": tokenizer.normalization}
    if max_length is not None:
        checks.positive_int("save_to_folder", max_length=max_length)
        config["model_max_length"] = max_length
    return {
        "vocab.txt": "".join(f"{token} 1\n" for token in tokens),
        "bpe.codes": "".join(f"{merge} 1\n" for merge in tokenizer.merges),
        "tokenizer_config.json": json.dumps(config, indent=2) + "\n",
    }
