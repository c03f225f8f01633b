"""Turns documents into batches of tokens, with a label for each sentence."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import (
    IGNORED,
    PackedTokens,
    is_tokens,
    ordered_batches,
    row_weights,
    same_length,
    sentence_labels,
    sentence_windows,
    text_batches,
    tokenize_documents,
)
from kerasbert.data.documents import Documents
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing.preprocessor import Preprocessor
from kerasbert.preprocessing.splits import cut_lists, no_labels
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, Dataset, Labels, Rows, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class SentencePreprocessor(Preprocessor):
    """Rows are documents; the label of each sentence is at the `[CLS]` before the sentence.

    Documents that are too long are cut into windows of whole sentences.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`, or None if rows are already tokens.
        max_sequence_length: int, the longest window in tokens, including special tokens.
        num_segments: int, the encoder's number of segments; with two, segment ids alternate by sentence.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "it", "rained"])
    >>> tokens, labels = SentencePreprocessor(tokenizer, 16)([["It rained"]], [[1]])
    >>> labels.numpy().tolist()
    [[1, -100, -100, -100]]
    """

    texts_in_graph = False
    labels_at_tokens = True
    counted_as = ("sentences",)
    of_encoder = ("num_segments",)

    def __init__(
        self, tokenizer: TextTokenizer | None, max_sequence_length: int, num_segments: int = 2
    ) -> None:
        super().__init__(tokenizer, max_sequence_length)
        self.num_segments = num_segments

    def label_numbers(self, y: Labels, where: str) -> np.ndarray:
        """Returns labels of tokens, 0, 1 or -100, as an int32 array `(B, S)`."""
        y = np.asarray(y)
        if y.ndim != 2 or not np.isin(y, (0, 1, IGNORED)).all():
            raise checks.invalid(
                "For tokens, labels must have the shape (B, S), with 0 or 1 at each `[CLS]` and -100 "
                "everywhere else.",
                fix="Pass texts instead, or correct the rows.",
                where=where,
                shape=y.shape,
                values=np.unique(y).tolist(),
            )
        return y.astype("int32")

    def label_function(self) -> Callable[[Tensor], Tensor]:
        """The same for tensors in a `tf.data` graph."""

        def numbers(values):
            good = tf.reduce_all((values == 0) | (values == 1) | (values == IGNORED))
            inside = tf.debugging.Assert(good, ["A label must be 0, 1 or -100. Received:", values])
            with tf.control_dependencies([inside] if inside is not None else []):
                return tf.cast(values, tf.int32)

        return numbers

    def _prepared(self, x, y, sample_weight, where):
        """The windows of rows in memory: token ids, segment ids, labels and weights."""
        if is_tokens(x):
            return super()._prepared(x, y, sample_weight, where)
        documents = self.documents(x, where)
        if y is None:
            raise no_labels(where)
        # The last label, at index -1, is for tokens that do not decide a sentence.
        labels = np.append(sentence_labels(list(y), documents, f"{where}: y"), IGNORED)
        same_length(where, x=documents.texts, sample_weight=sample_weight)
        columns, decided = self._windows(documents)
        columns["label"] = _ragged([labels[window] for window in decided])
        if sample_weight is not None:
            rows = np.searchsorted(documents.splits, [window[0] for window in decided], side="right") - 1
            columns["sample_weight"] = row_weights(sample_weight, f"{where}: sample_weight")[rows]
        return columns

    def _batches(self, rows, tokenizer, batch_size, batched, shuffle):
        if batched:
            return ordered_batches(rows, tokenizer, None, None)
        return text_batches(rows, tokenizer, batch_size, None, shuffle=shuffle)

    def _targets(self, rest, *weight):
        labels = rest["label"].to_tensor(IGNORED)
        return (labels, *(w[:, None] * tf.ones_like(labels, tf.float32) for w in weight))

    def documents(self, x: Rows, where: str = "x") -> Documents:
        """Splits `x`, texts or lists of sentences, into sentences, and tokenizes these."""
        self.need_tokenizer(where)
        x = x.numpy().tolist() if tf.is_tensor(x) else x
        if isinstance(x, (str, bytes, dict)) or not hasattr(x, "__iter__"):
            raise checks.invalid(
                "A summarizer takes a list of documents: texts, or lists of sentences.",
                fix='Put a single text in a list: ["It rained. Ann left."].',
                where=where,
                kind=TypeError,
                x=x,
            )
        documents = tokenize_documents(list(x), self.tokenizer, where)
        self.count_truncated(np.diff(documents.id_splits) + 2)
        return documents

    def unlabelled(self, x: Rows, batch_size: int | None, where: str = "x") -> tuple[Dataset, None]:
        """See `RowBatches.unlabelled`; the rows are windows."""
        columns, decided = self._windows(self.documents(x, where))
        size = batch_size or max(len(decided), 1)
        return ordered_batches(columns, PackedTokens(), size, None, finish=_with_segments), None

    def to_decide(self, documents: Documents, batch_size: int) -> Dataset | None:
        """Batches of tokens, and the number of the sentence that each token decides, or -1.

        Returns None if there are no sentences.
        """
        columns, decided = self._windows(documents)
        if not decided:
            return None
        columns["sentence"] = _ragged(decided)
        order = np.argsort([-len(window) for window in decided], kind="stable")  # least padding
        return ordered_batches(
            {name: tf.gather(column, order) for name, column in columns.items()},
            PackedTokens(),
            batch_size,
            None,
            finish=lambda tokens, rest: (_with_segments(tokens, rest), rest["sentence"].to_tensor(-1)),
        )

    def split(self, x: Rows, y: Labels, sample_weight: Any, fraction: float) -> tuple[Any, Any, Any, Any]:
        """Splits off the last `fraction` of the rows; returns `x, y, sample_weight, validation_data`."""
        return cut_lists(x, y, sample_weight, fraction)

    def _windows(self, documents):
        """The columns of windows, `ids` and `segment_ids`, and which sentence each token decides."""
        ids, segments, decided = sentence_windows(
            documents,
            self.tokenizer.cls_id,
            self.tokenizer.sep_id,
            self.max_sequence_length,
            self.num_segments,
        )
        return {"ids": _ragged(ids), "segment_ids": _ragged(segments)}, decided

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "num_segments": self.num_segments}


def _with_segments(tokens, rest):
    return tokens | {"segment_ids": rest["segment_ids"].to_tensor()}


def _ragged(rows):
    """Returns rows of int32 as a ragged tensor."""
    values = np.concatenate([np.zeros(0, "int32"), *rows], dtype="int32")
    return tf.RaggedTensor.from_row_splits(values, np.cumsum([0, *map(len, rows)]))
