"""What BERT's optimizers do with gradients before they use them."""

import keras
from keras import ops

from kerasbert.optional import tensorflow as tf


class SummedGradients:
    """An optimizer whose gradients of tables are summed by row, and whose norm can be watched.

    The gradient of a table comes as one slice for each lookup; Keras would take squares, and the norm for
    clipping, as if each slice were a row of its own.
    """

    gradient_norm = None

    def watch_gradient_norm(self):
        """Keeps the norm of all gradients together, before clipping, in `gradient_norm`, a variable.

        Where gradients accumulate, it is that of the last batch. Call it before training.
        """
        self.gradient_norm = keras.Variable(0.0, trainable=False, name="gradient_norm")

    def apply(self, grads, trainable_variables=None):
        """Updates all variables."""
        grads = [_summed(gradient) for gradient in grads]
        if self.gradient_norm is not None:
            squares = [ops.sum(ops.square(ops.cast(gradient, "float32"))) for gradient in grads]
            self.gradient_norm.assign(ops.sqrt(sum(squares)))
        return super().apply(grads, trainable_variables)


def _summed(gradient):
    """A gradient as a tensor of the variable's shape."""
    if keras.backend.backend() != "tensorflow" or not isinstance(gradient, tf.IndexedSlices):
        return gradient
    return tf.math.unsorted_segment_sum(gradient.values, gradient.indices, gradient.dense_shape[0])
