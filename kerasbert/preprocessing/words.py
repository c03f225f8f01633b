"""Turns rows of words, or texts that are split into words, into batches with a label for each word."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import (
    IGNORED,
    are_words,
    check_labels,
    class_numbers,
    is_tokens,
    label_lookup,
    not_rows,
    numbers_of_spans,
    numbers_of_words,
    ordered_batches,
    row_weights,
    same_length,
    scheme_of_names,
    text_batches,
    tokenize_texts,
    tokenize_words,
    word_windows,
)
from kerasbert.data.words import Words
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing.preprocessor import Preprocessor
from kerasbert.preprocessing.splits import cut_lists
from kerasbert.text import as_text_tensor
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, Dataset, Labels, Rows, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class WordPreprocessor(Preprocessor):
    """Rows are words; the label of each word is at its first sub-word token.

    Rows that are too long are cut into sliding windows; a word counts in the window in which it is farthest
    from the borders.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`, or None if rows are already tokens.
        labels: sequence of str, the class names in the order of their numbers.
        scheme: str or None, the scheme of `labels`, one of `kerasbert.data.SCHEMES`; None: it is detected
            from the names by `kerasbert.data.detect`, which refuses names in mixed forms. The attribute
            `scheme` shows the scheme that was found.
        window_step: int or None, the tokens from the start of one window to the start of the next; None:
            neighbouring windows share a quarter of their tokens.
        max_sequence_length: int, the longest window in tokens, including special tokens.
        numeric_labels: str or None: `"class_numbers"` or `"names"`, what numeric labels of words mean if the
            class names are numbers, too; see `kerasbert.data.class_numbers`. For rows of tokens, numbers are
            always class numbers.

    Raises:
        ValueError: if `labels` are not at least two different names in one scheme, `window_step` is too
            large, or `max_sequence_length` too small.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "bonn", "is"])
    >>> preprocessor = WordPreprocessor(tokenizer, ["O", "B-LOC"], max_sequence_length=16)
    >>> tokens, labels = preprocessor([["Bonn", "is"]], [["B-LOC", "O"]])
    >>> labels.numpy().tolist()
    [[-100, 1, 0, -100]]
    """

    texts_in_graph = False
    labels_at_tokens = True

    def __init__(
        self,
        tokenizer: TextTokenizer | None,
        labels: Sequence[str],
        scheme: str | None = None,
        window_step: int | None = None,
        max_sequence_length: int = 512,
        numeric_labels: str | None = None,
    ) -> None:
        super().__init__(tokenizer, max_sequence_length)
        checks.one_of("WordPreprocessor", (None, "names", "class_numbers"), numeric_labels=numeric_labels)
        self.numeric_labels = numeric_labels
        self.labels = check_labels(labels)
        self.scheme = scheme_of_names(self.labels, scheme)
        self._given = {"scheme": scheme, "window_step": window_step, "numeric_labels": numeric_labels}
        room = max_sequence_length - 2
        if room < 1:
            raise checks.invalid(
                "`max_sequence_length` must be at least 3, for a token between the two special tokens.",
                fix="Choose a larger number, such as 128.",
                where="WordPreprocessor",
                max_sequence_length=max_sequence_length,
            )
        self.window_step = max(1, room - max_sequence_length // 4) if window_step is None else window_step
        checks.positive_int("WordPreprocessor", window_step=self.window_step)
        if self.window_step > room:
            raise checks.invalid(
                f"`window_step` must be at most {room}, the number of tokens in a window without the special "
                "tokens.",
                fix="Choose a smaller step, such as three quarters of that.",
                where="WordPreprocessor",
                window_step=window_step,
            )

    def label_numbers(self, y: Labels, where: str) -> np.ndarray:
        """Returns class numbers of tokens as an int32 array `(B, S)`."""
        y = np.asarray(y)
        if y.ndim != 2:
            raise checks.invalid(
                "For tokens, labels must have the shape (B, S): a class number for each token.",
                fix="Pass texts or words instead, or write -100 for tokens that do not count.",
                where=where,
                shape=y.shape,
            )
        flat = np.where(y == IGNORED, 0, y).reshape(-1)
        numbers = class_numbers(flat, self.labels, where, "token", "class_numbers")
        return np.where(y == IGNORED, IGNORED, numbers.reshape(y.shape)).astype("int32")

    def label_function(self) -> Callable[[Tensor], Tensor]:
        """The same for tensors in a `tf.data` graph."""
        lookup = label_lookup(self.labels, "class_numbers", ranks=(2,))

        def numbers(values):
            ignored = values == tf.cast(IGNORED, values.dtype)
            return tf.where(ignored, IGNORED, lookup(tf.where(ignored, tf.zeros_like(values), values)))

        return numbers

    def _prepared(self, x, y, sample_weight, where):
        """The windows of rows in memory: token ids, labels and weights."""
        if is_tokens(x):
            return super()._prepared(x, y, sample_weight, where)
        words = self.words(x, where)
        numbers = self.numbers(x, y, words, where)
        same_length(where, x=words.texts, sample_weight=sample_weight)
        ids, decided = self.windows(words)
        # The last label, at index -1, is for tokens that do not decide a word.
        labels = np.append(numbers, IGNORED)[decided.flat_values.numpy()].astype("int32")
        columns = {"ids": ids, "label": decided.with_flat_values(labels)}
        if sample_weight is not None:
            rows = np.searchsorted(words.splits, tf.reduce_max(decided, axis=1), side="right") - 1
            columns["sample_weight"] = row_weights(sample_weight, f"{where}: sample_weight")[rows]
        return columns

    def _batches(self, rows, tokenizer, batch_size, batched, shuffle):
        if batched:
            return ordered_batches(rows, tokenizer, None, self.max_sequence_length)
        return text_batches(rows, tokenizer, batch_size, self.max_sequence_length, shuffle=shuffle)

    def _targets(self, rest, *weight):
        labels = _as_packed(rest["label"], IGNORED)
        return (labels, *(w[:, None] * tf.ones_like(labels, tf.float32) for w in weight))

    def words(self, x: Rows, where: str = "x") -> Words:
        """Returns the words of `x`, lists of words or texts, and their tokens."""
        self.need_tokenizer(where)
        if are_words(x):
            return tokenize_words(list(x), self.tokenizer, where)
        if as_text_tensor(x, where).shape.rank == 0:
            raise not_rows(x, where, 'Put it in a list: ["Bonn is small"].')
        return tokenize_texts(
            (x.numpy() if tf.is_tensor(x) else np.asarray(x, object)).tolist(), self.tokenizer
        )

    def numbers(self, x: Rows, y: Labels, words: Words, where: str = "x") -> np.ndarray:
        """Returns the class numbers of all words, int32 `(W,)`, from the labels that a user gave."""
        if y is None:
            raise checks.invalid(
                "Training and evaluation need labels.",
                fix="Pass `y`: one label for each word; or `(start, end, type)` in characters for texts.",
                where=where,
                y=None,
            )
        arguments = (y, words, self.labels, self.scheme, f"{where}: y")
        if not are_words(x):
            return numbers_of_spans(*arguments)
        return numbers_of_words(*arguments, self.numeric_labels)

    def unlabelled(self, x: Rows, batch_size: int | None, where: str = "x") -> tuple[Dataset, None]:
        """See `RowBatches.unlabelled`; the rows are windows."""
        ids, _ = self.windows(self.words(x, where))
        size = batch_size or max(int(ids.nrows()), 1)
        batches = ordered_batches(
            {"ids": ids}, self.tokenizer, size, self.max_sequence_length, finish=lambda tokens, rest: tokens
        )
        return batches, None

    def to_decide(self, words: Words, batch_size: int) -> Dataset | None:
        """Batches of tokens, and the word that each token decides, or -1; None if there are no words."""
        ids, decided = self.windows(words)
        if not ids.nrows():
            return None
        order = np.argsort(-ids.row_lengths().numpy(), kind="stable")  # least padding
        columns = {"ids": tf.gather(ids, order), "word": tf.gather(decided, order)}
        return ordered_batches(
            columns,
            self.tokenizer,
            batch_size,
            self.max_sequence_length,
            finish=lambda tokens, rest: (tokens, _as_packed(rest["word"], -1)),
        )

    def split(self, x: Rows, y: Labels, sample_weight: Any, fraction: float) -> tuple[Any, Any, Any, Any]:
        """Splits off the last `fraction` of the rows; returns `x, y, sample_weight, validation_data`."""
        return cut_lists(x, y, sample_weight, fraction)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "labels": list(self.labels), **self._given}

    def windows(self, words: Words) -> tuple[Any, Any]:
        """Cuts rows of words into windows; see `kerasbert.data.word_windows`."""
        room = self.max_sequence_length - 2
        return word_windows(words.ids, words.first, room, self.window_step)


def _as_packed(ragged, other):
    """Numbers of tokens, ragged `(B, None)`, as `(B, S)`, with `other` at special tokens and padding."""
    return tf.pad(ragged.to_tensor(other), [[0, 0], [1, 1]], constant_values=other)
