"""What an embedder's vectors are for: how similar texts are, and which of many are most similar."""

from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data import row_numbers, same_length, text_columns
from kerasbert.types import Rows, Texts


class Similarity:
    """The part of an embedder that compares vectors of texts."""

    def similarity(self, texts: Texts, others: Texts, **kwargs: Any) -> np.ndarray:
        """Computes the cosine similarities of two lists of texts.

        Args:
            texts: A texts.
            others: B texts.
            **kwargs: arguments of `predict`.

        Returns:
            float32 array `(A, B)`.
        """
        a, b = (self.predict(x, **kwargs) for x in (texts, others))
        return unit_vectors(a) @ unit_vectors(b).T

    def search(
        self, queries: Texts, texts: Texts | np.ndarray, top_k: int = 5, **kwargs: Any
    ) -> list[list[tuple[int, float]]]:
        """Finds the texts that are most similar to each query.

        Each query is compared with all texts, which is fast for up to a few hundred thousand texts. To search
        the same texts repeatedly, compute their vectors once with `predict`, and pass these instead.

        Args:
            queries: Q texts.
            texts: N texts, or their vectors, a float array `(N, D)` as `predict` returns it.
            top_k: int, how many texts to find for each query; fewer if there are fewer texts.
            **kwargs: arguments of `predict`.

        Returns:
            For each query, a list of pairs, the best first: the index of the text, from 0, and its cosine
            similarity.

        Example:

        >>> from kerasbert import BertTextEmbedder
        >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
        >>> encoder = BertEncoder(BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8))
        >>> embedder = BertTextEmbedder(encoder, tokenizer)
        >>> [[(number, similarity)]] = embedder.search(["film"], ["good", "film"], top_k=1, verbose=0)
        >>> number
        1
        """
        checks.positive_int("search", top_k=top_k)
        is_vectors = getattr(texts, "ndim", 1) == 2
        vectors = np.asarray(texts, "float32") if is_vectors else self.predict(texts, **kwargs)
        if vectors.shape[-1] != self.logits_shape[0]:
            raise checks.invalid(
                f"The vectors of texts must have the shape `(N, {self.logits_shape[0]})`, as `predict` "
                "returns them.",
                fix="Pass texts, or the vectors that this embedder's `predict` returned for them.",
                where="search",
                shape=vectors.shape,
            )
        similarities = unit_vectors(self.predict(queries, **kwargs)) @ unit_vectors(vectors).T
        best = np.argsort(-similarities, axis=-1, kind="stable")[:, :top_k]
        return [
            [(int(number), float(row[number])) for number in numbers]
            for row, numbers in zip(similarities, best, strict=True)
        ]

    def similarity_scores(self, x: Rows, scores: Any, **kwargs: Any) -> dict[str, float]:
        """Computes how well cosine similarities agree with the scores of pairs, as in STS benchmarks.

        Args:
            x: pairs in memory, `(texts, others)` or a dict of `text` and `text_pair`.
            scores: a number for each pair, on any scale; a higher score means more similar texts.
            **kwargs: arguments of `predict`.

        Returns:
            dict of `pearson` and `spearman`, floats from -1 to 1; NaN if all scores are equal.

        Raises:
            ValueError: if `x` is not pairs, or the number of scores differs from the number of pairs.
        """
        columns, scores = text_columns(x), row_numbers(scores, ("score",), "scores")[:, 0]
        if "text_pair" not in columns:
            raise checks.invalid(
                "Scores belong to pairs of texts.",
                fix="Pass (texts, others).",
                where="similarity_scores",
                columns=sorted(columns),
            )
        same_length("similarity_scores", **columns, scores=scores)
        a, b = (unit_vectors(self.predict(columns[name], **kwargs)) for name in ("text", "text_pair"))
        cosines = np.sum(a * b, axis=-1)
        return {
            "pearson": _correlation(cosines, scores),
            "spearman": _correlation(_ranks(cosines), _ranks(scores)),
        }


def unit_vectors(vectors):
    """Scales vectors to length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _correlation(x, y):
    """Pearson's correlation; NaN if all values of `x` or of `y` are equal."""
    x, y = (values - np.mean(values, dtype="float64") for values in (x, y))
    scale = np.sqrt(np.sum(x * x) * np.sum(y * y))
    return float(np.sum(x * y) / scale) if scale else float("nan")


def _ranks(values):
    """Ranks from 0; equal values get the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[inverse]
