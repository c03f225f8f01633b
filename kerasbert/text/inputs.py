"""Turns texts from Python into one string tensor, and raises an error for anything that is not text."""

import re
from collections.abc import Sequence

import keras
import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf

_SURROGATES = re.compile("[\ud800-\udfff]")


def as_text_tensor(texts, name):
    """Turns texts into a string tensor.

    A lone surrogate in a str, which UTF-8 cannot hold, becomes U+FFFD, which every BERT tokenizer drops.

    Args:
        texts: one str or bytes; a sequence of them, such as a list, numpy array, pandas Series or a column of
            Hugging Face's `datasets`; or a string tensor.
        name: str, the argument's name for error messages.

    Returns:
        A string tensor, () for one text and (B,) for several; B may be 0.

    Raises:
        TypeError: if something is not text; the message names its row.
        ValueError: if the rank is not 0 or 1.

    Example:

    >>> as_text_tensor(["a film", "two films"], "texts").shape
    TensorShape([2])
    """
    if isinstance(texts, keras.KerasTensor):
        raise checks.invalid(
            "A tokenizer works on strings, which no Keras model takes as `keras.Input`: only TensorFlow has "
            "strings.",
            fix="Use token ids as the model's inputs, and tokenize in `tf.data` with `ds.map(tokenizer)`; "
            "`export.to_saved_model` writes a graph that takes strings.",
            kind=TypeError,
            where=name,
            shape=texts.shape,
        )
    if tf.is_tensor(texts) and not isinstance(texts, tf.RaggedTensor):
        if texts.dtype != tf.string:
            raise _not_text(name, dtype=texts.dtype.name, shape=texts.shape)
        if texts.shape.rank not in (0, 1):
            raise _wrong_rank(name, texts.shape)
        return texts
    if isinstance(texts, (str, bytes)):
        return tf.constant(_encodable(texts), tf.string)
    if isinstance(texts, Sequence):
        rows = texts if isinstance(texts, (list, tuple)) else list(texts)
    elif hasattr(texts, "dtype") and hasattr(texts, "tolist"):  # numpy, pandas
        if np.ndim(texts) not in (0, 1):
            raise _wrong_rank(name, np.shape(texts))
        rows = texts.tolist()
        if np.ndim(texts) == 0:
            return as_text_tensor(rows, name)
    else:
        raise _not_text(name, type=type(texts).__name__)
    for row, text in enumerate(rows):
        if not isinstance(text, (str, bytes)):
            raise _not_text(name, row=row, value=text)
    try:
        return tf.constant(rows, tf.string, shape=(len(rows),))
    except ValueError:  # a lone surrogate
        return tf.constant([_encodable(text) for text in rows], tf.string)


def _encodable(text):
    return _SURROGATES.sub("\ufffd", text) if isinstance(text, str) else text


def _not_text(name, **received):
    return checks.invalid(
        f"`{name}` must be text: str, bytes, a list, array or pandas Series of these, or a string tensor.",
        fix="Drop rows without text or replace them by an empty string, and convert numbers with str().",
        kind=TypeError,
        **received,
    )


def _wrong_rank(name, shape):
    return checks.invalid(
        f"`{name}` must be one text or a one-dimensional sequence of texts, of shape () or (B,).",
        fix="Flatten it first; pass sentence pairs as two arguments.",
        shape=shape,
    )
