"""Turns texts with several choices each into batches of tokens with an axis for the choices."""

from collections.abc import Callable

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import RowOrder, as_array, not_rows, whole_numbers, without_autograph
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing.preprocessor import Preprocessor
from kerasbert.text import as_text_tensor
from kerasbert.types import Dataset, Labels, Rows, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class ChoicePreprocessor(Preprocessor):
    """Rows of a text and K choices, with the same K in all rows; the label is the right choice's number.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`, or None if rows are already tokens.
        max_sequence_length: int, the longest input in tokens, including special tokens.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "two", "three"])
    >>> tokens, labels = ChoicePreprocessor(tokenizer, 16)((["two"], [["two", "three"]]), [0])
    >>> tuple(tokens["token_ids"].shape), labels.numpy().tolist()
    ((1, 2, 5), [0])
    """

    texts_in_graph = False
    empty = ((), ())

    def label_numbers(self, y: Labels, where: str) -> np.ndarray:
        """Returns the numbers of the right choices as an int32 array."""
        y = as_array(y)
        if y.dtype.kind not in "iu" or y.ndim != 1 or (y < 0).any():
            raise checks.invalid(
                "The right choice of each row must be a whole number, counted from 0.",
                fix="Count the choices from 0.",
                where=where,
                y=y.tolist(),
            )
        return y.astype("int32")

    def label_function(self) -> Callable[[Tensor], Tensor]:
        """The same for tensors in a `tf.data` graph."""
        return whole_numbers()

    def _columns(self, x, where):
        """The string tensors `text` `(rows,)` and `choices` `(rows, K)` of `x = (texts, choices)`."""
        self.need_tokenizer(where)
        named = x if isinstance(x, dict) else dict(zip(("text", "choices"), x, strict=False))
        if tf.is_tensor(named.get("choices")):  # these are already columns, after a split
            return named
        if isinstance(named.get("text"), (str, bytes)):
            raise not_rows(x, where, 'Put both in lists: (["2 + 2 is"], [["3", "4"]]).')
        choices = [list(row) for row in named.get("choices", ()) if not isinstance(row, (str, bytes))]
        counts = {len(row) for row in choices}
        if set(named) != {"text", "choices"} or len(choices) != len(named["choices"]) or len(counts) > 1:
            raise checks.invalid(
                "Each row must have a text and a list of choices, and all rows must have the same number of "
                "choices.",
                fix='Pass (["2 + 2 is"], [["3", "4"]]), or a dict of `text` and `choices`. If the '
                "number of choices varies, make a separate call for each number.",
                where=where,
                columns=sorted(named),
                choices_to_a_row=sorted(counts),
            )
        count = counts.pop() if counts else 0
        flat = [choice for row in choices for choice in row]
        choices = tf.reshape(as_text_tensor(flat, f"{where}: choices"), [-1, max(count, 1)])
        return {"text": as_text_tensor(named["text"], f"{where}: text"), "choices": choices}

    def _label_numbers(self, y, columns, where):
        """The numbers of the right choices, int32 `(rows,)`."""
        y, count = as_array(y), int(columns["choices"].shape[1])
        bad = (y.size and y.dtype.kind not in "iu") or y.ndim != 1
        outside = np.zeros(0, int) if bad else np.flatnonzero((y < 0) | (y >= count))
        if bad or outside.size:
            raise checks.invalid(
                f"The right choice must be a whole number from 0 to {count - 1}, one to a row.",
                fix="Count the choices from 0.",
                where=f"{where}, row {outside[0]}" if outside.size else where,
                y=y[outside[0]].item() if outside.size else y.tolist(),
            )
        return y.astype("int32")

    def _batches(self, rows, tokenizer, batch_size, batched, shuffle):
        """Batches of rows, in their order or shuffled; if `batched`, the rows are already batches."""

        def pack(row):
            shape = tf.shape(row["choices"])
            texts = self.tokenizer.tokenize(tf.repeat(row["text"], shape[1]))
            choices = self.tokenizer.tokenize(tf.reshape(row["choices"], [-1]))
            self.count_truncated(self.tokenizer.packed_lengths(texts, choices))
            tokens = self.tokenizer.pack(texts, choices, max_length=self.max_sequence_length)
            tokens = {name: tf.reshape(value, tf.concat([shape, [-1]], 0)) for name, value in tokens.items()}
            return tokens, {name: v for name, v in row.items() if name not in ("text", "choices")}

        if shuffle and not batched:
            count = int(rows.cardinality())
            order = shuffle if isinstance(shuffle, RowOrder) else RowOrder()
            rows = order.windows(rows, batch_size).map(lambda key, batch: batch)
            if count >= 0:
                rows = rows.apply(tf.data.experimental.assert_cardinality(-(-count // batch_size)))
        elif not batched:
            rows = rows.batch(batch_size)
        return rows.map(without_autograph(pack)).prefetch(tf.data.AUTOTUNE)

    def unlabelled(self, x: Rows, batch_size: int | None, where: str = "x") -> tuple[Dataset, np.ndarray]:
        """Returns batches of tokens in the order of `x`, and the row numbers in this order."""
        columns = self._columns(x, where)
        rows = tf.data.Dataset.from_tensor_slices(columns)
        size = batch_size or max(len(columns["text"]), 1)
        batches = self._batches(rows, self.tokenizer, size, False, False)
        return batches.map(lambda tokens, rest: tokens), np.arange(len(columns["text"]))
