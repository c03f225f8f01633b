"""Turns questions with contexts into batches of windows, and answers into positions of tokens."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import (
    QuestionRows,
    QuestionWindows,
    RowStream,
    answer_spans,
    is_tokens,
    no_rows,
    not_rows,
    ordered_batches,
    row_weights,
    same_length,
    text_batches,
    text_columns,
    whole_numbers,
)
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing.preprocessor import Preprocessor
from kerasbert.preprocessing.splits import cut_off, no_labels
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, Dataset, Labels, Rows, Tensors


@keras.saving.register_keras_serializable(package="kerasbert")
class QuestionPreprocessor(Preprocessor):
    """Rows are questions with contexts, which are cut into sliding windows; labels are positions in these.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`, or None if rows are already tokens.
        max_sequence_length: int, the longest window in tokens, including the question and special tokens.
        window_step: int, the tokens from the start of one window to the start of the next. If windows are not
            longer than that, the step is half a window.
        max_question_length: int, the most tokens of a question that are used; at most half of a window.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "where", "in", "bonn"])
    >>> preprocessor = QuestionPreprocessor(tokenizer, 16)
    >>> tokens, labels = preprocessor((["Where?"], ["In Bonn"]), [[("Bonn", 3)]])
    >>> {name: value.numpy().tolist() for name, value in labels.items()}
    {'start': [5], 'end': [5]}
    """

    texts_in_graph = False
    empty = ((), ())
    counted_as = ("questions", "max_question_length")

    def __init__(
        self,
        tokenizer: TextTokenizer | None,
        max_sequence_length: int,
        window_step: int = 128,
        max_question_length: int = 64,
    ) -> None:
        super().__init__(tokenizer, max_sequence_length)
        checks.positive_int(
            "QuestionPreprocessor", window_step=window_step, max_question_length=max_question_length
        )
        self.window_step = window_step
        self.max_question_length = max_question_length

    def label_numbers(self, y: Labels, where: str) -> dict[str, np.ndarray]:
        """Returns the positions of answers in tokens as a dict of int32 arrays `start`, `end`, `(rows,)`."""
        good = isinstance(y, dict) and set(y) == {"start", "end"}
        if not good or any(np.asarray(v).dtype.kind not in "iu" or np.ndim(v) != 1 for v in y.values()):
            raise checks.invalid(
                "For tokens, answers must be a dict of `start` and `end`, a token position for each row.",
                fix="Pass texts and answers instead, or positions counted from `[CLS]`, which is 0.",
                where=where,
                y=y,
            )
        return {name: np.asarray(y[name], "int32") for name in ("start", "end")}

    def label_function(self) -> Callable[[Tensors], Tensors]:
        """The same in a `tf.data` graph."""
        numbers = whole_numbers()
        return lambda y: {name: numbers(position) for name, position in y.items()}

    def _rows(self, x, y, sample_weight, where):
        """See `RowBatches._rows`; tokens of rows in memory are not copied for each of their windows."""
        if isinstance(x, RowStream):
            return super()._rows(x, y, sample_weight, where)
        columns, slices = self._windows(x, y, sample_weight, where)
        if not len(columns["start"]):
            raise no_rows(where)
        return tf.data.Dataset.from_tensor_slices(columns), slices

    def _prepared(self, x, y, sample_weight, where):
        """The windows of some rows of a stream: tokens, positions of answers and weights."""
        if is_tokens(x):
            return super()._prepared(x, y, sample_weight, where)
        columns, slices = self._windows(x, y, sample_weight, where)
        names = {"text": "ids", "text_pair": "ids_pair"}
        tokens = {new: slices.tokenize(columns.pop(name)) for name, new in names.items()}
        return columns | tokens

    def _windows(self, x, y, sample_weight, where):
        """The windows of rows in memory, and a tokenizer that returns the tokens of a window."""
        questions, contexts, answers = self._columns(x, y, where)
        spans = answer_spans(answers, contexts, f"{where}: y")
        windows = self.windows(questions, contexts, where)
        columns, slices = windows.slices()
        columns |= windows.labels(spans)
        if sample_weight is not None:
            same_length(where, x=questions, sample_weight=sample_weight)
            weights = row_weights(sample_weight, f"{where}: sample_weight")
            columns["sample_weight"] = weights[windows.row]
        return columns, slices

    def _batches(self, rows, tokenizer, batch_size, batched, shuffle):
        if batched:
            return ordered_batches(rows, tokenizer, None, None)
        return text_batches(rows, tokenizer, batch_size, None, shuffle=shuffle)

    def _targets(self, rest, *weight):
        return ({name: rest[name] for name in ("start", "end")}, *weight)

    def _columns(self, x, y, where):
        questions, contexts = question_columns(x, where)
        if isinstance(x, QuestionRows) and y is None:
            y = x.answers
        if y is None:
            raise no_labels(where)
        y = list(y)
        same_length(where, x=questions, y=y)
        return questions, contexts, y

    def split(self, x: Rows, y: Labels, sample_weight: Any, fraction: float) -> tuple[Any, Any, Any, Any]:
        """Splits off the last `fraction` of the rows; returns `x, y, sample_weight, validation_data`."""
        questions, contexts, answers = self._columns(x, y, "x")
        same_length("x", x=questions, sample_weight=sample_weight)
        return cut_off(lambda rows: (questions[rows], contexts[rows]), answers, sample_weight, fraction)

    def windows(self, questions: Sequence[str], contexts: Sequence[str], where: str = "x") -> QuestionWindows:
        """Tokenizes rows and cuts them into windows, and counts the questions that are too long."""
        self.need_tokenizer(where)
        windows = QuestionWindows(
            self.tokenizer,
            questions,
            contexts,
            self.max_sequence_length,
            self.window_step,
            self.max_question_length,
            where,
        )
        self._truncation.add(windows.question_lengths, windows.question_limit)
        return windows

    def unlabelled(self, x: Rows, batch_size: int | None, where: str = "x") -> tuple[Dataset, None]:
        """See `RowBatches.unlabelled`; the rows are windows."""
        questions, contexts = question_columns(x, where)
        windows = self.windows(questions, contexts, where)
        columns, slices = windows.slices()
        size = batch_size or max(len(windows), 1)
        return ordered_batches(columns, slices, size, None, finish=lambda tokens, rest: tokens), None

    def by_length(self, windows: QuestionWindows, batch_size: int) -> Iterator[tuple[np.ndarray, Tensors]]:
        """Yields the numbers of windows and their tokens, in batches of windows of similar length."""
        order = np.argsort(-windows.packed_lengths, kind="stable")
        columns, slices = windows.slices(order)
        batches = ordered_batches(columns, slices, batch_size, None)
        for i, (tokens, _) in enumerate(batches):
            yield order[i * batch_size : (i + 1) * batch_size], tokens

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        own = {"window_step": self.window_step, "max_question_length": self.max_question_length}
        return {**super().get_config(), **own}


def question_columns(x, where="x"):
    """Returns questions and contexts as two lists of str; raises the errors of `text_columns`."""
    if isinstance(x, QuestionRows):
        return list(x.questions), list(x.contexts)
    given = tuple(x.values()) if isinstance(x, dict) else x if isinstance(x, tuple) else (x,)
    if any(isinstance(part, (str, bytes)) for part in given):
        fix = 'Put the question and its context in lists: (["Where?"], ["We met in Bonn."]).'
        raise not_rows(x, where, fix)
    columns = text_columns(x, where)
    if "text_pair" not in columns:
        raise checks.invalid(
            "A question answerer takes questions and contexts.",
            fix="Pass `(questions, contexts)`, or what `kerasbert.data.read_squad` returns.",
            where=where,
            kind=TypeError,
            x=type(x).__name__,
        )
    raw = (x["text"], x["text_pair"]) if isinstance(x, dict) else x
    return tuple(map(_strings, raw))


def _strings(column):
    column = column.numpy() if hasattr(column, "numpy") else column
    return [row if isinstance(row, str) else row.decode("utf-8", "ignore") for row in list(column)]
