"""Chooses the sentences of a document that are most similar to a reference summary."""

import collections
from collections.abc import Sequence

from kerasbert import checks
from kerasbert.data.rouge import summary_words


def oracle_labels(sentences: Sequence[str], summary: str, max_sentences: int = 3) -> list[int]:
    """Chooses the sentences that together are most similar to a summary, as labels for training.

    The choice is greedy, as in Nallapati et al. 2017, section 3, https://arxiv.org/abs/1611.04230, and Liu
    2019, section 4.1, https://arxiv.org/abs/1903.10318: each step chooses the sentence that increases the sum
    of the F1 of ROUGE-1 and ROUGE-2 most (the first one if several do), and the steps end when no sentence
    increases it. ROUGE counts the words of `summary_words`, and pairs of neighbouring words within a
    sentence, as often as they occur.

    Args:
        sentences: list of str, the sentences of a document.
        summary: str, the reference summary.
        max_sentences: int, the most sentences to choose.

    Returns:
        List of int, 1 for a chosen sentence and 0 for the others. All are 0 if no sentence shares a word with
        the summary.

    Example:

    >>> oracle_labels(["Ann sat.", "It rained.", "Then Ann left Rome."], "Ann left Rome.")
    [0, 0, 1]
    """
    checks.positive_int("oracle_labels", max_sentences=max_sentences)
    target = [_grams(summary, n) for n in (1, 2)]
    candidates = [[_grams(sentence, n) for n in (1, 2)] for sentence in sentences]
    chosen: list[int] = []
    best = 0.0
    have: list[collections.Counter[tuple[str, ...]]] = [collections.Counter(), collections.Counter()]
    while len(chosen) < max_sentences:
        # A sentence that shares no word with the summary can only lower the score.
        scores = {
            i: _score(have, grams, target)
            for i, grams in enumerate(candidates)
            if i not in chosen and not target[0].keys().isdisjoint(grams[0])
        }
        first = max(scores, key=scores.__getitem__, default=None)
        if first is None or scores[first] <= best:
            break
        chosen.append(first)
        best = scores[first]
        have = [a + b for a, b in zip(have, candidates[first], strict=True)]
    return [int(i in chosen) for i in range(len(candidates))]


def _grams(text, n):
    words = summary_words(text)
    return collections.Counter(zip(*(words[i:] for i in range(n)), strict=False))


def _score(have, more, target):
    """The F1 of ROUGE-1 plus that of ROUGE-2 for the chosen sentences and one more."""
    return sum(_f1(a + b, c) for a, b, c in zip(have, more, target, strict=True))


def _f1(found, target):
    common = (found & target).total()
    return 2 * common / (found.total() + target.total()) if common else 0.0
