"""Extractive summaries: chooses sentences of a document."""

import dataclasses

import numpy as np

from kerasbert.data import summary_words

UNSCORED = -1.0


@dataclasses.dataclass(frozen=True)
class Summary:
    """The sentences that summarize a document, in the order of the document.

    Args:
        text: str, the sentences, one on each line.
        sentences: tuple of `(start, end)`, the position of each sentence in the document, in characters. If
            the document was a list of sentences, it is these sentences joined by line breaks.
        indices: tuple of int, the index of each sentence in the document, from 0.
        scores: tuple of float, the probability that each sentence belongs in the summary.
    """

    text: str
    sentences: tuple[tuple[int, int], ...]
    indices: tuple[int, ...]
    scores: tuple[float, ...]


def best_summary(text, spans, scores, max_sentences=3, trigram_blocking=True):
    """Chooses the sentences with the highest scores; of equal scores, the first.

    Args:
        text: str, the document.
        spans: list of `(start, end)`, the positions of its sentences.
        scores: float array, one for each sentence; `UNSCORED` for a sentence that must not be chosen.
        max_sentences: int.
        trigram_blocking: bool, whether to skip a sentence that has three words in a row, or five Chinese
            characters, in common with a sentence that has already been chosen.

    Returns:
        `Summary`.

    Example:

    >>> text = "He sat in Rome. She sat in Rome. It rained."
    >>> best = best_summary(text, [(0, 15), (16, 32), (33, 43)], np.array([0.9, 0.8, 0.7]), max_sentences=2)
    >>> best.text, best.indices
    ('He sat in Rome.\\nIt rained.', (0, 2))
    """
    taken, seen = [], set()
    for number in np.argsort(-scores, kind="stable").tolist():
        if len(taken) == max_sentences or scores[number] == UNSCORED:
            break
        runs = _runs(text[slice(*spans[number])]) if trigram_blocking else set()
        if seen.isdisjoint(runs):
            taken.append(number)
            seen |= runs
    taken.sort()
    return Summary(
        "\n".join(text[slice(*spans[number])] for number in taken),
        tuple(spans[number] for number in taken),
        tuple(taken),
        tuple(float(scores[number]) for number in taken),
    )


def _runs(sentence):
    """The n-grams that a sentence should not have in common with another, as a set of tuples of words."""
    words = summary_words(sentence)
    # Three Chinese characters are often one name. In the parallel paragraphs of XQuAD, 9 % of the pairs of
    # English sentences share three words, 9 % of the Chinese ones five characters, and 38 % three characters.
    length = 5 if any("\u3400" <= word[0] <= "\u9fff" for word in words) else 3
    return set(zip(*(words[i:] for i in range(length)), strict=False))
