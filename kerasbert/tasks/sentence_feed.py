"""Between a user's documents and Keras' loop, for a task that chooses sentences."""

import warnings

import numpy as np

from kerasbert import checks
from kerasbert.data import (
    IGNORED,
    PackedTokens,
    is_tokens,
    ordered_batches,
    same_length,
    sentence_labels,
    sentence_windows,
    text_batches,
    tokenize_documents,
)
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.feed import Feed, cut_lists, no_labels


class SentenceFeed(Feed):
    """As `Feed`, with a label at the `[CLS]` of each sentence, and long documents cut into windows."""

    texts_in_graph = False
    labels_at_tokens = True

    def __init__(self, task):
        super().__init__(task)
        self._seen = self._truncated = 0

    def _prepared(self, x, y, sample_weight, where):
        """The windows of rows in memory: token ids, segments, labels and weights."""
        if is_tokens(x):
            return super()._prepared(x, y, sample_weight, where)
        documents = self.documents(x, where)
        if y is None:
            raise no_labels(where)
        # The last one, of -1, is that of tokens which decide no sentence.
        labels = np.append(sentence_labels(list(y), documents, f"{where}: y"), IGNORED)
        same_length(where, x=documents.texts, sample_weight=sample_weight)
        columns, decided = self._windows(documents)
        columns["label"] = _ragged([labels[window] for window in decided])
        if sample_weight is not None:
            rows = np.searchsorted(documents.splits, [window[0] for window in decided], side="right") - 1
            columns["sample_weight"] = np.asarray(sample_weight, "float32")[rows]
        return columns

    def _batches(self, rows, tokenizer, batch_size, batched, shuffle):
        return text_batches(rows, tokenizer, batch_size, None, shuffle=shuffle)

    def _targets(self, rest, *weight):
        labels = rest["label"].to_tensor(IGNORED)
        return (labels, *(w[:, None] * tf.ones_like(labels, tf.float32) for w in weight))

    def documents(self, x, where="x"):
        """The sentences of `x`, texts or lists of sentences, and their tokens: `Documents`."""
        self._need_tokenizer(where)
        x = x.numpy().tolist() if tf.is_tensor(x) else x
        if isinstance(x, (str, bytes, dict)) or not hasattr(x, "__iter__"):
            raise checks.invalid(
                "A summarizer takes documents: a list of texts, or of lists of sentences.",
                fix='Put a text in a list: ["It rained. Ann left."].',
                where=where,
                kind=TypeError,
                x=x,
            )
        documents = tokenize_documents(list(x), self._task.tokenizer, where)
        lengths = np.diff(documents.id_splits)
        self._seen += len(lengths)
        self._truncated += int((lengths + 2 > self._task.max_sequence_length).sum())
        return documents

    def to_decide(self, documents, batch_size):
        """Batches of tokens and the number of the sentence that each decides, or -1; None without any."""
        columns, decided = self._windows(documents)
        if not decided:
            return None
        columns["sentence"] = _ragged(decided)
        order = np.argsort([-len(window) for window in decided], kind="stable")  # least padding
        rows = tf.data.Dataset.from_tensor_slices({n: tf.gather(v, order) for n, v in columns.items()})

        def as_keras_takes_them(tokens, rest):
            return tokens | {"segment_ids": rest["segment_ids"].to_tensor()}, rest["sentence"].to_tensor(-1)

        return ordered_batches(rows, PackedTokens(), batch_size, None).map(as_keras_takes_them)

    def split(self, x, y, sample_weight, fraction):
        """Cuts the last `fraction` of the rows off: `x, y, sample_weight` and `validation_data`."""
        return cut_lists(x, y, sample_weight, fraction)

    def _windows(self, documents):
        """Columns of windows, `ids` and `segment_ids`; and which sentence each token decides."""
        task = self._task
        ids, segments, decided = sentence_windows(
            documents,
            task.tokenizer.cls_id,
            task.tokenizer.sep_id,
            task.max_sequence_length,
            task.encoder.config.num_segments,
        )
        return {"ids": _ragged(ids), "segment_ids": _ragged(segments)}, decided

    def warn_if_truncated(self):
        """Warns, with the count, if sentences did not fit into a window."""
        if self._truncated:
            warnings.warn(
                f"{self._truncated} of the {self._seen} sentences that were read were longer than "
                f"max_sequence_length={self._task.max_sequence_length} tokens and were truncated.",
                stacklevel=3,
            )


def _ragged(rows):
    """Rows of int32 as a ragged tensor."""
    values = np.concatenate([np.zeros(0, "int32"), *rows], dtype="int32")
    return tf.RaggedTensor.from_row_splits(values, np.cumsum([0, *map(len, rows)]))
