"""The pieces and scores in a `tokenizer.json` of Hugging Face: Unigram and SentencePiece's BPE models."""

from kerasbert import checks
from kerasbert.json_files import json_field
from kerasbert.text.byte_fallback import BYTE_PIECES
from kerasbert.text.huggingface import tokens_by_id
from kerasbert.text.piece_characters import META
from kerasbert.text.roberta_files import ROBERTA_SPECIAL_TOKENS

UNIGRAM, BPE = "unigram", "bpe"


def read_entries(model, where):
    """Reads the `model` of a tokenizer.json.

    Args:
        model: dict.
        where: str, the path of the file, for error messages.

    Returns:
        (kind, `UNIGRAM` or `BPE`; pieces, list of str; scores, list of float).

    Raises:
        ValueError: if it is no such model, or a damaged one.
    """
    if model.get("type") == "BPE":
        return (BPE, *_of_pairs(model, where))
    entries = json_field(model, "vocab", list, where, [])
    good = all(isinstance(e, list) and len(e) == 2 and isinstance(e[0], str) for e in entries)
    if not good or not entries:
        raise _damaged("list pieces with their scores", where, vocab=entries[:5])
    return UNIGRAM, [piece for piece, _ in entries], [score for _, score in entries]


def _of_pairs(model, where):
    numbers = json_field(model, "vocab", dict, where, {})
    pieces = tokens_by_id(numbers, where)
    merges = [m.split(" ") if isinstance(m, str) else m for m in json_field(model, "merges", list, where, [])]
    if not all(isinstance(m, list) and len(m) == 2 and {*map(type, m)} == {str} for m in merges):
        raise _damaged("list pairs of pieces", where, merges=merges[:5])
    scores = {}
    for left, right in merges:
        scores.setdefault(left + right, -1.0 - len(scores))
    scores = [scores.get(piece, 0.0) for piece in pieces]
    byte_fallback = json_field(model, "byte_fallback", bool, where, False)
    expected = {*map(tuple, merges_of(pieces, scores, byte_fallback, where))}
    odd = expected ^ {pair for pair in map(tuple, merges) if META not in "".join(pair)[1:]}
    if odd:
        rule = "have a merge for each way in which two pieces make a third"
        raise _damaged(rule, where, merges=sorted(odd)[:5])
    return pieces, scores


def merges_of(vocabulary, scores, byte_fallback, where):
    """The merges that Hugging Face's files list for a BPE model of SentencePiece, in their order.

    Args:
        vocabulary: sequence of str.
        scores: sequence of float.
        byte_fallback: bool, whether byte pieces stand for bytes, so that no merge makes them.
        where: str, the place to show in errors.

    Returns:
        list of [left piece, right piece].

    Raises:
        ValueError: if no two pieces make a piece, as where "ax" is a piece and "x" is none. SentencePiece
            finds it, since it also merges characters that are no pieces, and Hugging Face never does.
    """
    by_piece = dict(zip(vocabulary, scores, strict=True))
    apart = {*ROBERTA_SPECIAL_TOKENS, *(BYTE_PIECES if byte_fallback else ())}
    longer = [p for p in vocabulary if len(p) > 1 and META not in p[1:] and p not in apart]
    merges = [
        [piece[:cut], piece[cut:]]
        for piece in sorted(longer, key=lambda piece: -by_piece[piece])
        for cut in range(1, len(piece))
        if piece[:cut] in by_piece and piece[cut:] in by_piece
    ]
    unmade = {*longer} - {left + right for left, right in merges}
    if unmade:
        raise checks.invalid(
            "In a `tokenizer.json`, two pieces must make each longer piece of a BPE model, "
            "because Hugging Face's library finds no others. A longer piece has several characters.",
            fix="Keep such a model in its `.model` file or in a `.keras` file.",
            where=where,
            pieces=sorted(unmade)[:5],
        )
    return merges


def _damaged(rule, where, **received):
    return checks.invalid(
        f"The model of a tokenizer.json of SentencePiece must {rule}.",
        fix="Save the tokenizer again.",
        where=where,
        **received,
    )
