"""What an embedder's vectors are for: how similar texts are, and which of many are most similar."""

from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data import no_rows, row_numbers, same_length, text_columns
from kerasbert.types import Rows, Texts

PRECISIONS = ("float32", "int8", "binary")


class Similarity:
    """The part of an embedder that compares vectors of texts."""

    def encode(
        self,
        texts: Rows,
        prompt: str | None = None,
        dimensions: int | None = None,
        precision: str = "float32",
        **kwargs: Any,
    ) -> np.ndarray:
        """Computes vectors as a search stores them: like `predict`, without a progress bar.

        Args:
            texts: N texts.
            prompt: str or None, the name of one of `prompts`, which is written before each text.
            dimensions: int or None, how many of the first dimensions to keep. Models that were trained for it
                (Kusupati et al. 2022, "Matryoshka Representation Learning") lose little. If the embedder
                normalizes vectors, the shorter ones have length 1 as well.
            precision: str, `"float32"`; `"int8"`, each vector scaled so that its largest value is 127 or
                -127; or `"binary"`, the signs, eight in a byte. Both keep directions, and no lengths.
            **kwargs: arguments of `predict`.

        Returns:
            Array `(N, D)`, float32 or int8; or uint8 `(N, D / 8)` if it is binary.

        Raises:
            ValueError: if there is no such prompt, or the dimensions are more than the embedder has or, for
                binary vectors, no multiple of 8.

        Example:

        >>> from kerasbert import BertTextEmbedder
        >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
        >>> encoder = BertEncoder(BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=32))
        >>> embedder = BertTextEmbedder(encoder, tokenizer, prompts={"query": "good "})
        >>> embedder.encode(["film"], prompt="query", dimensions=16, precision="binary").shape
        (1, 2)
        """
        width = self.logits_shape[0]
        checks.positive_int("encode", dimensions=dimensions or width)
        checks.one_of("encode", PRECISIONS, precision=precision)
        if prompt is not None:
            if prompt not in self.prompts:
                raise checks.invalid(
                    "`prompt` must be the name of one of the embedder's prompts.",
                    fix='Load the embedder with prompts={"query": "query: "}, or leave `prompt` out.',
                    where="encode",
                    prompt=prompt,
                    prompts=self.prompts,
                )
            rows = text_columns(texts)["text"].numpy()
            texts = [self.prompts[prompt] + row.decode("utf-8", "ignore") for row in rows]
        kept = dimensions or width
        if kept > width or (precision == "binary" and kept % 8):
            raise checks.invalid(
                f"`dimensions` must be at most {width}, and a multiple of 8 for binary vectors.",
                fix="Pass fewer dimensions, or leave it out.",
                where="encode",
                dimensions=kept,
                precision=precision,
            )
        vectors = self.predict(texts, **{"verbose": 0} | kwargs)[:, :kept]
        if kept < width and self.normalize:
            vectors = unit_vectors(vectors)
        return quantized(vectors, precision)

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
        the same texts repeatedly, compute their vectors once with `encode`, and pass these instead: of any
        precision, and with fewer dimensions, too. If the embedder has prompts, the one named `query` is
        written before each query, and the one named `document` or `passage` before each text.

        Args:
            queries: Q texts.
            texts: N texts, or their vectors, an array `(N, D)` as `predict` or `encode` returns it.
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
        if getattr(texts, "ndim", 1) == 2:
            vectors = restored(texts)
        else:
            vectors = self.encode(texts, prompt=self._prompt("document", "passage"), **kwargs)
        width = vectors.shape[-1]
        if width > self.logits_shape[0]:
            raise checks.invalid(
                f"The vectors of texts must have the shape `(N, {self.logits_shape[0]})`, or fewer "
                "dimensions, as `encode` returns them.",
                fix="Pass texts, or the vectors that this embedder's `encode` returned for them.",
                where="search",
                shape=vectors.shape,
            )
        asked = self.encode(queries, prompt=self._prompt("query"), dimensions=width, **kwargs)
        similarities = unit_vectors(asked) @ unit_vectors(vectors).T
        best = np.argsort(-similarities, axis=-1, kind="stable")[:, :top_k]
        return [
            [(int(number), float(row[number])) for number in numbers]
            for row, numbers in zip(similarities, best, strict=True)
        ]

    def _prompt(self, *names):
        """The first of these names that is the name of a prompt, or None."""
        return next((name for name in names if name in self.prompts), None)

    def similarity_scores(self, x: Rows, scores: Any, **kwargs: Any) -> dict[str, float]:
        """Computes how well cosine similarities agree with the scores of pairs, as in STS benchmarks.

        Args:
            x: pairs in memory, `(texts, others)` or a dict of `text` and `text_pair`.
            scores: a number for each pair, on any scale; a higher score means more similar texts.
            **kwargs: arguments of `predict`.

        Returns:
            dict of `pearson` and `spearman`, floats from -1 to 1; NaN if all scores are equal.

        Raises:
            ValueError: if `x` is not pairs, there are none, or the number of scores differs from theirs.
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
        if not len(scores):
            raise no_rows("similarity_scores")
        a, b = (unit_vectors(self.predict(columns[name], **kwargs)) for name in ("text", "text_pair"))
        cosines = np.sum(a * b, axis=-1)
        return {
            "pearson": _correlation(cosines, scores),
            "spearman": _correlation(_ranks(cosines), _ranks(scores)),
        }


def checked_prompts(prompts, where):
    """Returns prompts as a dict; raises TypeError unless they are str by name."""
    found = dict(prompts or {})
    if not all(isinstance(text, str) for pair in found.items() for text in pair):
        raise checks.invalid(
            "`prompts` must be a dict of str, name -> what is written before a text.",
            fix='Pass {"query": "query: ", "passage": "passage: "}.',
            kind=TypeError,
            where=where,
            prompts=prompts,
        )
    return found


def quantized(vectors, precision):
    """Vectors in one of `PRECISIONS`."""
    if precision == "binary":
        return np.packbits(vectors > 0, axis=-1)
    if precision == "int8":
        largest = np.max(np.abs(vectors), axis=-1, keepdims=True)
        return np.round(vectors * (127 / np.maximum(largest, 1e-12))).astype("int8")
    return vectors


def restored(vectors):
    """Vectors of any precision as float32, with the directions that they stand for."""
    vectors = np.asarray(vectors)
    if vectors.dtype == np.uint8:
        return np.unpackbits(vectors, axis=-1).astype("float32") * 2 - 1
    return vectors.astype("float32")


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
