"""Cuts long rows of tokens into sliding windows, and decides each word in one of them, in the graph."""

from kerasbert.optional import tensorflow as tf


def word_windows(ids, first, room, window_step):
    """Cuts rows of tokens into sliding windows.

    A row that fits becomes one window. In a longer row, each window begins `window_step` tokens after the one
    before, except that the last window ends with the row. A word is decided in the window in which its first
    token is farthest from a border. A window in which no word is decided is left out.

    Args:
        ids: ragged int32 `(R, None)`, the tokens of R rows, without special tokens.
        first: ragged int32 `(R, None)`, the index in its row of the first token of each word; -1 for a word
            without tokens.
        room: int, the most tokens in a window, not counting special tokens.
        window_step: int from 1 to `room`.

    Returns:
        A pair of ragged int32 tensors `(W, None)`: the tokens of each window; and, for each token, the index
        among all words of the word that is decided at this token, or -1.

    Example:

    >>> ids, first = tf.ragged.constant([[5, 6, 7, 8, 9, 10]]), tf.ragged.constant([[0, 1, 2, 3, 4, 5]])
    >>> ids, decided = word_windows(ids, first, room=4, window_step=2)
    >>> ids.to_list(), decided.to_list()
    ([[5, 6, 7, 8], [7, 8, 9, 10]], [[0, 1, 2, -1], [-1, 3, 4, 5]])
    """
    lengths = tf.cast(ids.row_lengths(), tf.int32)
    beyond = tf.maximum(lengths - room, 0)
    counts = 1 + _ceiling(beyond, window_step)  # how many windows each row has
    word = tf.cast(tf.reshape(tf.where(first.flat_values >= 0), [-1]), tf.int32)
    row, token = tf.gather(first.value_rowids(), word), tf.gather(first.flat_values, word)

    # A token halfway between the middles of two windows is equally far from a border of each. Windows are
    # `window_step` apart, except for the last one. Positions are doubled so that they are whole numbers.
    beyond, last = tf.gather(beyond, row), tf.gather(counts, row) - 1
    passed = _ceiling(tf.maximum(2 * token - (room - 1) - window_step, 0), 2 * window_step)
    passed = tf.minimum(passed, tf.maximum(last - 1, 0))
    reached = (last > 0) & (2 * token > (last - 1) * window_step + beyond + room - 1)
    window = tf.where(reached, last, passed)

    used, window = tf.unique(tf.gather(tf.cumsum(counts, exclusive=True), row) + window)
    row = tf.gather(tf.repeat(tf.range(tf.size(counts)), counts), used)
    begin = (used - tf.gather(tf.cumsum(counts, exclusive=True), row)) * window_step
    begin = tf.minimum(begin, tf.maximum(tf.gather(lengths, row) - room, 0))
    length = tf.minimum(tf.gather(lengths, row), room)

    place = tf.gather(tf.cumsum(length, exclusive=True) - begin, window) + token
    decided = tf.tensor_scatter_nd_update(tf.fill([tf.reduce_sum(length)], -1), place[:, None], word)
    start = tf.gather(tf.cast(ids.row_starts(), tf.int32), row) + begin
    windows = tf.RaggedTensor.from_row_lengths(decided, tf.cast(length, tf.int64), validate=False)
    return windows.with_flat_values(
        tf.gather(ids.flat_values, tf.ragged.range(start, start + length).flat_values)
    ), windows


def _ceiling(one, two):
    """Divides whole numbers and rounds up."""
    return -(-one // two)
