"""Texts in memory as Python's own strings, for what changes them or points at their characters."""

from kerasbert import checks
from kerasbert.data.rows import is_dataset, is_pair, is_tokens, raw_columns, text_columns
from kerasbert.data.streams import RowStream
from kerasbert.data.words import are_words


def texts_in_memory(x, where="x"):
    """Returns the texts of rows as lists of str: one list, or two for rows with two texts.

    Args:
        x: as for `text_columns`.
        where: str, named in errors.

    Returns:
        List of one or two lists of str. What is no UTF-8 in bytes is left out.

    Raises:
        TypeError: if `x` is tokens, a data set, the rows of a reader, rows of words, or not text.
        ValueError: if the columns differ in length, or have other names than `text` and `text_pair`.
    """
    elsewhere = isinstance(x, RowStream) or is_dataset(x) or is_tokens(x)
    if elsewhere or (are_words(x) and not is_pair(x)):
        raise checks.invalid(
            "Only texts in memory can be shown and changed.",
            fix="Pass a list of texts, or a tuple of two lists; of rows of words, join the words.",
            where=where,
            kind=TypeError,
            x=type(x).__name__,
        )
    text_columns(x, where)  # raises if something is not text
    columns = [c.numpy() if hasattr(c, "numpy") else c for c in raw_columns(x)]
    return [[v.decode("utf-8", "ignore") if isinstance(v, bytes) else v for v in c] for c in columns]


def single_texts(x, where="x"):
    """Like `texts_in_memory`, but returns one list of str; raises ValueError for rows of two texts."""
    texts, *others = texts_in_memory(x, where)
    if others:
        raise checks.invalid(
            "A row of a masked language model is one text.",
            fix="Pass a list of texts.",
            where=where,
            columns=1 + len(others),
        )
    return texts
