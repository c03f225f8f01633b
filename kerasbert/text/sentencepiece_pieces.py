"""The pieces of a SentencePiece model as symbols, and their scores."""

import collections
import math
from collections.abc import Sequence

from kerasbert import checks
from kerasbert.text.byte_fallback import BYTE_PIECES
from kerasbert.text.piece_characters import META, PREFIX
from kerasbert.text.sentencepiece_entries import BPE
from kerasbert.text.sentencepiece_files import SentencePieceVocabulary


def checked_scores(
    scores: Sequence[float], vocabulary: SentencePieceVocabulary, kind: str
) -> tuple[float, ...]:
    """Checks that there is a finite score for each piece of a model of a kind, and returns them as float."""
    given, found = scores, []
    # Scores of BPE models are negative ranks; those of Unigram models are added up.
    most, numbers = (math.inf, "finite number") if kind == BPE else (1e4, "number between -10,000 and 10,000")
    try:
        found = [float(score) for score in scores]
        good = len(found) == len(vocabulary) and all(-most < score < most for score in found)
    except (TypeError, ValueError):
        good = False
    if not good:
        odd = [(vocabulary[i], s) for i, s in enumerate(found[: len(vocabulary)]) if not -most < s < most]
        raise checks.invalid(
            f"There must be a score for each piece, a {numbers}.",
            fix="Pass the scores of the model that the pieces are from.",
            where="SentencePieceTokenizer",
            pieces=len(vocabulary),
            scores=len(found) or given,
            out_of_range=odd[:5],
        )
    return tuple(found)


def pieces_of(vocabulary, scores, byte_fallback):
    """The pieces that a text can be split into, as symbols.

    Args:
        vocabulary: `SentencePieceVocabulary`.
        scores: sequence of float.
        byte_fallback: bool, whether byte pieces stand for bytes, and are not found as they are written.

    Returns:
        (symbols, dict, character -> symbol, `META` first and then the most frequent ones, for a small trie;
        pieces, dict, tuple of symbols -> id; lowest, float, the lowest score of a piece).
    """
    apart = {*vocabulary.special_tokens, *(BYTE_PIECES if byte_fallback else ())}
    ordinary = {piece: i for i, piece in enumerate(vocabulary) if piece not in apart}
    counts = collections.Counter(c for piece in ordinary for c in piece if c != META)
    symbols = {META: PREFIX} | {c: PREFIX + i for i, (c, _) in enumerate(counts.most_common(), start=1)}
    # No text has `META` inside of a word.
    matched = {piece: i for piece, i in ordinary.items() if META not in piece[1:]}
    pieces = {tuple(symbols[c] for c in piece): i for piece, i in matched.items()}
    return symbols, pieces, min((scores[i] for i in ordinary.values()), default=0.0)
