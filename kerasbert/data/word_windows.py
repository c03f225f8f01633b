"""Long rows of tokens cut into windows that overlap, each word decided in one; in graph operations."""

from kerasbert.optional import tensorflow as tf


def word_windows(ids, first, room, window_step):
    """Cuts rows of tokens into windows.

    A row that fits is one window. Of a longer one, each begins `window_step` tokens after the one
    before, and the last ends with the row. A word is decided in the window in which its first token stands
    farthest from a border. A window that decides no word is left out.

    Args:
        ids: ragged int32 `(R, None)`, the tokens of R rows, without special ones.
        first: ragged int32 `(R, None)`, the first token of each word, counted in its row; -1 for a word
            without tokens.
        room: int, the most tokens in a window, special ones not counted.
        window_step: int from 1 to `room`.

    Returns:
        A pair of ragged int32 tensors `(W, None)`: the tokens of each window; and at each token the number,
        among the words of all rows, of the word that it decides, or -1.

    Example:

    >>> ids, first = tf.ragged.constant([[5, 6, 7, 8, 9, 10]]), tf.ragged.constant([[0, 1, 2, 3, 4, 5]])
    >>> ids, decided = word_windows(ids, first, room=4, window_step=2)
    >>> ids.to_list(), decided.to_list()
    ([[5, 6, 7, 8], [7, 8, 9, 10]], [[0, 1, 2, -1], [-1, 3, 4, 5]])
    """
    lengths = tf.cast(ids.row_lengths(), tf.int32)
    beyond = tf.maximum(lengths - room, 0)
    counts = 1 + _ceiling(beyond, window_step)  # windows of each row
    word = tf.cast(tf.reshape(tf.where(first.flat_values >= 0), [-1]), tf.int32)
    row, token = tf.gather(first.value_rowids(), word), tf.gather(first.flat_values, word)

    # Halfway between the middles of two windows a token is equally far from a border of each. All but the
    # last window stand `window_step` apart; doubled, places are whole numbers.
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
    """Whole numbers divided and rounded up."""
    return -(-one // two)
