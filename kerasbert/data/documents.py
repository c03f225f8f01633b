"""Documents: their texts, sentences and tokens."""

import dataclasses

import numpy as np

from kerasbert import checks
from kerasbert.data.oracle import oracle_labels
from kerasbert.data.sentences import split_sentences


@dataclasses.dataclass(frozen=True)
class Documents:
    """The sentences and tokens of R documents: N sentences and T tokens in total.

    Args:
        texts: list of R str. For documents that were passed as lists of sentences, these are joined by line
            breaks.
        spans: list of R lists of `(start, end)`, the position of each sentence in its text.
        splits: int array `(R + 1,)`, the index of each document's first sentence among all sentences.
        ids: int32 array `(T,)`, the token ids of all sentences, without special tokens.
        id_splits: int array `(N + 1,)`, the index of each sentence's first token in `ids`.
    """

    texts: list[str]
    spans: list[list[tuple[int, int]]]
    splits: np.ndarray
    ids: np.ndarray
    id_splits: np.ndarray

    def sentences(self, row):
        """The sentences of one document, as a list of str."""
        return [self.texts[row][start:end] for start, end in self.spans[row]]


def tokenize_documents(rows, tokenizer, where="x"):
    """Splits documents into sentences, unless they are already split, and tokenizes the sentences.

    Args:
        rows: list of R documents, each a str or bytes, or a list of its sentences.
        tokenizer: `BertTokenizer`, or another tokenizer of `kerasbert.text`.
        where: str, named in errors.

    Returns:
        `Documents`.

    Raises:
        TypeError: if something is not text; the message names the row and the sentence.
    """
    texts, spans = zip(*sentence_spans(rows, where), strict=True) if len(rows) else ((), ())
    sentences = [text[start:end] for text, row in zip(texts, spans, strict=True) for start, end in row]
    tokens = tokenizer.tokenize(sentences)
    return Documents(
        list(texts),
        list(spans),
        np.cumsum([0, *map(len, spans)]),
        tokens.flat_values.numpy(),
        tokens.row_splits.numpy(),
    )


def sentence_spans(rows, where="x"):
    """Finds the sentences of documents.

    Args:
        rows, where: as for `tokenize_documents`.

    Returns:
        List with a pair for each document: its text, and the `(start, end)` of each sentence in this text.

    Raises:
        TypeError: if something is not text; the message names the row and the sentence.
    """
    found = []
    for row, document in enumerate(rows):
        if isinstance(document, (str, bytes)):
            text = _as_str(document)
            found.append((text, split_sentences(text)))
        else:
            sentences = _checked(document, f"{where}, row {row}")
            ends = np.cumsum([len(sentence) + 1 for sentence in sentences], dtype=int) - 1
            spans = [(int(e) - len(s), int(e)) for s, e in zip(sentences, ends, strict=True)]
            found.append(("\n".join(sentences), spans))
    return found


def _as_str(text):
    return text.decode("utf-8", "ignore") if isinstance(text, bytes) else text


def _checked(document, where):
    if not hasattr(document, "__iter__") or isinstance(document, dict):
        raise checks.invalid(
            "A document must be a text or a list of sentences.",
            fix="Convert it, or drop the row.",
            where=where,
            kind=TypeError,
            received=document,
        )
    sentences = [_as_str(sentence) for sentence in document]
    for place, sentence in enumerate(sentences):
        if not isinstance(sentence, str):
            raise checks.invalid(
                "A sentence must be a str.",
                fix="Convert it with str(), or drop it and its label.",
                where=f"{where}, sentence {place}",
                kind=TypeError,
                value=sentence,
            )
    return sentences


def sentence_labels(y, documents, where="y"):
    """Turns the labels or summaries of documents into one label for each sentence.

    Args:
        y: for each document either a list with 0 or 1 for each sentence, or a summary (str), for which
            `oracle_labels` chooses sentences.
        documents: `Documents`.
        where: str, named in errors.

    Returns:
        int32 array `(N,)` of 0 and 1.

    Raises:
        TypeError: if a row is neither of these.
        ValueError: if there are not as many labels as sentences, or a label is not 0 or 1.
    """
    if len(y) != len(documents.texts):
        raise checks.invalid(
            "There must be as many rows in `x` and `y`.",
            fix="Pass the labels of its sentences, or a summary, for each document.",
            where=where,
            x=len(documents.texts),
            y=len(y),
        )
    labels = [np.zeros(0, "int32")]
    for row, given in enumerate(y):
        if isinstance(given, str):
            labels.append(np.array(oracle_labels(documents.sentences(row), given), "int32"))
        else:
            labels.append(_zeros_and_ones(given, len(documents.spans[row]), f"{where}, row {row}"))
    return np.concatenate(labels)


def _zeros_and_ones(given, count, where):
    numbers = np.asarray(given)
    if numbers.dtype.kind not in "biuf" and numbers.size:
        raise checks.invalid(
            "The labels of a document must be 0 or 1 for each sentence, or a summary (str).",
            fix="Convert the labels to int.",
            where=where,
            kind=TypeError,
            labels=given,
        )
    if numbers.shape != (count,) or not np.isin(numbers, (0, 1)).all():
        raise checks.invalid(
            "There must be a 0 or 1 for each sentence.",
            fix="Check the sentences with `kerasbert.data.split_sentences`, or pass lists of sentences.",
            where=where,
            sentences=count,
            labels=given,
        )
    return numbers.astype("int32")
