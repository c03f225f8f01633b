"""Entities that a task found, and how many of them are right."""

import dataclasses
import itertools

from kerasbert import checks
from kerasbert.data import convert, entities


@dataclasses.dataclass(frozen=True)
class Entity:
    """A named entity in a text, or whatever else the labels name.

    Args:
        text: str, the characters from `start` to `end`.
        type: str, such as `"PER"`.
        score: float, the mean over its words of the probability of their labels.
        start: int, its first character in the text. Of a row that came as words, in the text that these are
            with blanks between.
        end: int, the character after its last.
        first_word: int, the number in the row of its first word.
        end_word: int, that of the word after its last.
    """

    text: str
    type: str
    score: float
    start: int
    end: int
    first_word: int
    end_word: int


def entities_of(text, spans, labels, scores, scheme):
    """Builds the entities of one row.

    Args:
        text: str.
        spans: list of `(start, end)` of its words, in characters.
        labels: list of str, one to a word.
        scores: float array, the probability of each label.
        scheme: str, of `SCHEMES`.

    Returns:
        List of `Entity`.
    """
    found = []
    for first, after, type_ in entities(labels, scheme):
        start, end = spans[first][0], spans[after - 1][1]
        score = float(scores[first:after].mean())
        found.append(Entity(text[start:end], type_, score, start, end, first, after))
    return found


def by_row(values, splits):
    """Cuts the values of all words into rows."""
    return [values[begin:end] for begin, end in itertools.pairwise(splits)]


def scores_of(y_true, y_pred, scheme):
    """Precision, recall and F1 of entities, as seqeval computes them in its default mode.

    Args:
        y_true: list of lists of str, one label to a word.
        y_pred: as many predicted ones.
        scheme: str, of `SCHEMES`, that of all labels.

    Returns:
        dict of `precision`, `recall`, `f1` (over all entities) and `support` (how many there are); and
        `types`, the same by type. What would be divided by zero is 0.

    Raises:
        ImportError: if seqeval is not installed.
    """
    seqeval = checks.require("seqeval.metrics", 'pip install "kerasbert[ner]"', "`entity_scores`")
    # seqeval knows fewer schemes; entities are read the same.
    y_true, y_pred = ([convert(labels, scheme, "BIO") for labels in rows] for rows in (y_true, y_pred))
    names = ("precision", "recall", "f1", "support")
    if all(label == "O" for rows in (y_true, y_pred) for labels in rows for label in labels):
        return dict(zip(names, (0.0, 0.0, 0.0, 0), strict=True)) | {"types": {}}
    report = seqeval.classification_report(y_true, y_pred, output_dict=True, zero_division=0)

    def numbers(row):
        values = (float(row["precision"]), float(row["recall"]), float(row["f1-score"]), int(row["support"]))
        return dict(zip(names, values, strict=True))

    averages = {name: report.pop(f"{name} avg") for name in ("micro", "macro", "weighted")}
    return numbers(averages["micro"]) | {"types": {type_: numbers(row) for type_, row in report.items()}}
