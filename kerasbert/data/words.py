"""The words of rows and their tokens."""

import dataclasses
import itertools

import numpy as np

from kerasbert import checks
from kerasbert.data.word_graph import words_of_texts
from kerasbert.optional import tensorflow as tf
from kerasbert.text import as_text_tensor


@dataclasses.dataclass(frozen=True)
class Words:
    """The words of R rows and their tokens.

    Args:
        texts: list of R str. For rows that were passed as lists of words, these are joined by spaces.
        spans: list of R lists of `(start, end)`, the position of each word in its text.
        ids: ragged int32 `(R, None)`, the tokens, without special tokens.
        first: ragged int32 `(R, None)`, the index in its row of the first token of each word; -1 for a word
            without tokens.
    """

    texts: list[str]
    spans: list[list[tuple[int, int]]]
    ids: object
    first: object

    @property
    def splits(self):
        """int array `(R + 1,)`, the index of each row's first word among all words."""
        return self.first.row_splits.numpy()


def are_words(x):
    """Whether `x` holds rows of words rather than texts: whether its first row is a list and not a str."""
    if isinstance(x, (str, bytes, dict)) or tf.is_tensor(x) or not hasattr(x, "__len__"):
        return False
    row = next(iter(x), "") if getattr(x, "ndim", 1) else ""
    return not isinstance(row, (str, bytes)) and hasattr(row, "__iter__")


def tokenize_words(sentences, tokenizer, where="x"):
    """Tokenizes sentences that are already split into words.

    Args:
        sentences: sequence of R sequences of str.
        tokenizer: `BertTokenizer`, or another tokenizer of `kerasbert.text`.
        where: str, named in errors.

    Returns:
        `Words`.

    Raises:
        TypeError: if something is not a word; the message names the row and the word.
    """
    sentences = [_checked_words(words, f"{where}, row {row}") for row, words in enumerate(sentences)]
    before = tokenizer.word_prefix
    pieces = [word if i == 0 else before + word for words in sentences for i, word in enumerate(words)]
    tokens, starts, ends = tokenizer.tokenize_with_offsets(pieces)
    begins = tokens.row_splits.numpy()
    # The first token of " 中" may be the space alone.
    parts = np.append(np.flatnonzero((ends > starts).flat_values), begins[-1])
    first = parts[np.searchsorted(parts, begins[:-1])]
    splits = np.cumsum([0, *map(len, sentences)])
    spans = []
    for words in sentences:
        ends = np.cumsum([len(word) + 1 for word in words]) - 1
        spans.append([(int(end) - len(word), int(end)) for word, end in zip(words, ends, strict=True)])
    first = np.where(first < begins[1:], first - np.repeat(begins[splits[:-1]], np.diff(splits)), -1)
    return Words(
        texts=[" ".join(words) for words in sentences],
        spans=spans,
        ids=tf.RaggedTensor.from_row_splits(tokens.flat_values, begins[splits]),
        first=tf.RaggedTensor.from_row_splits(first.astype("int32"), splits),
    )


def _checked_words(words, where):
    if isinstance(words, (str, bytes)) or not hasattr(words, "__iter__"):
        raise checks.invalid(
            "Every row must be a list of words if the first row is one.",
            fix="Pass only texts, or only lists of words.",
            where=where,
            kind=TypeError,
            received=words,
        )
    words = [word.decode("utf-8", "ignore") if isinstance(word, bytes) else word for word in words]
    for place, word in enumerate(words):
        if not isinstance(word, str):
            raise checks.invalid(
                "A word must be a str.",
                fix="Convert it with str(), or drop it and its label.",
                where=f"{where}, word {place}",
                kind=TypeError,
                value=word,
            )
    return words


def tokenize_texts(texts, tokenizer):
    """Tokenizes texts and finds their words.

    Words are those of `split_words`, but words that share a token are joined.

    Args:
        texts: list of R str or bytes.
        tokenizer: `BertTokenizer`, or another tokenizer of `kerasbert.text`.

    Returns:
        `Words`.
    """
    texts = [text.decode("utf-8", "ignore") if isinstance(text, bytes) else text for text in texts]
    ids, starts, ends, first = words_of_texts(as_text_tensor(texts, "texts"), tokenizer)
    spans = list(zip(starts.flat_values.numpy().tolist(), ends.flat_values.numpy().tolist(), strict=True))
    return Words(
        texts=texts,
        spans=[spans[begin:end] for begin, end in itertools.pairwise(first.row_splits.numpy())],
        ids=ids,
        first=first,
    )
