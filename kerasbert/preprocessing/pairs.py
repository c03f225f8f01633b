"""Pairs of texts without labels, for learning from the pairs alone."""

import keras

from kerasbert import checks
from kerasbert.data import (
    RowStream,
    counted,
    dataset_rows,
    is_dataset,
    is_tokens,
    pair_batches,
    row_numbers,
    rows_of_numbers,
    streamed_rows,
    text_columns,
)
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing.preprocessor import Preprocessor


@keras.saving.register_keras_serializable(package="kerasbert")
class EmbeddingPreprocessor(Preprocessor):
    """Texts with vectors as labels; or pairs without labels, whose texts are encoded each by itself.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`, or None: rows must then be tokens already.
        max_sequence_length: int, the longest input in tokens, special ones included.
        embedding_dim: int, the length of vectors.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> batches = EmbeddingPreprocessor(tokenizer, 16, 8).batches((["good film"], ["good"]))
    >>> tokens, numbers = next(iter(batches))
    >>> tuple(tokens["token_ids"].shape)
    (2, 4)
    """

    of_encoder = ("embedding_dim",)

    def __init__(self, tokenizer, max_sequence_length, embedding_dim):
        super().__init__(tokenizer, max_sequence_length)
        self.embedding_dim = embedding_dim

    def label_numbers(self, y, where):
        """Vectors in memory as a float32 array `(rows, D)`."""
        return row_numbers(y, range(self.embedding_dim), where)

    def label_function(self):
        """The same for tensors in a `tf.data` graph; the numbers of `pair_batches` stay what they are."""
        vectors = rows_of_numbers(range(self.embedding_dim))
        return lambda y: y if y.dtype.is_integer and y.shape.rank == 1 else vectors(y)

    def labelled(self, x, y, sample_weight, batch_size, shuffle=False, where="x"):
        """As `Preprocessor.labelled`; without labels `x` must be pairs of texts."""
        rows = None if y is not None or is_tokens(x) else self._pairs(x, sample_weight, where)
        if rows is None:
            return super().labelled(x, y, sample_weight, batch_size, shuffle, where)
        self.need_tokenizer(where)
        batches = pair_batches(
            rows,
            self.tokenizer,
            batch_size or int(rows.cardinality()),
            self.max_sequence_length,
            shuffle=shuffle,
            on_lengths=self._count,
        )
        return batches, None, None

    def _pairs(self, x, sample_weight, where):
        """Rows of pairs, or None for a data set with labels."""
        if isinstance(x, RowStream):
            if x.labelled:
                return None
            rows = streamed_rows(x, lambda x, y, weight, place: text_columns(x, place), where)
        elif is_dataset(x):
            rows, batched = dataset_rows(counted(x))
            if "label" in rows.element_spec:
                return None
            rows = counted(rows.unbatch()) if batched else rows
        else:
            rows = tf.data.Dataset.from_tensor_slices(text_columns(x, where))
        names = set(rows.element_spec)
        if "text_pair" not in names or sample_weight is not None or not int(rows.cardinality()):
            raise checks.invalid(
                "Without labels, training takes pairs of texts that mean the same, and no weights.",
                fix="Pass (texts, partners), or vectors as labels after compile(loss='mse', metrics=None).",
                where=where,
                columns=sorted(names),
                rows=int(rows.cardinality()),
                sample_weight=type(sample_weight).__name__,
            )
        return rows

    def split(self, x, y, sample_weight, fraction):
        """As `Preprocessor.split`; pairs without labels are cut, too."""
        if y is not None:
            return super().split(x, y, sample_weight, fraction)
        columns = self._columns(x, "x")
        cut = int(len(columns["text"]) * (1 - fraction))
        first, rest = ({n: c[rows] for n, c in columns.items()} for rows in (slice(cut), slice(cut, None)))
        return first, None, sample_weight, (rest, None)

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "embedding_dim": self.embedding_dim}
