"""Warns if the vocabulary does not fit the texts, for example because they are in another language."""

import warnings

import keras
import numpy as np

from kerasbert.optional import tensorflow as tf

# With BERT's vocabularies, less than one word in a hundred becomes `[UNK]` in the languages that they were
# made from. A fraction of fewer than LEAST_TOKENS tokens says little.
MOST_UNKNOWN = 0.1
LEAST_TOKENS = 500


class UnknownTokens(keras.callbacks.Callback):
    """Counts the tokens that a `fit` reads, and warns after the first epoch if many of them are `[UNK]`.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`.
    """

    def __init__(self, tokenizer):
        super().__init__()
        self._tokenizer = tokenizer
        self._counts = [tf.Variable(0, dtype=tf.int64) for _ in range(2)]

    def watch(self, batches):
        """Returns a data set of the same tuples that counts as it is read; the first item is the tokens."""
        unknown, seen = self._counts
        tokenizer = self._tokenizer

        def count(tokens, *rest):
            ids = tokens["token_ids"]
            unknown.assign_add(tf.math.count_nonzero(ids == tokenizer.unk_id))
            seen.assign_add(tf.math.count_nonzero(~_is_special(ids, tokenizer)))
            return (tokens, *rest)

        return batches.map(count)

    def on_epoch_end(self, epoch, logs=None):
        """Warns after the first epoch, once."""
        counts, self._counts = self._counts, None
        if counts is not None:
            warn_if_unknown(*(int(count) for count in counts))


def warn_of_tokens(ids, tokenizer):
    """Warns if many of the token ids, an array in memory, are `[UNK]`."""
    ids = np.asarray(ids)
    warn_if_unknown(np.sum(ids == tokenizer.unk_id), np.sum(~_is_special(ids, tokenizer)))


def _is_special(ids, tokenizer):
    return (ids == tokenizer.cls_id) | (ids == tokenizer.sep_id) | (ids == tokenizer.pad_id)


def warn_if_unknown(unknown, seen):
    """Warns if `unknown`, the number of `[UNK]` among `seen` tokens, is too large."""
    if seen >= LEAST_TOKENS and unknown > MOST_UNKNOWN * seen:
        warnings.warn(
            f"{unknown / seen:.0%} of the tokens are [UNK], which stands for everything that is not in "
            "the vocabulary. The vocabulary may be for another language, or cased while the texts are not. "
            "Use a checkpoint whose vocabulary fits your texts.",
            stacklevel=4,
        )
