"""The entities that a task predicts, and their precision, recall and F1."""

import dataclasses
import itertools

from kerasbert import checks
from kerasbert.data import convert, entities, no_rows


@dataclasses.dataclass(frozen=True)
class Entity:
    """A named entity in a text, or whatever else the labels name.

    Args:
        text: str, the characters from `start` to `end`.
        type: str, such as `"PER"`.
        score: float, the mean probability of the labels of its words.
        start: int, the position of its first character in the text. If the row was a list of words, the text
            is these words joined by blanks.
        end: int, the position after its last character.
        first_word: int, the position of its first word in the row.
        end_word: int, the position after its last word.
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
        spans: list of `(start, end)`, the positions of its words in characters.
        labels: list of str, one for each word.
        scores: float array, the probability of each label.
        scheme: str, one of `SCHEMES`.

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
    """Splits the values of all words into rows."""
    return [values[begin:end] for begin, end in itertools.pairwise(splits)]


def scores_of(y_true, y_pred, scheme):
    """Computes precision, recall and F1 of entities as seqeval does in its default mode.

    Args:
        y_true: list of lists of str, the right label of each word.
        y_pred: list of lists of str, the predicted label of each word.
        scheme: str, one of `SCHEMES`, the scheme of all labels.

    Returns:
        dict of `precision`, `recall`, `f1` (over all entities) and `support` (the number of entities), and
        `types`, a dict of the same for each type. A score whose denominator is zero is 0.

    Raises:
        ImportError: if seqeval is not installed.
        ValueError: if there are no rows.
    """
    if not y_true:
        raise no_rows("entity_scores")
    seqeval = checks.require("seqeval.metrics", 'pip install "kerasbert[ner]"', "`entity_scores`")
    # seqeval supports fewer schemes; converting the labels does not change the entities.
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
