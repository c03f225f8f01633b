"""How many texts did not fit, counted while they are read."""

import warnings

from kerasbert.optional import tensorflow as tf


class TruncationCount:
    """Counts, in eager code and in graphs, what one call reads and what of it is truncated.

    Args:
        what: str, what is counted, such as `"texts"`.
        argument: str, the argument that limits their length.
    """

    def __init__(self, what="texts", argument="max_sequence_length"):
        self.what, self.argument, self.limit = what, argument, None
        self._counts = None

    def add(self, lengths, limit):
        """Counts rows of `lengths`, an int tensor or array `(rows,)`, and those above `limit`."""
        if self._counts is None:
            with tf.init_scope():
                self._counts = [tf.Variable(0, dtype=tf.int64) for _ in range(2)]
        self.limit = limit
        read, truncated = self._counts
        read.assign_add(tf.size(lengths, out_type=tf.int64))
        truncated.assign_add(tf.math.count_nonzero(lengths > limit))

    def warn(self):
        """Warns, with the count, if something did not fit."""
        read, truncated = (0, 0) if self._counts is None else (int(count) for count in self._counts)
        if truncated:
            warnings.warn(
                f"{truncated} of the {read} {self.what} that were read were longer than "
                f"{self.argument}={self.limit} tokens and were truncated.",
                stacklevel=4,
            )
