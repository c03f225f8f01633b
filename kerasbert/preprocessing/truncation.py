"""Counts truncated texts while they are read."""

import warnings

from kerasbert.optional import tensorflow as tf


class TruncationCount:
    """Counts, in eager code and in graphs, the texts that one call reads, and how many are truncated.

    Args:
        what: str, what is counted, such as `"texts"`.
        argument: str, the argument that limits their length.
    """

    def __init__(self, what="texts", argument="max_sequence_length"):
        self.what, self.argument, self.limit = what, argument, None
        self._counts = None

    def add(self, lengths, limit):
        """Counts rows, and those longer than `limit`; `lengths` is an int tensor or array `(rows,)`."""
        if self._counts is None:
            with tf.init_scope():
                self._counts = [tf.Variable(0, dtype=tf.int64) for _ in range(2)]
        self.limit = limit
        read, truncated = self._counts
        read.assign_add(tf.size(lengths, out_type=tf.int64))
        truncated.assign_add(tf.math.count_nonzero(lengths > limit))

    def warn(self):
        """Warns if something was truncated, with the number."""
        read, truncated = (0, 0) if self._counts is None else (int(count) for count in self._counts)
        if truncated:
            warnings.warn(
                f"{truncated} of the {read} {self.what} that were read were longer than "
                f"{self.argument}={self.limit} tokens and were truncated.",
                stacklevel=4,
            )
