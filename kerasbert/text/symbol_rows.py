"""What characters are replaced by: rows of numbers of any length, beside single numbers."""

import numpy as np

from kerasbert.optional import tensorflow as tf


class SymbolRows:
    """Rows of numbers, known by an entry: the number of a row of one, a negative one for another row."""

    def __init__(self):
        self._numbers = {}

    def entry_of(self, row):
        """The entry of a row, a tuple of int of at least 0."""
        if len(row) == 1:
            return row[0]
        return -1 - self._numbers.setdefault(row, len(self._numbers))

    def close(self, constant):
        """Makes the tables, once all rows have an entry; `constant` turns an array into what graphs hold."""
        lengths = np.array([*map(len, self._numbers)] or [0], np.int32)
        self._lengths = constant(lengths)
        self._starts = constant(np.cumsum(lengths).astype(np.int32) - lengths)
        self._values = constant(np.array([s for row in self._numbers for s in row] or [0], np.int32))

    def expanded(self, entries, sources, sizes):
        """Puts rows in the place of their entries.

        Args:
            entries, sources, sizes: int32 (N,), the entries, and two numbers of each that its row repeats.

        Returns:
            (numbers, sources, sizes), int32 (M,).
        """
        row = tf.maximum(-1 - entries, 0)
        entry, within = repeated(tf.where(entries < 0, tf.gather(self._lengths, row), 1))
        value, row = tf.gather(entries, entry), tf.gather(row, entry)
        at = tf.where(value < 0, tf.gather(self._starts, row) + within, 0)
        numbers = tf.where(value < 0, tf.gather(self._values, at), value)
        return numbers, tf.gather(sources, entry), tf.gather(sizes, entry)


def repeated(counts):
    """Repeats entries.

    Args:
        counts: int32 (N,), how often each one is there.

    Returns:
        (entry, within), int32 (M,): the entry at each place, and how often it was there before.
    """
    ends = tf.cumsum(counts)
    total = tf.reduce_sum(counts)
    # Of entries without places the last one counts here: it is the one whose place follows.
    kept = tf.cast(tf.where(counts > 0)[:, 0], tf.int32)
    first = tf.gather(ends - counts, kept)
    marks = tf.scatter_nd(first[:, tf.newaxis], tf.ones_like(first), [total])
    entry = tf.gather(kept, tf.cumsum(marks) - 1)
    return entry, tf.range(total) - tf.gather(ends - counts, entry)
