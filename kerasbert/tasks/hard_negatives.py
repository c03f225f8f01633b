"""Hard negatives: texts that an embedder takes for the partner of another text, to train against."""

from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data import same_length, text_columns
from kerasbert.tasks.similarity import unit_vectors
from kerasbert.types import Texts

_AT_A_TIME = 1 << 26  # how many similarities are in memory


class HardNegatives:
    """The part of an embedder that mines negatives."""

    def mine_hard_negatives(
        self,
        texts: Texts,
        partners: Texts,
        corpus: Texts | None = None,
        num_negatives: int = 1,
        range_min: int = 0,
        relative_margin: float = 0.05,
        **kwargs: Any,
    ) -> tuple[list[str], list[str], list[str]]:
        """Finds texts that are similar to each text without being its partner, for `fit`.

        Negatives are the most similar texts of a corpus, in descending order. A text that is nearly as
        similar as the partner is often another right answer, so it is not taken: only texts are whose
        similarity is less than the partner's by the margin (Moreira et al. 2024, "NV-Retriever", section 3,
        https://arxiv.org/abs/2407.15831). What a text has as a partner in any row is not its negative.

        Texts are compared as they are given, as `fit` reads them. If the model needs prompts, such as
        `query: `, write them before the texts yourself, so that it learns with them.

        Args:
            texts: N texts, such as questions.
            partners: N texts, such as the passages that answer them.
            corpus: texts in which negatives are looked for; None for the partners.
            num_negatives: int, the most negatives of a row; each makes a triplet.
            range_min: int, how many of the most similar texts, other than the text itself and its partners,
                are passed over, because they may be right.
            relative_margin: float from 0 to 1, by which part of the partner's similarity a negative must be
                less similar.
            **kwargs: arguments of `predict`.

        Returns:
            (texts, partners, negatives), three lists of str of equal length, for `fit`. Rows without a
            negative are left out.

        Raises:
            TypeError: if something is not text.
            ValueError: if the numbers of texts and partners differ, something is in pairs or empty, an
                argument is out of range, or no row has a negative.

        Example:

        >>> from kerasbert import BertTextEmbedder
        >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"])
        >>> encoder = BertEncoder(BertConfig(vocabulary_size=8, num_layers=1, num_heads=2, hidden_dim=8))
        >>> embedder = BertTextEmbedder(encoder, tokenizer)
        >>> texts = ["good film", "bad"]
        >>> triplets = embedder.mine_hard_negatives(texts, texts, relative_margin=0.0)
        >>> triplets
        (['good film', 'bad'], ['good film', 'bad'], ['bad', 'good film'])
        >>> embedder.compile()
        >>> _ = embedder.fit(triplets, verbose=0)
        """
        where = "mine_hard_negatives"
        checks.positive_int(where, num_negatives=num_negatives)
        checks.not_negative_int(where, range_min=range_min)
        checks.rate(where, relative_margin=relative_margin)
        texts, partners = _strings(texts, "texts"), _strings(partners, "partners")
        same_length(where, texts=texts, partners=partners)
        candidates = list(dict.fromkeys(partners if corpus is None else _strings(corpus, "corpus")))
        place = {text: number for number, text in enumerate(candidates)}
        own: dict[str, set[int]] = {}
        for text, partner in zip(texts, partners, strict=True):
            # A candidate equal to the text itself says nothing.
            own.setdefault(text, {place.get(text, -1)}).add(place.get(partner, -1))
        vectors = _Vectors(self, [*texts, *partners, *candidates], kwargs)
        found, others = [], vectors.of(candidates)
        step = max(1, _AT_A_TIME // len(candidates))
        for start in range(0, len(texts), step):
            rows = texts[start : start + step], partners[start : start + step]
            asked, wanted = map(vectors.of, rows)
            similarities = asked @ others.T
            limits = _below(np.sum(asked * wanted, axis=-1), relative_margin)
            for text, partner, row, limit in zip(*rows, similarities, limits, strict=True):
                row[[number for number in own[text] if number >= 0]] = -np.inf
                best = np.argsort(-row, kind="stable")[range_min:]
                kept = [candidates[i] for i in best if -np.inf < row[i] <= limit]
                found += [(text, partner, negative) for negative in kept[:num_negatives]]
        if not found:
            raise checks.invalid(
                "Some row must have a negative.",
                fix="Pass a larger `corpus`, or a smaller `relative_margin` or `range_min`.",
                where=where,
                candidates=len(candidates),
                range_min=range_min,
                relative_margin=relative_margin,
            )
        texts, partners, negatives = map(list, zip(*found, strict=True))
        return texts, partners, negatives


class _Vectors:
    """The vectors of texts, each of which is computed once."""

    def __init__(self, embedder, texts, options):
        different = list(dict.fromkeys(texts))
        self._places = {text: number for number, text in enumerate(different)}
        self._vectors = unit_vectors(embedder.predict(different, **{"verbose": 0} | options))

    def of(self, texts):
        return self._vectors[[self._places[text] for text in texts]]


def _below(similarity, margin):
    """What is less than a similarity, which may be negative, by a part of it."""
    return similarity - np.abs(similarity) * margin


def _strings(texts, name):
    columns = text_columns(texts, name)
    if len(columns) > 1 or not len(columns["text"]):
        raise checks.invalid(
            f"`{name}` must be at least one text, each a row of its own, not pairs.",
            fix="Pass questions as `texts`, and their answers, in the same order, as `partners`.",
            where="mine_hard_negatives",
            **{column: len(values) for column, values in columns.items()},
        )
    return [text.decode("utf-8", "ignore") for text in columns["text"].numpy()]
