"""Tokenizes documents."""

import dataclasses

import numpy as np

from kerasbert import checks
from kerasbert.data import split_sentences as rules
from kerasbert.data.masking import continuations

_AT_ONCE = 4 << 20  # how many characters are tokenized together


@dataclasses.dataclass(frozen=True)
class TokenDocuments:
    """The tokens of many documents in one array, and where sentences and documents begin in it.

    Args:
        token_ids: int32 array `(tokens,)`.
        continues: bool array `(tokens,)`, whether a token continues the word of the token before it.
        bounds: int array `(sentences + 1,)`: sentence `i` has the tokens from `bounds[i]` to `bounds[i + 1]`.
        documents: int array `(documents + 1,)`: document `d` has the sentences from `documents[d]` to
            `documents[d + 1]`.
    """

    token_ids: np.ndarray
    continues: np.ndarray
    bounds: np.ndarray
    documents: np.ndarray


def tokenize_documents(documents, tokenizer, longest, split_sentences=None, segment_words=None):
    """Tokenizes documents sentence by sentence.

    Args:
        documents: iterable of lists of str, lines of text.
        tokenizer: `BertTokenizer` or `RobertaTokenizer`.
        longest: int, in tokens; longer sentences are cut into several.
        split_sentences: function that takes a line (str) and returns its sentences; True to use the one of
            `kerasbert.data`; None if a line is a sentence.
        segment_words: function that takes a sentence (str) and returns its words in order; None to use the
            tokenizer's own words.

    Returns:
        `TokenDocuments`, without documents that have no token.

    Raises:
        ValueError: if the words of `segment_words` do not occur in the sentence in this order.
    """
    if split_sentences is True:
        split_sentences = _by_rules
    sentences, counts = [], []
    for lines in documents:
        before = len(sentences)
        for line in lines:
            sentences += [line] if split_sentences is None else split_sentences(line)
        counts.append(len(sentences) - before)
        # Every sentence but the first gets the prefix of a word: RoBERTa's tokens include the space.
        sentences[before + 1 :] = [tokenizer.word_prefix + sentence for sentence in sentences[before + 1 :]]

    ids, continues, lengths = [np.zeros(0, np.int32)], [np.zeros(0, bool)], [np.zeros(0, np.int64)]
    table = continuations(tokenizer)
    for batch in _batches(sentences):
        if segment_words is None:
            found = tokenizer.tokenize(batch)
            inside = table[found.flat_values.numpy()]
        else:
            found, starts, _ = tokenizer.tokenize_with_offsets(batch)
            inside = table[found.flat_values.numpy()]
            for text, first, last in zip(batch, found.row_starts(), found.row_limits(), strict=True):
                words = _word_starts(text, segment_words(text))
                inside[first:last] |= ~np.isin(starts.flat_values[first:last], words)
        lengths.append(found.row_lengths().numpy())
        starts = found.row_starts().numpy()[lengths[-1] > 0]
        inside[starts] = False
        ids.append(found.flat_values.numpy())
        continues.append(inside)

    lengths = np.concatenate(lengths)
    pieces = -(-lengths // longest)  # 0 if a sentence has no token
    document = np.repeat(np.repeat(np.arange(len(counts)), counts), pieces)
    begins = np.cumsum(lengths) - lengths
    place = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    bounds = np.append(np.repeat(begins, pieces) + place * longest, lengths.sum())
    first_sentences = np.flatnonzero(np.diff(document, prepend=-1))
    return TokenDocuments(
        np.concatenate(ids), np.concatenate(continues), bounds, np.append(first_sentences, len(document))
    )


def _by_rules(line):
    return [line[start:end] for start, end in rules(line)]


def _batches(sentences):
    """Yields lists of sentences of about `_AT_ONCE` characters."""
    batch, size = [], 0
    for sentence in sentences:
        batch.append(sentence)
        size += len(sentence) + 1
        if size > _AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _word_starts(text, words):
    """The positions in `text`, in characters, where `words` start."""
    starts, place = [], 0
    for word in words:
        at = text.find(word, place)
        if at < 0:
            raise checks.invalid(
                "`segment_words` must return the words exactly as they are in the text, in order.",
                fix="Return substrings of the text; spaces may be left out.",
                where="segment_words",
                text=text,
                word=word,
            )
        starts.append(at)
        place = at + len(word)
    return starts
