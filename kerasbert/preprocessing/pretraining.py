"""Turns the masked batches of `kerasbert.pretraining` into inputs and labels."""

from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import IGNORED, is_dataset
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing.preprocessor import Preprocessor
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, Labels, Rows

PAIRS = ("next_sentence", "sentence_order", "none")


@keras.saving.register_keras_serializable(package="kerasbert")
class PretrainingPreprocessor(Preprocessor):
    """The data are batches of `pretraining_batches`, or tokens with labels.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`, or None.
        max_sequence_length: int, the longest input in tokens, including special tokens.
        pairs: str, as for `BertPretrainer`.
    """

    def __init__(
        self, tokenizer: TextTokenizer | None, max_sequence_length: int, pairs: str = "next_sentence"
    ) -> None:
        super().__init__(tokenizer, max_sequence_length)
        checks.one_of("PretrainingPreprocessor", PAIRS, pairs=pairs)
        self.pairs = pairs

    def source(self, x: Rows) -> Rows:
        """See `RowBatches.source`; what `pretraining_batches` returns becomes inputs and labels."""
        return super().source(self.inputs_and_labels(x))

    def inputs_and_labels(self, batches: Any) -> Any:
        """Splits the batches of `pretraining_batches` into inputs and labels; leaves other data unchanged."""
        if not is_dataset(batches) or not isinstance(batches.element_spec, dict):
            return batches
        has_pairs = self.pairs != "none"
        missing = {"mask_ids", *(["next_sentence"] if has_pairs else [])} - set(batches.element_spec)
        if missing:
            raise checks.invalid(
                f'Batches for `pairs="{self.pairs}"` must have labels for each loss of the model.',
                fix="Write the examples with the same `pairs` in `ExampleSettings`.",
                where="BertPretrainer",
                missing=sorted(missing),
            )

        def split(batch):
            batch = dict(batch)
            masked = tf.where(batch.pop("mask_weights") > 0, batch.pop("mask_ids"), IGNORED)
            labels = {"masked_lm": masked, "next_sentence": batch.pop("next_sentence", None)}
            return batch, labels if has_pairs else {"masked_lm": masked}

        return batches.map(split)

    def label_numbers(self, y: Labels, where: str) -> np.ndarray | dict[str, np.ndarray]:
        """Returns labels in memory as a dict of int arrays by head, or as one array."""
        return {name: np.asarray(v) for name, v in y.items()} if isinstance(y, dict) else np.asarray(y)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "pairs": self.pairs}
