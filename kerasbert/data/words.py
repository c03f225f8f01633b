"""The words of texts, and the tokens of words."""

import dataclasses
import re
import unicodedata

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf

# The blocks that BERT's tokenizer calls Chinese characters: each is a word.
_CHINESE = (
    *((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF)),
    *((0x2A700, 0x2B73F), (0x2B740, 0x2CEAF), (0x2F800, 0x2FA1F)),
)
# In a text of kinds, see `_Kinds`: a word is one character that stands alone, or ends at letters.
_WORD = re.compile("1|a(?:[ac]*a)?")


class _Kinds(dict):
    """The kind of each character: `1` stands alone, blank, control character `c`, `a` all others."""

    def __missing__(self, code):
        category = unicodedata.category(chr(code))
        if chr(code) in "\t\n\r" or category[0] == "Z":
            kind = " "
        elif category in ("Cc", "Cf", "Cs") or code == 0xFFFD:  # which BERT's tokenizer drops too
            kind = "c"
        elif category[0] in "PS" or any(first <= code <= last for first, last in _CHINESE):
            kind = "1"
        else:
            kind = "a"
        self[code] = kind
        return kind


_KINDS = _Kinds()


def split_words(text):
    """Finds the words of a text: what stands between spaces, marks, symbols and Chinese characters.

    Each mark, symbol and Chinese character is a word of its own. Control characters around a word are not
    part of it.

    Args:
        text: str.

    Returns:
        List of `(start, end)` in characters.

    Example:

    >>> text = "In Bonn, 1949"
    >>> [text[start:end] for start, end in split_words(text)]
    ['In', 'Bonn', ',', '1949']
    """
    return [match.span() for match in _WORD.finditer(text.translate(_KINDS))]


@dataclasses.dataclass(frozen=True)
class Words:
    """The words of R rows and their tokens; W words and T tokens in all.

    Args:
        texts: list of R str; of rows that came as words, these with blanks between.
        spans: list of R lists of `(start, end)`, where in its text each word stands.
        splits: int array `(R + 1,)`, where the words of each row begin in the row of all words.
        ids: int32 array `(T,)`, the tokens of all rows, without special ones.
        id_splits: int array `(R + 1,)`, where the tokens of each row begin.
        first: int array `(W,)`, the token in `ids` that each word begins with; -1 for a word without tokens.
    """

    texts: list
    spans: list
    splits: np.ndarray
    ids: np.ndarray
    id_splits: np.ndarray
    first: np.ndarray


def are_words(x):
    """Whether `x` holds rows of words, and not texts: whether its first row is a list and not a str."""
    if isinstance(x, (str, bytes, dict)) or tf.is_tensor(x) or not hasattr(x, "__len__"):
        return False
    row = next(iter(x), "") if getattr(x, "ndim", 1) else ""
    return not isinstance(row, (str, bytes)) and hasattr(row, "__iter__")


def tokenize_words(sentences, tokenizer, where="x"):
    """Tokenizes sentences that are split into words.

    Args:
        sentences: sequence of R sequences of str.
        tokenizer: `BertTokenizer`, or another of `kerasbert.text`.
        where: str, named in errors.

    Returns:
        `Words`.

    Raises:
        TypeError: if something is not a word; the message names row and word.
    """
    sentences = [_checked_words(words, f"{where}, row {row}") for row, words in enumerate(sentences)]
    before = tokenizer.word_prefix
    pieces = [word if i == 0 else before + word for words in sentences for i, word in enumerate(words)]
    tokens, starts, ends = tokenizer.tokenize_with_offsets(pieces)
    begins = tokens.row_splits.numpy()
    # Of " 中" the first token may be the blank alone.
    parts = np.append(np.flatnonzero((ends > starts).flat_values), begins[-1])
    first = parts[np.searchsorted(parts, begins[:-1])]
    splits = _splits(len(words) for words in sentences)
    spans = []
    for words in sentences:
        ends = np.cumsum([len(word) + 1 for word in words]) - 1
        spans.append([(int(end) - len(word), int(end)) for word, end in zip(words, ends, strict=True)])
    return Words(
        texts=[" ".join(words) for words in sentences],
        spans=spans,
        splits=splits,
        ids=tokens.flat_values.numpy(),
        id_splits=begins[splits],
        first=np.where(first < begins[1:], first, -1),
    )


def _checked_words(words, where):
    if isinstance(words, (str, bytes)) or not hasattr(words, "__iter__"):
        raise checks.invalid(
            "A row must be a list of words where the first row is one.",
            fix="Pass texts, or lists of words, not both.",
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

    Words are those of `split_words`; what the tokenizer has in one token is one word.

    Args:
        texts: list of R str or bytes.
        tokenizer: `BertTokenizer`, or another of `kerasbert.text`.

    Returns:
        `Words`.
    """
    texts = [text.decode("utf-8", "ignore") if isinstance(text, bytes) else text for text in texts]
    ids, starts, ends = tokenizer.tokenize_with_offsets(list(texts))
    id_splits = ids.row_splits.numpy()
    starts, ends = starts.flat_values.numpy(), ends.flat_values.numpy()
    spans, first = [], []
    for text, begin, end in zip(texts, id_splits[:-1], id_splits[1:], strict=True):
        words, tokens = _align(split_words(text), starts[begin:end], ends[begin:end])
        spans.append(words)
        first.append(np.where(tokens < 0, -1, tokens + begin))
    return Words(
        texts=texts,
        spans=spans,
        splits=_splits(map(len, spans)),
        ids=ids.flat_values.numpy(),
        id_splits=id_splits,
        first=np.concatenate([*first, np.zeros(0, int)]),
    )


def _align(words, starts, ends):
    """Words, joined where one token has parts of several, and the first token of each, -1 for none."""
    if not words:
        return [], np.zeros(0, int)
    word_starts, word_ends = np.array(words).T
    # A token belongs to the first word that it has a part of.
    owner = np.minimum(np.searchsorted(word_ends, starts, side="right"), len(words) - 1)
    last = np.searchsorted(word_starts, ends, side="left") - 1
    mine = np.flatnonzero((ends > starts) & (starts < word_ends[owner]) & (last >= owner))
    first = np.full(len(words), -1)
    first[owner[mine][::-1]] = mine[::-1]  # the first token is written last
    joined = np.zeros(len(words), bool)
    for token in mine[last[mine] > owner[mine]]:
        joined[owner[token] + 1 : last[token] + 1] = True
    joined &= first < 0
    if joined.any():
        begins = np.flatnonzero(~joined)
        stops = np.append(begins[1:], len(words)) - 1
        words = [(words[a][0], words[b][1]) for a, b in zip(begins, stops, strict=True)]
        first = first[begins]
    return words, first


def _splits(lengths):
    return np.cumsum([0, *lengths])
