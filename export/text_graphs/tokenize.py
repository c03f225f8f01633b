"""The tokenizer's signatures of a file, and what all graphs of texts share."""

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text.integers import IntegerTokenizer

TEXT, PAIR = "code_points", "pair_code_points"
# The tokenizer's signatures with their inputs, int32 (1, N) each.
TOKENIZERS = {"tokenize": (TEXT,), "tokenize_pair": (TEXT, PAIR)}


def tokenizer_of(task):
    """The task's tokenizer as a graph of integers; one that reads `[MASK]` where the task fills masks."""
    return IntegerTokenizer(task.mask_tokenizer("export") if task.endpoint == "fill" else task.tokenizer)


def tokenizer_signatures(task, tokenizer):
    """The signatures that turn texts into the inputs of the task's own, and say whether they were cut."""

    def tokenize(code_points, pair_code_points=None):
        return packed(task, tokenizer, code_points, pair_code_points)

    return {name: (tokenize, [text_spec(text) for text in texts]) for name, texts in TOKENIZERS.items()}


def text_spec(name, rows=1, size=None):
    """The input of a text, `(1, N)`, or of several, `(K, N)`."""
    return tf.TensorSpec((rows, size), tf.int32, name)


def packed(task, tokenizer, *texts, max_length=None):
    """Tokens of a text or a pair; and `truncated`, int32 `(1,)`, 1 if they were more than `max_length`."""
    max_length = max_length or task.max_sequence_length
    pieces = [tokenizer.tokenize(text) for text in texts if text is not None]
    tokens = tokenizer.join(pieces, max_length)
    length = tokenizer.joined_length([tf.size(ids) for ids, _, _ in pieces])
    truncated = tf.cast(length > max_length, tf.int32)
    return tokens | {"truncated": tf.reshape(truncated, [1])}


def places(condition):
    """Where a bool tensor `(N,)` is true: int32 `(M,)`."""
    return tf.cast(tf.reshape(tf.where(condition), [-1]), tf.int32)


def in_windows(count, run, tokens, parts, shapes):
    """Answers windows one after another.

    Args:
        count: int32, how many.
        run: as for `text_signatures`.
        tokens: function of the number of a window that returns its tokens, a dict.
        parts: function of these tokens and of the task's answers to them, that returns a tuple of float32
            tensors `(L, ...)`.
        shapes: tuple of their shapes without L.

    Returns:
        Tuple of tensors: a row of zeros, and behind it what `parts` returns for all windows, so that none is
        ever empty.
    """

    def step(number, *found):
        packed = tokens(number)
        answers = parts(packed, run(packed))
        return number + 1, *(tf.concat(pair, 0) for pair in zip(found, answers, strict=True))

    start = [tf.zeros((1, *shape)) for shape in shapes]
    grown = [tf.TensorShape((None, *shape)) for shape in shapes]
    _, *found = tf.while_loop(
        lambda number, *found: number < count,
        step,
        (0, *start),
        shape_invariants=(tf.TensorShape(()), *grown),
    )
    return found


def as_code_points(*texts):
    """Texts as the integers that a file takes, shorter ones with zeros behind them.

    Args:
        *texts: str; or bytes, which are UTF-8.

    Returns:
        numpy int32 (K, N).

    Raises:
        TypeError: if one of them is something else.
    """
    for text in texts:
        if not isinstance(text, (str, bytes)):
            raise checks.invalid(
                "A file that takes text takes str.",
                fix="Join the words of a row; drop rows without text, or replace them by an empty string.",
                where="predict",
                kind=TypeError,
                text=text,
            )
    texts = [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in texts]
    rows = np.zeros((len(texts), max(map(len, texts), default=0)), np.int32)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = [*map(ord, text)]
    return rows
