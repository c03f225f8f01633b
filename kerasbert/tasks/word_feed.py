"""Between a user's words or texts and Keras' loop, for a task that labels words."""

import numpy as np

from kerasbert import checks
from kerasbert.data import (
    IGNORED,
    are_words,
    is_tokens,
    numbers_of_spans,
    numbers_of_words,
    ordered_batches,
    same_length,
    text_batches,
    tokenize_texts,
    tokenize_words,
    word_windows,
)
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.feed import Feed, cut_lists
from kerasbert.text import as_text_tensor


class WordFeed(Feed):
    """As `Feed`, with a label at the first token of each word, and long rows cut into windows."""

    texts_in_graph = False
    labels_at_tokens = True

    def _prepared(self, x, y, sample_weight, where):
        """The windows of rows in memory: token ids, labels and weights."""
        if is_tokens(x):
            return super()._prepared(x, y, sample_weight, where)
        words = self.words(x, where)
        numbers = self.numbers(x, y, words, where)
        same_length(where, x=words.texts, sample_weight=sample_weight)
        ids, decided = self._windows(words)
        # The last number, of -1, is that of tokens which decide no word.
        labels = np.append(numbers, IGNORED)[decided.flat_values.numpy()].astype("int32")
        columns = {"ids": ids, "label": decided.with_flat_values(labels)}
        if sample_weight is not None:
            rows = np.searchsorted(words.splits, tf.reduce_max(decided, axis=1), side="right") - 1
            columns["sample_weight"] = np.asarray(sample_weight, "float32")[rows]
        return columns

    def _batches(self, rows, tokenizer, batch_size, batched, shuffle):
        return text_batches(rows, tokenizer, batch_size, self._task.max_sequence_length, shuffle=shuffle)

    def _targets(self, rest, *weight):
        labels = _as_packed(rest["label"], IGNORED)
        return (labels, *(w[:, None] * tf.ones_like(labels, tf.float32) for w in weight))

    def words(self, x, where="x"):
        """The words of `x`, lists of words or texts, and their tokens: `Words`."""
        self._need_tokenizer(where)
        if are_words(x):
            return tokenize_words(list(x), self._task.tokenizer, where)
        if as_text_tensor(x, where).shape.rank == 0:
            raise checks.invalid(
                "A task takes rows of text, not one text.",
                fix='Put it in a list: ["Bonn is small"].',
                where=where,
                x=x,
            )
        return tokenize_texts(
            (x.numpy() if tf.is_tensor(x) else np.asarray(x, object)).tolist(), self._task.tokenizer
        )

    def numbers(self, x, y, words, where="x"):
        """The class numbers of all words, int32 `(W,)`, from what the user says of them."""
        if y is None:
            raise checks.invalid(
                "Training and evaluation need labels.",
                fix="Pass `y`: one label for each word; or `(start, end, type)` in characters for texts.",
                where=where,
                y=None,
            )
        convert = numbers_of_words if are_words(x) else numbers_of_spans
        return convert(y, words, self._task.labels, self._task.scheme, f"{where}: y")

    def to_decide(self, words, batch_size):
        """Batches of tokens and the number of the word that each decides, or -1; None without words."""
        ids, decided = self._windows(words)
        if not ids.nrows():
            return None
        order = np.argsort(-ids.row_lengths().numpy(), kind="stable")  # least padding
        columns = {"ids": tf.gather(ids, order), "word": tf.gather(decided, order)}
        batches = ordered_batches(
            tf.data.Dataset.from_tensor_slices(columns),
            self._task.tokenizer,
            batch_size,
            self._task.max_sequence_length,
        )
        return batches.map(lambda tokens, rest: (tokens, _as_packed(rest["word"], -1)))

    def split(self, x, y, sample_weight, fraction):
        """Cuts the last `fraction` of the rows off: `x, y, sample_weight` and `validation_data`."""
        return cut_lists(x, y, sample_weight, fraction)

    def _windows(self, words):
        room = self._task.max_sequence_length - 2
        return word_windows(words.ids, words.first, room, self._task.window_stride)


def _as_packed(ragged, other):
    """Numbers at tokens, `(B, None)`, as `(B, S)`: `other` at special tokens and padding."""
    return tf.pad(ragged.to_tensor(other), [[0, 0], [1, 1]], constant_values=other)
