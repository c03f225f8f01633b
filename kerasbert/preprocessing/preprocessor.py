"""The base class of all preprocessors: rows in, batches of tokens and numeric labels out."""

import copy
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import (
    RowOrder,
    as_array,
    check_some_rows,
    graph_weights,
    is_dataset,
    is_pair,
    no_rows,
    same_length,
)
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing.row_batches import RowBatches
from kerasbert.preprocessing.splits import cut_off
from kerasbert.preprocessing.truncation import TruncationCount
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, Dataset, Labels, Rows, Self

BATCH_SIZE = 32


def checked_batch_size(batch_size, where):
    """Returns the number of rows in a batch, 32 for None; raises ValueError unless it is a positive int."""
    if batch_size is None:
        return BATCH_SIZE
    batch_size = batch_size.item() if hasattr(batch_size, "item") else batch_size
    checks.positive_int(where, batch_size=batch_size)
    return batch_size


class Preprocessor(RowBatches):
    """Turns rows of users' data into batches of tokens, and labels into numbers.

    Each task has one as `task.preprocessor`, which is built from its tokenizer and its labels; `fit`,
    `evaluate` and `predict` run Keras' own loops over its batches. You can also use it without a task, in a
    training loop of TensorFlow, JAX or PyTorch: call it for one batch, or call `batches` for an epoch of
    batches. To feed a task in another way, write a subclass and pass an instance as `preprocessor=`; Keras
    saves it with the task if it is registered with `keras.saving.register_keras_serializable`.

    A subclass defines how labels are converted: `label_numbers` for labels in memory, and `label_function`
    for labels in a `tf.data.Dataset`. If its rows are not single texts, it also defines `_prepared`.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`, or None if rows are already tokens.
        max_sequence_length: int, the longest input in tokens, including special tokens.
    """

    of_encoder: tuple[str, ...] = ()  # arguments of `__init__` that a task takes from its encoder
    counted_as: tuple[str, ...] = ("texts",)

    def __init__(self, tokenizer: TextTokenizer | None, max_sequence_length: int) -> None:
        checks.positive_int(type(self).__name__, max_sequence_length=max_sequence_length)
        self.tokenizer = tokenizer
        self.max_sequence_length = max_sequence_length
        self._truncation = TruncationCount(*self.counted_as)

    def __call__(self, x: Rows, y: Labels = None, sample_weight: Any = None) -> Any:
        """Returns one batch of all rows, in their order.

        Args:
            x: rows in memory, as for the task's `fit`; or string tensors `(B,)` within `Dataset.map`.
            y: their labels, or None.
            sample_weight: their weights, or None.

        Returns:
            dict of tokens, int32 `(B, S)` each; with labels, a tuple `(tokens, labels)`; with weights,
            `(tokens, labels, weights)`. B is the number of rows, or of windows if rows are cut into windows.

        Raises:
            TypeError, ValueError: if a row is invalid, or there are no rows, or none with a word or sentence.
        """
        if not tf.executing_eagerly():
            return self._in_graph(x, y, sample_weight)
        call = self.for_one_call()
        if y is None:
            batches, order = call.unlabelled(x, None)
            batch = next(iter(batches), None)
            if batch is None:
                raise no_rows("x")
            batch = batch if order is None else {n: tf.gather(v, np.argsort(order)) for n, v in batch.items()}
        else:
            batch = next(iter(call.labelled(x, y, sample_weight, None)[0]))
        call.warn_if_truncated()
        return batch

    def _in_graph(self, x, y, sample_weight):
        """Like `__call__`, for string tensors `(B,)` in a graph, such as that of `tf.data.Dataset.map`."""
        if not self.texts_in_graph:
            raise checks.invalid(
                f"A {type(self).__name__} works in Python, not inside a TensorFlow graph.",
                fix="Pass the rows, or a `tf.data.Dataset` of them, to `batches` or to the task's `fit`.",
                where="map",
                x=x,
            )
        self.need_tokenizer("x")
        first, second = (
            (x["text"], x.get("text_pair")) if isinstance(x, dict) else x if is_pair(x) else (x, None)
        )
        tokens = self.tokenizer(first, second, self.max_sequence_length)
        if self.extra_inputs:
            tokens |= {name: x[name] for name in self.extra_inputs}
        if y is None:
            return tokens
        weights = () if sample_weight is None else (graph_weights(sample_weight),)
        return (tokens, self.label_function()(y), *weights)

    def batches(
        self,
        x: Rows,
        y: Labels = None,
        sample_weight: Any = None,
        batch_size: int = BATCH_SIZE,
        shuffle: bool | RowOrder = False,
    ) -> Dataset:
        """Returns an epoch of batches; the rows of a batch have similar lengths, padded to the longest.

        Args:
            x, y, sample_weight: as for the task's `fit`.
            batch_size: int, B.
            shuffle: bool, whether each epoch has a different random order.

        Returns:
            `tf.data.Dataset` of `(tokens, labels)` or `(tokens, labels, weights)`; its `.as_numpy_iterator()`
            yields numpy arrays, for training loops of JAX and PyTorch.

        Raises:
            TypeError, ValueError: if a row or a label is invalid, or there are no rows.
        """
        batch_size = checked_batch_size(batch_size, f"{type(self).__name__}.batches")
        x, y, sample_weight = self.labelled(x, y, sample_weight, batch_size, shuffle)
        check_some_rows(x)
        if is_dataset(x):
            return x
        rows = tf.data.Dataset.from_tensor_slices((x, y) if sample_weight is None else (x, y, sample_weight))
        return (rows.shuffle(rows.cardinality()) if shuffle else rows).batch(batch_size)

    # === Labels: what a subclass says ===

    def label_numbers(self, y: Labels, where: str) -> Any:
        """Converts labels in memory, one for each row, for the loss; errors show `where`."""
        return np.asarray(y)

    def label_function(self) -> Callable[[Any], Any]:
        """Returns a function that does the same for a tensor in a `tf.data` graph."""
        return lambda y: y

    # === What a task asks ===

    def for_one_call(self) -> Self:
        """Returns a copy that counts truncated texts separately, for one call of `fit` or `predict`."""
        one = copy.copy(self)
        one._truncation = TruncationCount(*self.counted_as)
        return one

    def split(self, x: Rows, y: Labels, sample_weight: Any, fraction: float) -> tuple[Any, Any, Any, Any]:
        """Splits off the last `fraction` of the rows; returns `x, y, sample_weight, validation_data`."""
        columns = self._columns(x, "x")
        self._label_numbers(y, columns, "x")  # only a check: both parts keep the user's own labels
        y = as_array(y)
        same_length("x", **columns, y=y, sample_weight=sample_weight)
        return cut_off(lambda rows: {n: c[rows] for n, c in columns.items()}, y, sample_weight, fraction)

    def warn_if_truncated(self) -> None:
        """Warns if texts were truncated, with their number."""
        self._truncation.warn()

    # === Saving ===

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            "tokenizer": keras.saving.serialize_keras_object(self.tokenizer),
            "max_sequence_length": self.max_sequence_length,
        }

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Builds a preprocessor from `get_config`'s result."""
        tokenizer = config["tokenizer"] and keras.saving.deserialize_keras_object(config["tokenizer"])
        return cls(**(config | {"tokenizer": tokenizer}))
