"""Sliding windows over questions with long contexts."""

import dataclasses
import functools

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf

# How many texts are tokenized at a time, because the offsets of all texts at once would take much memory.
AT_ONCE = 1024


def context_windows(lengths, room, window_step):
    """Cuts contexts into sliding windows, as Devlin et al. 2019 did for SQuAD (`run_squad.py`), in the graph.

    Args:
        lengths: int64 tensor `(rows,)`, the number of tokens in each context.
        room: int64 tensor `(rows,)`, the most context tokens in a window.
        window_step: int, the number of tokens from the start of one window to the start of the next. If a
            window is not longer than this, the step is half a window, so that windows always overlap.

    Returns:
        Three int64 tensors `(windows,)`: the row of each window, its first token, and its number of tokens.

    Example:

    >>> [part.numpy().tolist() for part in context_windows(np.array([9, 2]), np.array([5, 5]), 3)]
    [[0, 0, 0, 1], [0, 3, 6, 0], [5, 5, 3, 2]]
    """
    step = tf.where(window_step < room, tf.cast(window_step, tf.int64), tf.maximum(room // 2, 1))
    count = 1 + -(-tf.maximum(lengths - room, 0) // step)
    row, place = _numbered(count)
    start = place * tf.gather(step, row)
    return row, start, tf.minimum(tf.gather(lengths, row) - start, tf.gather(room, row))


def windows_with_most_context(row, start, length, lengths):
    """Chooses for each token of a context the window in which it has the most context, in the graph.

    As in `run_squad.py`, the score of a token in a window is the smaller of the numbers of tokens to its left
    and to its right, plus a hundredth of the window's length. If scores are equal, the first window wins.
    Scores are computed in whole numbers, because as floats some equal scores would differ.

    Args:
        row, start, length: the result of `context_windows`.
        lengths: int64 tensor `(rows,)`, the number of tokens in each context.

    Returns:
        int64 tensor `(tokens of all rows,)`, the index of the window of each token.
    """
    window, place = _numbered(length)
    token = tf.gather(tf.gather(tf.cumsum(lengths, exclusive=True), row) + start, window) + place
    length = tf.gather(length, window)
    score = 100 * tf.minimum(place, length - 1 - place) + length
    count = tf.reduce_sum(lengths)
    best = tf.gather(tf.math.unsorted_segment_max(score, token, count), token)
    chosen = tf.where(score == best, window, tf.int64.max)
    return tf.math.unsorted_segment_min(chosen, token, count)


def _numbered(counts):
    """For rows with `counts` items each: the row of every item, and its index in the row."""
    places = tf.ragged.range(counts)
    return places.value_rowids(), places.flat_values


class TokenSlices:
    """Takes the place of a tokenizer in `text_batches`: its "texts" are the numbers of slices of tokens.

    Args:
        tokenizer: the tokenizer that packs the tokens.
        tokens: int32 array, all tokens.
        starts, lengths: int arrays `(slices,)`, the first token of each slice and the number of its tokens.
    """

    def __init__(self, tokenizer, tokens, starts, lengths):
        self.pack, self.packed_lengths = tokenizer.pack, tokenizer.packed_lengths
        self._parts = tf.constant(tokens), tf.constant(starts, tf.int64), tf.constant(lengths, tf.int64)

    def tokenize(self, numbers):
        """Returns the tokens of the slices with these numbers `(B,)`, ragged int32 `(B, None)`."""
        tokens, starts, lengths = self._parts
        starts, lengths = tf.gather(starts, numbers), tf.gather(lengths, numbers)
        return tf.gather(tokens, tf.ragged.range(starts, starts + lengths))


@dataclasses.dataclass(frozen=True)
class Texts:
    """The tokens of texts and their positions; equal texts are stored once.

    Args:
        tokens: int32 array `(tokens,)`, the tokens of all texts.
        starts, ends: int32 arrays `(tokens,)`, the position of each token in its text, in characters.
        number: int array `(rows,)`, the index of each row's text.
        first, count: int arrays `(texts,)`, the first token of each text and the number of its tokens.
    """

    tokens: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    number: np.ndarray
    first: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, texts, tokenizer):
        """Tokenizes a list of str, each different text only once."""
        number_of = {}
        number = np.array([number_of.setdefault(text, len(number_of)) for text in texts], np.int64)
        different = list(number_of)
        parts, counts = [[np.zeros(0, np.int32)] for _ in range(3)], [np.zeros(0, np.int64)]
        for i in range(0, len(different), AT_ONCE):
            found = tokenizer.tokenize_with_offsets(different[i : i + AT_ONCE])
            for part, values in zip(parts, found, strict=True):
                part.append(values.flat_values.numpy())
            counts.append(found[0].row_lengths().numpy())
        count = np.concatenate(counts)
        return cls(*map(np.concatenate, parts), number, np.cumsum(count) - count, count)

    @property
    def lengths(self):
        """int array `(rows,)`, the number of tokens in each row's text."""
        return self.count[self.number]

    def slice(self, row):
        """The slice of `tokens` that holds the text of a row."""
        number = self.number[row]
        return slice(self.first[number], self.first[number] + self.count[number])


class QuestionWindows:
    """Questions and contexts in memory, tokenized and cut into sliding windows.

    Only contexts are cut into windows. Questions are truncated to `max_question_length`, or to half of the
    room in a window if that is less.

    Args:
        tokenizer: a tokenizer.
        questions: list of str.
        contexts: list of str, one for each question.
        max_length: int, the most tokens in a packed window.
        window_step: int, as for `context_windows`.
        max_question_length: int, in tokens.
        where: str, named in errors.

    Raises:
        ValueError: if there is no room for a question and a context.

    Attributes:
        row, start, length: the result of `context_windows`.
        place: int array `(windows,)`, the position of the first token of the context in a packed window.
        contexts: `Texts`.
        question_lengths: int array `(rows,)`, the number of tokens in each question, before truncation.
        question_limit: int, the most tokens of a question that are kept.
    """

    def __init__(
        self, tokenizer, questions, contexts, max_length, window_step, max_question_length, where="x"
    ):
        special = int(tokenizer.packed_lengths(*(tf.zeros(0, tf.int32) for _ in range(2))))
        room = max_length - special
        if room < 2:
            raise checks.invalid(
                f"`max_sequence_length` must be at least {special + 2}, for a question and a context.",
                fix="Build the task with a larger one, such as 384.",
                where=where,
                max_sequence_length=max_length,
            )
        self.question_limit = min(max_question_length, room // 2)
        self._tokenizer, self._where = tokenizer, where
        self._questions, self.contexts = Texts.of(questions, tokenizer), Texts.of(contexts, tokenizer)
        self.question_lengths = self._questions.lengths
        kept = np.minimum(self.question_lengths, self.question_limit)
        windows = context_windows(self.contexts.lengths, room - kept, window_step)
        self.row, self.start, self.length = (values.numpy() for values in windows)
        self._question_lengths = kept
        # All special tokens except the [SEP] at the end come before the context.
        self.place = kept[self.row] + special - 1
        self.packed_lengths = self.place + self.length + 1

    def __len__(self):
        return len(self.row)

    @functools.cached_property
    def most_context(self):
        """`windows_with_most_context` for these windows."""
        return windows_with_most_context(self.row, self.start, self.length, self.contexts.lengths).numpy()

    def places(self, window):
        """Returns where the tokens of a packed window come from.

        Args:
            window: int, the number of the window.

        Returns:
            For each token `(text, start, end)`: 0 for the question and 1 for the context, and its characters
            there; None for special tokens.
        """
        row, parts = self.row[window], []
        begin, kept = self.start[window], self._question_lengths[self.row[window]]
        for number, (texts, first, count) in enumerate(
            [(self._questions, 0, kept), (self.contexts, begin, self.length[window])]
        ):
            part = slice(texts.slice(row).start + first, texts.slice(row).start + first + count)
            spans = zip(texts.starts[part].tolist(), texts.ends[part].tolist(), strict=True)
            parts.append([(number, start, end) for start, end in spans])
        between = [None] * (self.place[window] - 1 - kept)
        return [None, *parts[0], *between, *parts[1], None]

    def labels(self, spans):
        """Returns the positions of answers in packed windows.

        Args:
            spans: int array `(rows, 2)`, from `answer_spans`.

        Returns:
            dict of `start` and `end`, int32 `(windows,)`: the positions of the answer's first and last token,
            or 0, the position of `[CLS]`, in a window that does not contain the whole answer.

        Raises:
            ValueError: if an answer has no token.
        """
        first, last = np.full((2, len(spans)), -1)
        for row in np.flatnonzero(spans[:, 0] >= 0):
            part, (start, end) = self.contexts.slice(row), spans[row].tolist()
            # The first token that ends after the answer's start, and the last that starts before its end.
            first[row] = np.searchsorted(self.contexts.ends[part], start, side="right")
            last[row] = np.searchsorted(self.contexts.starts[part], end, side="left") - 1
            if first[row] > last[row]:
                raise checks.invalid(
                    "An answer must have a token, but spaces and control characters have none.",
                    fix="Drop the row, or pass [] if it has no answer.",
                    where=f"{self._where}, row {row}",
                    start=start,
                    end=end,
                )
        first, last = first[self.row] - self.start, last[self.row] - self.start
        inside = (first >= 0) & (first <= last) & (last < self.length)
        places = {"start": first, "end": last}
        return {name: np.where(inside, self.place + at, 0).astype("int32") for name, at in places.items()}

    def slices(self, order=None):
        """Returns the windows in the form that `text_batches` takes.

        Args:
            order: int array `(windows,)`, the order of the windows, or None to keep their order.

        Returns:
            A pair: a dict of `text` and `text_pair`, int arrays `(windows,)` of the numbers of slices; and
            the `TokenSlices` that look up their tokens.
        """
        questions, contexts = self._questions, self.contexts
        starts = np.concatenate(
            [
                questions.first[questions.number],
                len(questions.tokens) + contexts.first[contexts.number][self.row] + self.start,
            ]
        )
        lengths = np.concatenate([self._question_lengths, self.length])
        tokens = np.concatenate([questions.tokens, contexts.tokens])
        numbers = {"text": self.row, "text_pair": len(questions.number) + np.arange(len(self))}
        if order is not None:
            numbers = {name: values[order] for name, values in numbers.items()}
        return numbers, TokenSlices(self._tokenizer, tokens, starts, lengths)
