"""How well a model finds entities, by type, and which of its mistakes are near misses."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.evaluation.evaluation import Evaluation, Mistake
from kerasbert.pages import Table

Span = tuple[int, int, str]  # start, end, type; in words, or in characters
KINDS = ("right", "wrong_borders", "wrong_type", "missed", "invented")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class EntityEvaluation(Evaluation):
    """How well a model finds entities.

    `scores` are `f1`, `precision` and `recall`, for which borders and type must both be right, as in
    `entity_scores`; and `partial_f1`, in which an entity of the right type with wrong borders counts half
    (MUC-5, Chinchor & Sundheim 1993, https://aclanthology.org/M93-1007).

    Args:
        true, answered: for each row a list of `(start, end, type)`, in words, or in characters if a file was
            evaluated without its task.
        pieces: for each row a list of str, the words or characters that positions count.
        model, texts, lengths, length_unit, columns: see `Evaluation`.
    """

    true: Sequence[list[Span]]
    answered: Sequence[list[Span]]
    pieces: Sequence[Sequence[str]]

    title = "Entities"
    scale = Evaluation.scale + " In partial F1, an entity with wrong borders counts half."

    def same_labels(self, other: "EntityEvaluation") -> bool:
        """Whether another evaluation has the same right answers."""
        return list(map(sorted, self.true)) == list(map(sorted, other.true))

    @functools.cached_property
    def matches(self) -> list[list[tuple[str, Span | None, Span | None]]]:
        """For each row, `(kind, true entity, answer)`; kinds are `right`, `wrong_borders` (of the right
        type), `wrong_type` (with the same borders or others that overlap), `missed` and `invented`."""
        return [match(*row) for row in zip(self.true, self.answered, strict=True)]

    @functools.cached_property
    def row_counts(self) -> np.ndarray:
        """float64 array `(rows, 4)`: right entities, those with wrong borders, found ones and true ones."""
        rows = [
            (
                sum(kind == "right" for kind, _, _ in row),
                sum(kind == "wrong_borders" for kind, _, _ in row),
                sum(answer is not None for _, _, answer in row),
                sum(true is not None for _, true, _ in row),
            )
            for row in self.matches
        ]
        return np.array(rows, "float64").reshape(-1, 4)

    def scores_of(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """See `Evaluation.scores_of`."""
        right, near, found, true = np.moveaxis(sums, -1, 0)
        both = np.maximum(found + true, 1e-12)
        return {
            "f1": 2 * right / both,
            "precision": right / np.maximum(found, 1e-12),
            "recall": right / np.maximum(true, 1e-12),
            "partial_f1": 2 * (right + near / 2) / both,
        }

    @functools.cached_property
    def types(self) -> dict[str, dict[str, float]]:
        """dict, type -> `precision`, `recall`, `f1`, `support`, and how many are `wrong_borders`,
        `wrong_type`, `missed` and `invented`."""
        names = sorted({span[2] for rows in (self.true, self.answered) for row in rows for span in row})
        counts = {name: dict.fromkeys(KINDS, 0) for name in names}
        support, found = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
        for row in self.matches:
            for kind, true, answer in row:
                counts[(true or answer)[2]][kind] += 1  # type: ignore[index]
                if true:
                    support[true[2]] += 1
                if answer:
                    found[answer[2]] += 1
        return {
            name: {
                "precision": counts[name]["right"] / max(found[name], 1),
                "recall": counts[name]["right"] / max(support[name], 1),
                "f1": 2 * counts[name]["right"] / max(found[name] + support[name], 1),
                "support": support[name],
                **{kind: counts[name][kind] for kind in KINDS[1:]},
            }
            for name in names
        }

    def mistakes(self, count: int = 20) -> list[Mistake]:
        """Returns the rows with the most wrong entities.

        Args:
            count: int, how many at most.

        Returns:
            List of `Mistake`, the worst first; `expected` and `answer` show the entities that differ.
        """
        checks.not_negative_int("mistakes", count=count)
        wrong = np.array([sum(kind != "right" for kind, _, _ in row) for row in self.matches])
        worst = [row for row in np.argsort(-wrong, kind="stable")[:count] if wrong[row]]
        return [
            Mistake(int(row), self.texts[row], self._shown(row, self.true), self._shown(row, self.answered))
            for row in worst
        ]

    def _shown(self, row, spans):
        right = {true for kind, true, _ in self.matches[row] if kind == "right"}
        pieces = self.pieces[row]
        joint = "" if isinstance(pieces, str) else " "
        shown = [
            f"{joint.join(pieces[s:e])} ({t})" for s, e, t in sorted(spans[row]) if (s, e, t) not in right
        ]
        return ", ".join(shown) or "none"

    def details(self) -> list[Table]:
        """Returns the table of types."""
        rows: list[Any] = [[name, *row.values()] for name, row in self.types.items()]
        rows.sort(key=lambda row: row[3])
        header = [
            "type",
            "precision",
            "recall",
            "F1",
            "entities",
            *(kind.replace("_", " ") for kind in KINDS[1:]),
        ]
        note = (
            "The type with the lowest F1 comes first. Wrong borders: the right type, a word too many or few."
        )
        return [Table("Types", header, rows, note, wide=True)]


def match(true: Sequence[Span], answered: Sequence[Span]) -> list[tuple[str, Span | None, Span | None]]:
    """Pairs true entities with answers: equal ones first, then those that overlap most.

    Args:
        true, answered: sequences of `(start, end, type)`.

    Returns:
        List of `(kind, true entity or None, answer or None)`; see `EntityEvaluation.matches`.

    Example:

    >>> match([(0, 2, "LOC"), (4, 5, "PER")], [(0, 1, "LOC"), (7, 8, "PER")])
    [('wrong_borders', (0, 2, 'LOC'), (0, 1, 'LOC')), ('missed', (4, 5, 'PER'), None), \
('invented', None, (7, 8, 'PER'))]
    """
    left, open_ = list(true), list(answered)
    found: list[tuple[str, Span | None, Span | None]] = []
    for span in list(left):
        if span in open_:
            found.append(("right", span, span))
            left.remove(span)
            open_.remove(span)
    pairs = [
        (one[2] != other[2], -overlap, one, other)
        for one in left
        for other in open_
        if (overlap := min(one[1], other[1]) - max(one[0], other[0])) > 0
    ]
    for other_type, _, one, other in sorted(pairs):
        if one in left and other in open_:
            found.append(("wrong_type" if other_type else "wrong_borders", one, other))
            left.remove(one)
            open_.remove(other)
    return [*found, *(("missed", one, None) for one in left), *(("invented", None, other) for other in open_)]
