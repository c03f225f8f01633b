"""The order in which `fit` goes through rows."""

import numpy as np

from kerasbert.data.tracing import without_autograph
from kerasbert.optional import tensorflow as tf

# How many rows are shuffled together. They are in memory at the same time.
SHUFFLED_TOGETHER = 100_000
_ROWS, _BATCHES = 0, 1  # what random numbers are used for


class RowOrder:
    """A new random order of rows in each pass, which depends only on a seed and on the number of the pass.

    There is no other state, so a `fit` that was interrupted can resume in the order that it would have had.
    The seed is drawn from TensorFlow's random generator, which `keras.utils.set_random_seed` sets and which
    gives the same numbers on all hosts.

    Attributes:
        seed: int.
        passes: int, how many passes over the rows have begun.
    """

    def __init__(self):
        self.seed = int(tf.random.uniform([], maxval=2**62, dtype=tf.int64))
        self.passes = 0

    def windows(self, rows, size):
        """Shuffles rows and cuts them into windows.

        Args:
            rows: `tf.data.Dataset` of rows.
            size: int, rows in a window; the last window may have fewer.

        Returns:
            `tf.data.Dataset` of pairs: a random key for `shuffled`, and the rows of a window.
        """
        together = max(SHUFFLED_TOGETHER // size, 1) * size

        def one_pass(_):
            key = tf.ensure_shape(tf.numpy_function(self._begin, [], tf.int64), [2])

            def of_block(number, block):
                block_key = tf.random.experimental.stateless_fold_in(key, number)
                count = tf.shape(tf.nest.flatten(block, expand_composites=False)[0], tf.int64)[0]
                order = shuffled(tf.range(count), _key(block_key, _ROWS))

                def window(start):
                    chosen = order[start : start + size]
                    part = tf.nest.map_structure(lambda column: tf.gather(column, chosen), block)
                    return _key(block_key, _BATCHES + start), part

                return tf.data.Dataset.range(0, count, size).map(without_autograph(window))

            return rows.batch(together).enumerate().flat_map(without_autograph(of_block))

        return tf.data.Dataset.range(1).flat_map(without_autograph(one_pass))

    def batches(self, arrays, batch_size):
        """Shuffles rows that are in memory and puts them into batches.

        Args:
            arrays: a nested structure of arrays, whose first axis is rows.
            batch_size: int, rows in a batch.

        Returns:
            `tf.data.Dataset` of the same structure, which knows its cardinality.
        """
        count = len(tf.nest.flatten(arrays)[0])
        rows = tf.data.Dataset.from_tensor_slices(arrays)
        batches = self.windows(rows, batch_size).map(lambda key, batch: batch)
        batches = batches.apply(tf.data.experimental.assert_cardinality(-(-count // batch_size)))
        return batches.prefetch(tf.data.AUTOTUNE)

    def _begin(self):
        self.passes += 1
        return np.array([self.seed, self.passes], np.int64)


def shuffled(values, key):
    """The rows of a tensor in a random order, which depends only on `key`, an int64 tensor `(2,)`."""
    draws = tf.random.stateless_uniform(tf.shape(values)[:1], key, alg="philox")
    return tf.gather(values, tf.argsort(draws, stable=True))


def _key(key, number):
    return tf.random.experimental.stateless_fold_in(key, number)
