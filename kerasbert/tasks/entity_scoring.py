"""How well a token classifier finds entities: precision, recall and F1."""

import itertools
from typing import Any

from kerasbert.data import IGNORED, OUTSIDE, spans_to_labels
from kerasbert.tasks.entities import by_row, scores_of
from kerasbert.types import Labels, Rows


class EntityScoring:
    """The part of a token classifier that compares entities with right ones."""

    def entity_scores(
        self,
        x: Rows,
        y: Labels = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        callbacks: Any = None,
    ) -> dict[str, Any]:
        """Computes precision, recall and F1 of entities; span and type must both be right.

        seqeval computes them in its default mode (`conlleval`; Tjong Kim Sang & Buchholz 2000).

        Args:
            x, y: as for `fit`. Words with the label -100 count as outside.
            batch_size, verbose, callbacks: as for `predict`.

        Returns:
            dict of `precision`, `recall`, `f1` (over all entities), `support` (the number of entities), and
            `types`, a dict of the same for each type.

        Raises:
            ImportError: if seqeval is not installed.
            ValueError: if there are no rows.
        """
        preprocessor = self.preprocessor
        true: list[list[str]] = []
        found: list[list[str]] = []
        for part, labels, where in preprocessor.parts(x, y):
            words = preprocessor.words(part, where)
            numbers = preprocessor.numbers(part, labels, words, where)
            names = self._decide(words, batch_size, verbose, callbacks)[0]
            self._add_counted(true, found, words, numbers, names)
        return scores_of(true, found, self.scheme)

    def scores(self, x: Rows, y: Labels = None, **kwargs: Any) -> dict[str, float]:
        """Returns `f1`, `precision` and `recall` of entities, from 0 to 1; see `entity_scores`."""
        scores = self.entity_scores(x, y, **kwargs)
        return {name: scores[name] for name in self.score_names}

    score_names = ("f1", "precision", "recall")

    def score_predictions(self, predictions: Any, x: Rows, y: Labels) -> dict[str, float]:
        """`f1`, `precision` and `recall` of entities; see `TextTask.score_predictions`."""
        _, true, found = self.counted_labels(predictions, x, y)
        scores = scores_of(true, found, self.scheme)
        return {name: scores[name] for name in self.score_names}

    def counted_labels(
        self, predictions: Any, x: Rows, y: Labels
    ) -> tuple[Any, list[list[str]], list[list[str]]]:
        """Returns the `Words` of rows, and for each row the right and the predicted label of each word.

        Args:
            predictions: what `predict` returned for `x`.
            x, y: rows in memory, as for `fit`. Words with the label -100 count as outside in both.
        """
        true: list[list[str]] = []
        found: list[list[str]] = []
        words = self.preprocessor.words(x)
        names = [
            spans_to_labels([(e.first_word, e.end_word, e.type) for e in row], end - begin, self.scheme)
            for row, (begin, end) in zip(predictions, itertools.pairwise(words.splits), strict=True)
        ]
        self._add_counted(true, found, words, self.preprocessor.numbers(x, y, words), names)
        return words, true, found

    def _add_counted(self, true, found, words, numbers, names):
        """Adds rows of right labels and of predicted ones; words that do not count are outside in both."""
        true += by_row([OUTSIDE if n == IGNORED else self.labels[n] for n in numbers], words.splits)
        for row in zip(names, by_row(numbers == IGNORED, words.splits), strict=True):
            found.append([OUTSIDE if out else name for name, out in zip(*row, strict=True)])
