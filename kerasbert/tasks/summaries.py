"""Summaries out of the sentences of a document."""

import dataclasses

import numpy as np

from kerasbert.data import summary_words

UNSCORED = -1.0


@dataclasses.dataclass(frozen=True)
class Summary:
    """Sentences that stand for a document, in its order.

    Args:
        text: str, the sentences, one a line.
        sentences: tuple of `(start, end)`, where each stands in the document, in characters. Of a document
            that came as sentences, in the text that these are with line breaks between.
        indices: tuple of int, the number of each among the document's sentences, from 0.
        scores: tuple of float, the probability that each belongs in the summary.
    """

    text: str
    sentences: tuple[str, ...]
    indices: tuple[int, ...]
    scores: tuple[float, ...]


def best_summary(text, spans, scores, max_sentences=3, trigram_blocking=True):
    """Takes sentences by their scores, the first of equals.

    Args:
        text: str, the document.
        spans: list of `(start, end)` of its sentences.
        scores: float array, one to a sentence; `UNSCORED` for one that cannot be taken.
        max_sentences: int.
        trigram_blocking: bool, whether a sentence is passed over that has three words in a row, or five
            Chinese characters, with one that is taken already.

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
    """What two sentences should not have in common, as a set of tuples of words."""
    words = summary_words(sentence)
    # Three Chinese characters are often one name. In the parallel paragraphs of XQuAD, 9 % of the pairs of
    # sentences have three English words in common, 9 % five Chinese characters, 38 % three.
    length = 5 if any("\u3400" <= word[0] <= "\u9fff" for word in words) else 3
    return set(zip(*(words[i:] for i in range(length)), strict=False))
