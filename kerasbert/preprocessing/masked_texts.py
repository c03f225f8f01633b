"""Masks tokens of texts, which a masked language model learns to predict."""

import dataclasses
from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import (
    IGNORED,
    RowOrder,
    RowStream,
    dataset_rows,
    graph_weights,
    is_dataset,
    is_tokens,
    row_weights,
    same_length,
    streamed_rows,
    without_autograph,
)
from kerasbert.data.masking import Masking, choose_tokens, continuations
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing.preprocessor import Preprocessor
from kerasbert.preprocessing.splits import cut_arrays
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, Labels, Rows


@keras.saving.register_keras_serializable(package="kerasbert")
class MaskedTextPreprocessor(Preprocessor):
    """Rows are texts without labels, whose masked tokens are the labels; or tokens with labels.

    Which tokens are masked depends on the batch, a seed and the number of the pass over the rows: `fit` masks
    different tokens in each epoch, and `evaluate` masks the same ones each time.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`, or None if rows are tokens with labels.
        max_sequence_length: int, the longest input in tokens, including special tokens.
        masking: `kerasbert.pretraining.Masking`, a dict of its arguments, or None for 15 %, as in BERT.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> preprocessor = MaskedTextPreprocessor(tokenizer, masking={"rate": 0.5})
    >>> [(tokens, labels)] = preprocessor.batches(["good film"])
    >>> tokens["token_ids"].shape == labels.shape, int(np.sum(labels != -100))
    (True, 2)
    """

    def __init__(
        self,
        tokenizer: TextTokenizer | None,
        max_sequence_length: int = 512,
        masking: Masking | Config | None = None,
    ) -> None:
        super().__init__(tokenizer, max_sequence_length)
        self.masking = Masking(**masking) if isinstance(masking, dict) else masking or Masking()

    def labelled(
        self,
        x: Rows,
        y: Labels,
        sample_weight: Any,
        batch_size: int | None,
        shuffle: bool | RowOrder = False,
        where: str = "x",
    ) -> tuple[Any, Any, Any]:
        """See `RowBatches.labelled`; texts have no labels."""
        x = self.source(x)
        if is_tokens(x):
            return super().labelled(x, y, sample_weight, batch_size, shuffle, where)
        self.need_tokenizer(where)
        if y is not None or (isinstance(x, RowStream) and x.labelled):
            raise _has_labels(where)
        batched = False
        if is_dataset(x):
            rows, batched = dataset_rows(x)
            if "label" in rows.element_spec:
                raise _has_labels(where)
        elif isinstance(x, RowStream):
            rows = streamed_rows(x, lambda x, y, weight, where: self._columns(x, where), where)
        else:
            columns = self._columns(x, where)
            if sample_weight is not None:
                columns["sample_weight"] = row_weights(sample_weight, f"{where}: sample_weight")
                same_length(where, **columns)
            rows = tf.data.Dataset.from_tensor_slices(columns)
        order = shuffle if isinstance(shuffle, RowOrder) else RowOrder() if shuffle else None
        batches = self._batches(rows, self.tokenizer, batch_size, batched, order)
        return batches.map(without_autograph(self._mask(order))), None, None

    def split(self, x: Rows, y: Labels, sample_weight: Any, fraction: float) -> tuple[Any, Any, Any, Any]:
        """See `Preprocessor.split`."""
        columns = self._columns(x, "x")
        same_length("x", **columns, sample_weight=sample_weight)
        weight = None if sample_weight is None else np.asarray(sample_weight)
        kept, held_out = cut_arrays((columns, None, weight), fraction)
        return *kept, held_out

    def _mask(self, order):
        """Returns a graph function that masks a batch; `order` has the seed and the number of the pass."""
        table = tf.constant(continuations(self.tokenizer))
        seed = 0 if order is None else order.seed
        most = self.masking.predictions(self.max_sequence_length)

        def mask(tokens, rest):
            ids = tokens["token_ids"]
            passes = tf.zeros([], tf.int64)
            if order is not None:
                passes = tf.ensure_shape(tf.numpy_function(lambda: np.int64(order.passes), [], tf.int64), [])
            number = tf.random.experimental.stateless_fold_in(tf.stack([passes, _content(ids)]), 0)[0]
            lengths = tf.reduce_sum(tokens["padding_mask"], axis=1)
            chosen, replaced = choose_tokens(
                ids, lengths, tf.gather(table, ids), self.tokenizer, self.masking, most, seed, number
            )
            labels = tf.where(chosen, ids, IGNORED)
            tokens = tokens | {"token_ids": replaced}
            if "sample_weight" not in rest:
                return tokens, labels
            weight = graph_weights(rest["sample_weight"])[:, None]
            return tokens, labels, weight * tf.ones_like(labels, tf.float32)

        return mask

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "masking": dataclasses.asdict(self.masking)}


def _has_labels(where):
    return checks.invalid(
        "Texts need no labels here: some of their tokens are masked, and these tokens are the labels.",
        fix="Pass only texts, for example from a reader without `label`; or tokens, with labels of your own.",
        where=where,
    )


def _content(ids):
    """A number that differs between batches of token ids."""
    places = tf.range(tf.size(ids, out_type=tf.int64), dtype=tf.int64)
    return tf.reduce_sum((tf.cast(tf.reshape(ids, [-1]), tf.int64) + 1) * (2_654_435_761 * places + 1))
