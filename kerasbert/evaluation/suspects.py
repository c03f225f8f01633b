"""Labels that may be wrong, and texts that are in both the training set and the test set."""

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.evaluation.probabilities import checked_classes


@dataclasses.dataclass(frozen=True)
class Suspect:
    """A row whose label may be wrong.

    Args:
        row: int, its number in `x`.
        text: str.
        label: str, the label that it has.
        suggestion: str, the class that it more likely belongs to.
        probability: float, how probable the model finds its label.
    """

    row: int
    text: str
    label: str
    suggestion: str
    probability: float


def suspected_labels(probabilities: Any, true: Any) -> list[tuple[int, int, float]]:
    """Finds labels that are probably wrong, by confident learning.

    Northcutt et al. 2021, https://arxiv.org/abs/1911.00068. The model is confident that a row belongs
    to a class if the row's probability is at least the mean probability of this class among the rows that
    have it as their label. A row is suspected if the model is confident that it belongs to another class
    than its label says.

    The model must not have learned from these rows, or it will have learned their wrong labels, too: pass a
    development set, or probabilities from cross-validation.

    Args:
        probabilities: float array `(rows, C)`.
        true: int array `(rows,)`, the class number of each row's label.

    Returns:
        List of `(row, suggested class, probability of the label)`, the least probable label first.

    Raises:
        ValueError: if the shapes do not fit together, or a class number is not between 0 and C - 1.

    Example:

    >>> import numpy as np
    >>> probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.95, 0.05]])
    >>> suspected_labels(probabilities, np.array([0, 0, 1, 1, 1]))
    [(4, 0, 0.05)]
    """
    probabilities, true = checked_classes(probabilities, true, "suspected_labels")
    rows, classes = probabilities.shape
    means = np.full(classes, np.inf)
    for number in range(classes):
        if (true == number).any():
            means[number] = probabilities[true == number, number].mean()
    confident = np.where(probabilities >= means, probabilities, -1.0)
    best = confident.argmax(-1)
    own = probabilities[np.arange(rows), true]
    found = np.flatnonzero((confident.max(-1) >= 0) & (best != true))
    found = found[np.argsort(own[found], kind="stable")]
    return [(int(row), int(best[row]), float(own[row])) for row in found]


@dataclasses.dataclass(frozen=True)
class Duplicate:
    """A text of a test set that is also in the training set, or nearly so.

    Args:
        row: int, its number in the test set.
        text: str.
        train_row: int, the number of the text in the training set that is most like it.
        train_text: str.
        similarity: float from 0 to 1; 1 if both differ in case, marks and spaces at most.
    """

    row: int
    text: str
    train_row: int
    train_text: str
    similarity: float


def duplicates(train: Sequence[str], test: Sequence[str], least: float = 0.9) -> list[Duplicate]:
    """Finds texts of a test set that are in the training set, too: scores on these are too good.

    Texts are compared by the cosine of their TF-IDF vectors of four neighbouring characters, without regard
    to case, marks and spaces.

    Args:
        train, test: sequences of str.
        least: float from 0 to 1, the smallest similarity that counts.

    Returns:
        List of `Duplicate`, the most similar first.

    Raises:
        ImportError: if scikit-learn is missing.

    Example:

    >>> found = duplicates(["A good film!", "A bad film"], ["a good film", "x"])
    >>> [(pair.row, pair.train_row) for pair in found]
    [(0, 0)]
    """
    checks.rate("duplicates", least=least)
    train, test = (_texts(texts, name) for name, texts in (("train", train), ("test", test)))
    install = 'pip install "kerasbert[evaluation]"'
    features = checks.require("sklearn.feature_extraction.text", install, "A search for duplicates")
    neighbors = checks.require("sklearn.neighbors", install, "A search for duplicates")
    known = [_plain(text) for text in train]
    asked = [_plain(text) for text in test]
    first = {text: row for row, text in reversed(list(enumerate(known)))}
    pairs = {row: (first[text], 1.0) for row, text in enumerate(asked) if text in first}
    rest = [row for row in range(len(test)) if row not in pairs]
    if rest and train and least < 1:
        # Learned from both sets, or what only a text of the test set has would not count as a difference.
        vectors = features.TfidfVectorizer(analyzer=_fours).fit_transform([*known, *asked])
        nearest = neighbors.NearestNeighbors(n_neighbors=1, metric="cosine").fit(vectors[: len(known)])
        distances, found = nearest.kneighbors(vectors[[len(known) + row for row in rest]])
        for row, distance, other in zip(rest, distances[:, 0], found[:, 0], strict=True):
            if 1 - distance >= least:
                pairs[row] = (int(other), float(min(1 - distance, 0.9999)))
    found = [Duplicate(row, test[row], other, train[other], share) for row, (other, share) in pairs.items()]
    return sorted(found, key=lambda pair: (-pair.similarity, pair.row))


def _plain(text):
    """A text in small letters, with single spaces and no marks; a text of marks alone stays as it is."""
    return " ".join(re.findall(r"\w+", text.casefold())) or text


def _fours(text):
    """Four neighbouring characters each; with spaces around, so that shorter texts have some, too."""
    padded = f"   {text}   "
    return [padded[i : i + 4] for i in range(len(padded) - 3)]


def _texts(texts, name):
    """Texts as a list of str; raises TypeError if they are none."""
    listed = list(texts) if hasattr(texts, "__iter__") and not isinstance(texts, (str, bytes)) else None
    if listed is None or not all(isinstance(text, str) for text in listed):
        raise checks.invalid(
            f"`{name}` must be a sequence of str.",
            fix="For pairs, join the texts of each row.",
            where="duplicates",
            kind=TypeError,
            **{name: texts if listed is None else listed},
        )
    return [str(text) for text in listed]
