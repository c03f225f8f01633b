"""Between questions with contexts and Keras' loop: batches of windows, and labels that are positions."""

import warnings

import numpy as np

from kerasbert import checks
from kerasbert.data import (
    QuestionRows,
    QuestionWindows,
    answer_spans,
    is_dataset,
    is_tokens,
    ordered_batches,
    same_length,
    text_batches,
    text_columns,
)
from kerasbert.tasks.feed import Feed, no_labels


class QuestionFeed(Feed):
    """Makes batches of windows for one call of a question answerer; see `Feed`."""

    def __init__(self, task):
        super().__init__(task)
        self._seen = self._truncated = 0

    def labelled(self, x, y, sample_weight, batch_size, shuffle=False, where="x"):
        """Returns `x, y, sample_weight` as Keras takes them: a data set alone, or arrays of tokens."""
        if is_tokens(x):
            return super().labelled(x, y, sample_weight, batch_size, shuffle, where)
        questions, contexts, answers = self._columns(x, y, where)
        if not questions:
            raise checks.invalid(
                "There must be at least one row.", fix="Pass questions.", where=where, rows=0
            )
        spans = answer_spans(answers, contexts, f"{where}: y")
        windows = self.windows(questions, contexts, where)
        columns = windows.labels(spans)
        if sample_weight is not None:
            same_length(where, x=questions, sample_weight=sample_weight)
            columns["sample_weight"] = np.asarray(sample_weight, "float32")[windows.row]
        rows, slices = windows.slices(**columns)
        batches = text_batches(rows, slices, batch_size, None, shuffle=shuffle)

        def as_keras_takes_them(tokens, rest):
            weight = (rest.pop("sample_weight"),) if "sample_weight" in rest else ()
            return (tokens, rest, *weight)

        return batches.map(as_keras_takes_them), None, None

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
        weight = None if sample_weight is None else np.asarray(sample_weight)
        same_length("x", x=questions, sample_weight=weight)
        cut = int(len(questions) * (1 - fraction))

        def part(rows):
            return (questions[rows], contexts[rows]), answers[rows], None if weight is None else weight[rows]

        return *part(slice(cut)), part(slice(cut, None))

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
        rows, slices = windows.slices(order)
        batches = ordered_batches(rows, slices, batch_size, None)
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
    good = not is_dataset(x)
    columns = text_columns(x, where) if good else {}
    if "text_pair" not in columns:
        raise checks.invalid(
            "A question answerer takes questions and contexts in memory.",
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
