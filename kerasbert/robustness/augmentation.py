"""Perturbations as training augmentation."""

import itertools
import numbers
import random
from collections.abc import Iterable
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data import RowStream, are_words, is_pair, same_length, texts_in_memory
from kerasbert.robustness.changes import apply, named
from kerasbert.robustness.perturbations import TYPOS, Perturbation
from kerasbert.types import Labels, Rows

# What labels consist of that say nothing of positions.
_PLAIN = (str, bytes, numbers.Number, np.generic)


def augmented(
    x: Rows,
    y: Labels = None,
    perturbations: Perturbation | Iterable[Perturbation] | dict[str, Perturbation] = TYPOS,
    rate: float = 0.5,
    seed: int = 0,
) -> RowStream:
    """Returns rows for `fit`, in which some of the texts are perturbed, different ones in each epoch.

    A model that was trained on them changes its answers less often when texts change in this way;
    `invariance` measures it. In pairs, both texts are perturbed. If rows are lists of words, or of sentences,
    with a label for each, one of them is perturbed; it stays as it is if it would become more or fewer words.

    Which texts are perturbed, and how, depends on `seed`, on the row and on how often the rows were read. A
    `fit` that resumes in another process reads them from the beginning, and gets the perturbations of the
    first epochs again.

    Args:
        x: a list of texts, a tuple of two such lists, or lists of words or of sentences.
        y: labels, one for each row, which do not depend on positions in the text: classes, numbers, or labels
            of words or sentences. None for rows without labels, as `BertMaskedLM` takes them.
        perturbations: functions from text to text, of which one is drawn for each text.
        rate: float from 0 to 1, the fraction of the texts that are perturbed.
        seed: int.

    Returns:
        `RowStream` of the same number of rows, which `fit` takes as `x`, without a `y`.

    Raises:
        TypeError: if `x` is the rows of a reader.
        ValueError: if there are not as many labels as rows, or labels are positions in the text, which would
            be wrong.

    Example:

    >>> rows = augmented(["what a wonderful film"], ["good"], rate=1.0, seed=1)
    >>> list(rows)
    [('what a wonderful iflm', 'good')]
    >>> list(rows) == list(rows)
    False
    """
    checks.rate("augmented", rate=rate)
    changes = list(named(perturbations).items())
    if isinstance(x, RowStream) or isinstance(y, (str, bytes)):
        raise checks.invalid(
            "Rows to be augmented must be texts in memory, with a list of labels.",
            fix="Pass two lists; of the rows of a reader, `[row for row, _ in rows]` and the labels.",
            where="augmented",
            kind=TypeError,
            x=type(x).__name__,
            y=y,
        )
    words = are_words(x) and not is_pair(x)
    columns = [list(x)] if words else texts_in_memory(x)
    labels = None if y is None else list(y)
    same_length("augmented", **{f"texts_{i}": column for i, column in enumerate(columns)}, y=labels)
    for row, label in enumerate(labels or ()):
        _refuse_positions(label, row)
    passes = itertools.count()

    def changed(text, draw):
        name, change = draw.choice(changes)
        return apply(change, text, f"{draw.random()}", name)

    def changed_words(row, draw):
        name, change = draw.choice(changes)
        number = draw.randrange(len(row))
        new = apply(change, row[number], f"{draw.random()}", name)
        whole = len(new.split()) == len(row[number].split())
        return [new if i == number and whole else word for i, word in enumerate(row)]

    def read():
        this_pass = next(passes)
        for row in range(len(columns[0])):
            draw = random.Random(f"{seed}/{this_pass}/{row}")
            texts = [column[row] for column in columns]
            if draw.random() < rate:
                change = changed_words if words else changed
                texts = [change(text, draw) if len(text) else text for text in texts]
            x_row = tuple(texts) if len(texts) > 1 else texts[0]
            yield x_row if labels is None else (x_row, labels[row])

    return RowStream(read, labelled=labels is not None, source=f"{len(columns[0])} augmented rows")


def _refuse_positions(label: Any, row: int) -> None:
    """Raises ValueError if a label is more than a name, a number or a flat list of these."""
    parts = label if isinstance(label, (list, tuple)) else ()
    if isinstance(label, dict) or not all(isinstance(part, _PLAIN) for part in parts):
        raise checks.invalid(
            "Labels must not be positions in a text: these move when the text is perturbed.",
            fix="For entities, pass lists of words with a label for each word.",
            where=f"augmented, row {row}",
            label=label,
        )
