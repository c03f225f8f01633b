"""Pairs and triplets of texts in which each text is encoded separately."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import (
    RowOrder,
    RowStream,
    counted,
    dataset_rows,
    group_columns,
    is_dataset,
    is_tokens,
    pair_batches,
    row_numbers,
    row_weights,
    rows_of_numbers,
    rows_of_scores,
    same_length,
    streamed_rows,
)
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing.preprocessor import Preprocessor
from kerasbert.preprocessing.splits import no_labels
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, Labels, Rows, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class EmbeddingPreprocessor(Preprocessor):
    """Texts with vectors as labels, pairs with scores, or pairs and triplets without labels.

    Each text of a pair or triplet is encoded separately.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`, or None if rows are already tokens.
        max_sequence_length: int, the longest input in tokens, including special tokens.
        embedding_dim: int, the length of vectors.
        scored: bool, whether labels are scores of pairs, from 0 to 1, instead of vectors.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> batches = EmbeddingPreprocessor(tokenizer, 16, 8).batches((["good film"], ["good"]))
    >>> tokens, numbers = next(iter(batches))
    >>> tuple(tokens["token_ids"].shape)
    (2, 4)
    """

    of_encoder = ("embedding_dim", "scored")  # the second depends on the task's loss

    def __init__(
        self,
        tokenizer: TextTokenizer | None,
        max_sequence_length: int,
        embedding_dim: int,
        scored: bool = False,
    ) -> None:
        super().__init__(tokenizer, max_sequence_length)
        self.embedding_dim = embedding_dim
        self.scored = scored

    def label_numbers(self, y: Labels, where: str) -> np.ndarray:
        """Returns vectors in memory as float32 `(rows, D)`, or scores of pairs as `(rows, 1)`."""
        if not self.scored:
            return row_numbers(y, range(self.embedding_dim), where)
        scores = row_numbers(y, ("score",), where)
        outside = np.flatnonzero((scores < 0) | (scores > 1))
        if outside.size:
            raise checks.invalid(
                "The score of a pair must be a number from 0 to 1.",
                fix="Scale the scores: divide those of STS, which go from 0 to 5, by 5.",
                where=f"{where}, row {outside[0]}",
                score=scores[outside[0], 0].item(),
            )
        return scores

    def label_function(self) -> Callable[[Tensor], Tensor]:
        """The same for tensors in a `tf.data` graph; the numbers of `pair_batches` are not changed."""
        if self.scored:
            return rows_of_scores
        vectors = rows_of_numbers(range(self.embedding_dim))
        return lambda y: y if y.dtype.is_integer and y.shape.rank == 2 else vectors(y)

    def labelled(
        self,
        x: Rows,
        y: Labels,
        sample_weight: Any,
        batch_size: int | None,
        shuffle: bool | RowOrder = False,
        where: str = "x",
    ) -> tuple[Any, Any, Any]:
        """Like `RowBatches.labelled`, also for pairs with scores, and pairs or triplets without labels."""
        groups = None
        if not is_tokens(x):
            groups = (self._scored if self.scored else self._unscored)(x, y, sample_weight, where)
        if groups is None:
            return super().labelled(x, y, sample_weight, batch_size, shuffle, where)
        self.need_tokenizer(where)
        batches = pair_batches(
            groups,
            self.tokenizer,
            batch_size or int(groups.cardinality()),
            self.max_sequence_length,
            shuffle=shuffle,
            on_lengths=self.count_truncated,
        )
        return batches, None, None

    def _unscored(self, x, y, sample_weight, where):
        """The rows of pairs or triplets; None if they have labels."""
        if y is not None:
            return None
        if isinstance(x, RowStream):
            if x.labelled:
                return None
            rows = streamed_rows(x, lambda x, y, weight, place: group_columns(x, place), where)
        elif is_dataset(x):
            rows = self._dataset(x)
            if "label" in rows.element_spec:
                return None
        else:
            rows = tf.data.Dataset.from_tensor_slices(group_columns(x, where))
        names = set(rows.element_spec)
        if "text_pair" not in names or sample_weight is not None or not int(rows.cardinality()):
            raise checks.invalid(
                "Without labels, training takes pairs of texts that mean the same, or triplets with a "
                "negative, a text that means something else; and no weights.",
                fix="Pass (texts, partners) or (texts, partners, negatives); or scores of pairs after "
                "compile(loss=SimilarityLoss()), vectors as labels after compile(loss='mse', metrics=None).",
                where=where,
                columns=sorted(names),
                rows=int(rows.cardinality()),
                sample_weight=type(sample_weight).__name__,
            )
        return rows

    def _scored(self, x, y, sample_weight, where):
        """The rows of pairs, each with its score."""
        if isinstance(x, RowStream):
            rows = streamed_rows(x, self._scored_columns, where)
        elif is_dataset(x):
            rows = self._dataset(x)
            if "label" not in rows.element_spec:
                raise no_labels(where)
            check = self.label_function()
            rows = rows.map(lambda row: row | {"label": check(tf.reshape(row["label"], [1, 1]))[0]})
        else:
            rows = tf.data.Dataset.from_tensor_slices(self._scored_columns(x, y, sample_weight, where))
        if set(rows.element_spec) - {"label", "sample_weight"} != {"text", "text_pair"}:
            raise checks.invalid(
                "Scores belong to pairs of texts.",
                fix="Pass (texts, others), and a score from 0 to 1 for each pair.",
                where=where,
                columns=sorted(rows.element_spec),
            )
        return rows

    def _scored_columns(self, x, y, sample_weight, where):
        columns = group_columns(x, where)
        if y is None:
            raise no_labels(where)
        columns["label"] = self.label_numbers(y, f"{where}: y")
        if sample_weight is not None:
            columns["sample_weight"] = row_weights(sample_weight, f"{where}: sample_weight")
        same_length(where, **columns)
        return columns

    def _dataset(self, x):
        """The rows of a data set, without batches."""
        rows, batched = dataset_rows(counted(x), most_texts=3)
        return counted(rows.unbatch()) if batched else rows

    def split(self, x: Rows, y: Labels, sample_weight: Any, fraction: float) -> tuple[Any, Any, Any, Any]:
        """Like `Preprocessor.split`, but also for pairs and triplets without labels."""
        if y is not None:
            return super().split(x, y, sample_weight, fraction)
        columns = group_columns(x)
        cut = int(len(columns["text"]) * (1 - fraction))
        first, rest = ({n: c[rows] for n, c in columns.items()} for rows in (slice(cut), slice(cut, None)))
        return first, None, sample_weight, (rest, None)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "embedding_dim": self.embedding_dim, "scored": self.scored}
