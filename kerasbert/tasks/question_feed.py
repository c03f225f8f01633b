"""Between questions with contexts and Keras' loop: batches of windows, and labels that are positions."""

import warnings

import numpy as np

from kerasbert import checks
from kerasbert.data import (
    QuestionRows,
    QuestionWindows,
    RowStream,
    answer_spans,
    is_tokens,
    no_rows,
    ordered_batches,
    same_length,
    text_batches,
    text_columns,
)
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.feed import Feed, cut_off, no_labels


class QuestionFeed(Feed):
    """Makes batches of windows for one call of a question answerer; see `Feed`."""

    texts_in_graph = False
    empty = ((), ())

    def __init__(self, task):
        super().__init__(task)
        self._seen = self._truncated = 0

    def _rows(self, x, y, sample_weight, where):
        """As `Feed._rows`; tokens of rows in memory are not copied for each of their windows."""
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
        """The windows of rows in memory, and the tokenizer that knows their tokens."""
        questions, contexts, answers = self._columns(x, y, where)
        spans = answer_spans(answers, contexts, f"{where}: y")
        windows = self.windows(questions, contexts, where)
        columns, slices = windows.slices()
        columns |= windows.labels(spans)
        if sample_weight is not None:
            same_length(where, x=questions, sample_weight=sample_weight)
            columns["sample_weight"] = np.asarray(sample_weight, "float32")[windows.row]
        return columns, slices

    def _batches(self, rows, tokenizer, batch_size, batched, shuffle):
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

    def split(self, x, y, sample_weight, fraction):
        """Cuts the last `fraction` of the rows off: `x, y, sample_weight` and `validation_data`."""
        questions, contexts, answers = self._columns(x, y, "x")
        same_length("x", x=questions, sample_weight=sample_weight)
        return cut_off(lambda rows: (questions[rows], contexts[rows]), answers, sample_weight, fraction)

    def windows(self, questions, contexts, where="x"):
        """Tokenizes and cuts, and counts the questions that are too long."""
        self._need_tokenizer(where)
        task = self._task
        windows = QuestionWindows(
            task.tokenizer,
            questions,
            contexts,
            task.max_sequence_length,
            task.stride,
            task.max_question_length,
            where,
        )
        self._seen += len(questions)
        self._truncated += windows.num_truncated
        self._limit = windows.question_limit
        return windows

    def by_length(self, windows, batch_size):
        """Yields pairs of the numbers of windows and their tokens, in batches of about one length."""
        order = np.argsort(-windows.packed_lengths, kind="stable")
        columns, slices = windows.slices(order)
        batches = ordered_batches(tf.data.Dataset.from_tensor_slices(columns), slices, batch_size, None)
        for i, (tokens, _) in enumerate(batches):
            yield order[i * batch_size : (i + 1) * batch_size], tokens

    def warn_if_truncated(self):
        """Warns, with the count, if questions did not fit."""
        if self._truncated:
            warnings.warn(
                f"{self._truncated} of the {self._seen} questions that were read were longer than "
                f"{self._limit} tokens and were truncated. Change `max_question_length`, or "
                "`max_sequence_length`, of which a question has at most half.",
                stacklevel=3,
            )


def question_columns(x, where="x"):
    """Returns questions and contexts as two lists of str, or raises as `text_columns` does."""
    if isinstance(x, QuestionRows):
        return list(x.questions), list(x.contexts)
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
