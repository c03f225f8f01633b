"""Packs sentences for a model that scores each sentence at its own `[CLS]` token."""

import numpy as np


def sentence_windows(documents, cls_id, sep_id, max_length, num_segments=2):
    """Packs the sentences of documents, with a `[CLS]` before and a `[SEP]` after each sentence.

    Liu 2019, section 2.1, https://arxiv.org/abs/1903.10318: segment ids alternate from sentence to sentence
    (interval segment embeddings). A document that is too long becomes several windows of whole sentences,
    each as full as possible. A sentence that is longer than a window is truncated, and a sentence without
    tokens is left out.

    Args:
        documents: `Documents`.
        cls_id, sep_id: int, the ids of the special tokens.
        max_length: int, the most tokens in a window, special tokens included.
        num_segments: int; if it is less than 2, all segment ids are 0.

    Returns:
        Three lists of int32 arrays, one for each window: the token ids; the segment ids; and at each `[CLS]`
        the index of its sentence among all sentences, -1 at all other tokens.

    Example:

    >>> from kerasbert.data import tokenize_documents
    >>> letters = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdef"])
    >>> documents = tokenize_documents([["a b", "c", "d e f"]], letters)
    >>> ids, segments, decided = sentence_windows(documents, 2, 3, max_length=7)
    >>> [row.tolist() for row in ids], [row.tolist() for row in segments]
    ([[2, 5, 6, 3, 2, 7, 3], [2, 8, 9, 10, 3]], [[0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 0]])
    >>> [row.tolist() for row in decided]
    [[0, -1, -1, -1, 1, -1, -1], [2, -1, -1, -1, -1]]
    """
    lengths = np.minimum(np.diff(documents.id_splits) + 2, max_length)
    windows = []
    for first, after in zip(documents.splits[:-1], documents.splits[1:], strict=True):
        room = 0
        for sentence in range(first, after):
            if lengths[sentence] == 2:
                continue
            if lengths[sentence] > room:
                windows.append([])
                room = max_length
            windows[-1].append(sentence)
            room -= lengths[sentence]
    ids, segments, decided = [], [], []
    for window in windows:
        starts = documents.id_splits[window]
        tokens = [documents.ids[a : a + n] for a, n in zip(starts, lengths[window] - 2, strict=True)]
        ids.append(np.concatenate([part for t in tokens for part in ([cls_id], t, [sep_id])], dtype="int32"))
        parity = np.arange(len(window)) % 2 * (num_segments > 1)
        segments.append(np.repeat(parity, lengths[window]).astype("int32"))
        at = np.full(len(ids[-1]), -1, "int32")
        at[np.cumsum(lengths[window]) - lengths[window]] = window
        decided.append(at)
    return ids, segments, decided
