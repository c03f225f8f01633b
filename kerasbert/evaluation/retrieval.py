"""How well an embedder finds the texts that belong to a query."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data import count_rows
from kerasbert.evaluation.answers import answers_of, lengths_of, texts_of
from kerasbert.evaluation.evaluation import Evaluation, Mistake
from kerasbert.evaluation.slices import checked_columns
from kerasbert.tasks.similarity import unit_vectors
from kerasbert.tasks.text_task import TextTask
from kerasbert.types import Texts

CUTS = (1, 5, 10)
# Queries that are compared with all texts at once, so that the matrix of similarities stays small.
BLOCK = 256


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class RetrievalEvaluation(Evaluation):
    """How well an embedder finds the relevant texts of each query; a row is a query.

    `scores` are `mrr` (the mean of 1 / rank of the first relevant text), `recall_at_1`, `recall_at_5`,
    `recall_at_10` (the share of a query's relevant texts among the first) and `ndcg_at_10` (Järvelin &
    Kekäläinen 2002, with gains as they are).

    Args:
        relevant: for each query a dict, the number of a text -> its gain.
        best: int array `(rows, 10)`, the texts that were found, the most similar first; fewer columns if
            there are fewer texts.
        first_ranks: int array `(rows,)`, the rank of the first relevant text, from 1.
        candidates: list of str, the texts.
        model, texts, lengths, length_unit, columns: see `Evaluation`.
    """

    relevant: Sequence[Mapping[int, float]]
    best: np.ndarray
    first_ranks: np.ndarray
    candidates: Sequence[str]

    title = "Retrieval"
    scale = (
        f"{Evaluation.scale} MRR is the mean of 1 / rank of the first right text, recall at 5 the share of "
        "right texts among the first 5."
    )

    def same_labels(self, other: "RetrievalEvaluation") -> bool:
        """Whether another evaluation has the same right answers."""
        return list(self.relevant) == list(other.relevant)

    @functools.cached_property
    def row_counts(self) -> np.ndarray:
        """float64 array `(rows, 6)`: the scores of each query, and 1."""
        discounts = 1 / np.log2(np.arange(2, max(CUTS) + 2))
        rows = []
        for gains, found, rank in zip(self.relevant, self.best, self.first_ranks, strict=True):
            gained = np.array([gains.get(int(text), 0.0) for text in found])
            ideal = np.sort(np.array(list(gains.values())))[::-1][: max(CUTS)]
            recalls = [np.count_nonzero(gained[:cut]) / len(gains) for cut in CUTS]
            ndcg = gained @ discounts[: len(gained)] / (ideal @ discounts[: len(ideal)])
            rows.append((1 / rank, *recalls, ndcg, 1.0))
        return np.array(rows)

    def scores_of(self, sums: np.ndarray) -> dict[str, np.ndarray]:
        """See `Evaluation.scores_of`."""
        names = ("mrr", *(f"recall_at_{cut}" for cut in CUTS), f"ndcg_at_{max(CUTS)}")
        return {name: sums[..., i] / np.maximum(sums[..., -1], 1) for i, name in enumerate(names)}

    def mistakes(self, count: int = 20) -> list[Mistake]:
        """Returns the queries whose first relevant text comes last.

        Args:
            count: int, how many at most.

        Returns:
            List of `Mistake`, the worst first: a relevant text, and the text that was found in its place.
        """
        checks.not_negative_int("mistakes", count=count)
        order = np.argsort(-self.first_ranks, kind="stable")[:count]
        return [
            Mistake(
                int(row),
                self.texts[row],
                self.candidates[max(self.relevant[row], key=self.relevant[row].__getitem__)],
                self.candidates[self.best[row, 0]],
            )
            for row in order
            if self.first_ranks[row] > 1
        ]


def evaluate_retrieval(
    model: Any,
    queries: Texts,
    texts: Texts,
    relevant: Sequence[Any],
    *,
    task: TextTask | None = None,
    slices: Mapping[str, Sequence[Any]] | None = None,
    verbose: int | str = 0,
) -> RetrievalEvaluation:
    """Evaluates how well an embedder finds the texts that belong to queries, by cosine similarity.

    Args:
        model, task: as for `evaluate`, of a `BertTextEmbedder`.
        queries: sequence of str.
        texts: sequence of str, among which each query looks for its own.
        relevant: for each query the number of its text in `texts`, from 0; or a list or set of numbers; or a
            dict, number -> gain above 0, for texts that are relevant to different degrees.
        slices: dict or None, name -> a value for each query.
        verbose: as for `predict`.

    Returns:
        `RetrievalEvaluation`. Of texts that are equally similar, the one that comes first in `texts` is
        found first.

    Raises:
        ValueError: if the model is not an embedder, a query has no relevant text, or a number does not belong
            to a text.

    Example:

    >>> from kerasbert import BertTextEmbedder
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> encoder = BertEncoder(BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8))
    >>> embedder = BertTextEmbedder(encoder, tokenizer)
    >>> evaluate_retrieval(embedder, ["good", "film"], ["film", "good"], [1, 0]).scores["mrr"]
    1.0
    """
    columns = (queries, texts, relevant)
    if isinstance(relevant, Mapping) or not all(hasattr(part, "__len__") for part in columns):
        raise checks.invalid(
            "Queries, texts and what is relevant must be lists, `relevant` in the order of the queries.",
            fix="Of a generator, pass `list(...)`; of a dict by query, `[relevant[q] for q in queries]`.",
            where="evaluate_retrieval",
            kind=TypeError,
            queries=type(queries).__name__,
            texts=type(texts).__name__,
            relevant=type(relevant).__name__,
        )
    gains = [_gains(row, count_rows(texts), i) for i, row in enumerate(relevant)]
    answers = answers_of(model, queries, gains, task, verbose)
    if answers.kind != "embed":
        raise checks.invalid(
            "Retrieval needs vectors of texts.",
            fix="Pass a `BertTextEmbedder`, or a file that was exported from one.",
            where="evaluate_retrieval",
            model=answers.model,
            kind_of_answers=answers.kind,
        )
    asked = unit_vectors(np.asarray(answers.predictions, "float64"))
    stored = answers_of(model, texts, [None] * count_rows(texts), task, verbose).predictions
    stored = unit_vectors(np.asarray(stored, "float64"))
    best, ranks = [], []
    for start in range(0, len(asked), BLOCK):
        similarities = asked[start : start + BLOCK] @ stored.T
        order = np.argsort(-similarities, axis=-1, kind="stable")
        best.append(order[:, : max(CUTS)])
        for row, numbers in enumerate(order):
            ranks.append(1 + int(np.isin(numbers, list(gains[start + row])).argmax()))
    lengths, unit = lengths_of(answers.x, answers.task)
    shown = texts_of(answers.x)
    sliced = checked_columns(slices, len(shown))
    found = (gains, np.concatenate(best), np.array(ranks), texts_of(texts))
    return RetrievalEvaluation(answers.model, shown, lengths, unit, sliced, *found)


def _gains(row, texts, place):
    """The relevant texts of a query as a dict of gains."""
    if not isinstance(row, Mapping):
        row = sorted(row) if isinstance(row, (set, frozenset)) else row
        row = dict.fromkeys(np.atleast_1d(np.asarray(row)).tolist(), 1.0)
    good = row and all(
        isinstance(n, (int, np.integer))
        and not isinstance(n, bool)
        and 0 <= n < texts
        and isinstance(gain, (int, float, np.number))
        and gain > 0
        for n, gain in row.items()
    )
    if not good:
        raise checks.invalid(
            "Each query must have a relevant text: its number in `texts`, from 0, and a gain above 0.",
            fix="Leave out queries without a relevant text.",
            where=f"evaluate_retrieval, query {place}",
            relevant=row,
            texts=texts,
        )
    return {int(number): float(gain) for number, gain in row.items()}
