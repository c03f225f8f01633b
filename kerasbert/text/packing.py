"""Packs token ids into the dense inputs of an encoder: [CLS] first [SEP] (second [SEP])."""

from kerasbert import checks
from kerasbert.optional import tensorflow as tf

# The names of the tensors that packing makes and an encoder takes, in this order wherever order matters.
TOKEN_INPUTS = ("token_ids", "segment_ids", "padding_mask")


def as_ragged(first, second):
    """Turns the ids of a single text into a batch of one.

    Args:
        first: ragged int32 (B, None), or int32 (S,) for a single text.
        second: like `first`, or None.

    Returns:
        (one, first, second): whether a single text was passed, and the ids as ragged (B, None).

    Raises:
        ValueError: if there are not as many second texts as first.
    """
    one = not isinstance(first, tf.RaggedTensor)
    if second is not None and (
        one is isinstance(second, tf.RaggedTensor)
        or not (one or first.shape[:1].is_compatible_with(second.shape[:1]))
    ):
        raise checks.invalid(
            "There must be as many second texts as first texts.",
            fix="Pass one second text for each first text.",
            first=tuple(first.shape),
            second=tuple(second.shape),
        )
    if one:
        first, second = (
            x if x is None else tf.RaggedTensor.from_tensor(x[tf.newaxis]) for x in (first, second)
        )
    return one, first, second


def row_lengths(ragged):
    """The number of tokens in each row.

    Args:
        ragged: ragged (B, None).

    Returns:
        int32 (B,).
    """
    return tf.cast(ragged.row_lengths(), tf.int32)


def packed_lengths(first_lengths, second_lengths=None, *, separators=1):
    """The lengths that packed rows would have without truncation, special tokens included.

    Args:
        first_lengths: int tensor (B,).
        second_lengths: int tensor (B,) or None.
        separators: int, how many [SEP] stand between the two texts.

    Returns:
        int tensor (B,).
    """
    if second_lengths is None:
        return first_lengths + 2
    return first_lengths + second_lengths + 2 + separators


def truncated_lengths(first, second, budget):
    """The lengths of two texts after truncating the longer one token by token until both fit.

    If both are equally long, the second loses a token. This computes, in one step, the outcome of the loop in
    BERT's original code.

    Args:
        first: int tensor (B,), lengths.
        second: int tensor (B,), lengths.
        budget: int, the most tokens that both may have together.

    Returns:
        Two int tensors (B,).
    """
    half = (budget + 1) // 2  # if the budget is odd, the first text gets one token more
    kept = tf.minimum(first, tf.maximum(half, budget - second))
    return kept, tf.minimum(second, budget - kept)


def pack(first, second, max_length, *, cls_id, sep_id, pad_id, separators=1, second_segment=1):
    """Adds special tokens to token ids, truncates them and pads them.

    Args:
        first: ragged int32 (B, None).
        second: ragged int32 (B, None) or None.
        max_length: int or None, the most tokens a row may have, special ones included.
        cls_id: int.
        sep_id: int.
        pad_id: int.
        separators: int, how many [SEP] stand between the two texts: 1 in BERT, 2 in RoBERTa.
        second_segment: int, the segment id of the second text and its [SEP]: 1 in BERT, 0 in RoBERTa.

    Returns:
        dict of `token_ids`, `segment_ids`, `padding_mask`, each int32 (B, S), S the length of the longest
        row.
    """
    first_kept = row_lengths(first)
    first_starts = tf.cast(first.row_starts(), tf.int32)
    pool = [first.flat_values]
    num_first = tf.size(first.flat_values)
    if second is None:
        if max_length is not None:
            first_kept = tf.minimum(first_kept, max_length - 2)
        totals = packed_lengths(first_kept)
        num_second = 0
    else:
        second_kept = row_lengths(second)
        second_starts = tf.cast(second.row_starts(), tf.int32) + num_first
        pool.append(second.flat_values)
        num_second = tf.size(second.flat_values)
        if max_length is not None:
            budget = max_length - 2 - separators
            first_kept, second_kept = truncated_lengths(first_kept, second_kept, budget)
        totals = packed_lengths(first_kept, second_kept, separators=separators)

    # Every cell of the result is gathered from one pool: all ids, then [CLS], [SEP] and [PAD].
    pool = tf.concat([*pool, tf.constant([cls_id, sep_id, pad_id])], axis=0)
    cls_at = num_first + num_second
    sep_at, pad_at = cls_at + 1, cls_at + 2
    place = tf.range(tf.reduce_max(tf.concat([totals, [2]], 0)))[tf.newaxis]  # (1, S)
    first_kept, first_starts, totals = (
        first_kept[:, tf.newaxis],
        first_starts[:, tf.newaxis],
        totals[:, tf.newaxis],
    )
    cells = tf.where(place <= first_kept, first_starts + place - 1, sep_at)  # (B, S)
    if second is not None:
        begins = first_kept + 1 + separators
        inside = (place >= begins) & (place < totals - 1)
        cells = tf.where(inside, second_starts[:, tf.newaxis] + place - begins, cells)
    cells = tf.where(place == 0, cls_at, cells)
    cells = tf.where(place < totals, cells, pad_at)
    mask = tf.cast(place < totals, tf.int32)
    segments = tf.zeros_like(mask)
    if second is not None:
        segments = mask * second_segment * tf.cast(place >= begins, tf.int32)
    return {"token_ids": tf.gather(pool, cells), "segment_ids": segments, "padding_mask": mask}
