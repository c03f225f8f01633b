"""Turns token ids back into tokens, in plain Python."""

from kerasbert import checks


def to_tokens(ids, vocabulary):
    """The tokens that belong to ids.

    Args:
        ids: int, or nested lists of int of any depth.
        vocabulary: `Vocabulary`.

    Returns:
        str, or nested lists of str of the same depth.
    """
    if isinstance(ids, (list, tuple)):
        return [to_tokens(i, vocabulary) for i in ids]
    if not 0 <= ids < len(vocabulary):
        raise checks.invalid(
            "A token id must be in the vocabulary.",
            fix="Use the tokenizer that produced these ids.",
            id=ids,
            vocabulary_size=len(vocabulary),
        )
    return vocabulary[ids]


def as_list(ids):
    """Turns ids into Python lists.

    Args:
        ids: int, list, numpy array, tensor or ragged tensor.

    Returns:
        int or lists of int.
    """
    for method in ("to_list", "numpy", "tolist"):  # ragged tensor, tensor, numpy array
        ids = getattr(ids, method, lambda same=ids: same)()
    return ids
