"""How every kernel of BERT is made and applied."""

import contextlib
import contextvars

import keras
from keras import ops

from kerasbert.optional import tensorflow as tf

_empty = contextvars.ContextVar("empty", default=False)


@contextlib.contextmanager
def left_empty():
    """Within it, kernels and embeddings start with anything at all: for weights that are loaded next."""
    token = _empty.set(True)
    try:
        yield
    finally:
        _empty.reset(token)


@keras.saving.register_keras_serializable(package="kerasbert")
class BertInitializer(keras.initializers.TruncatedNormal):
    """BERT's initializer, a truncated normal (Devlin et al. 2019); does nothing within `left_empty`.

    Args:
        stddev: float.
    """

    def __init__(self, stddev=0.02):
        super().__init__(stddev=stddev)

    def __call__(self, shape, dtype=None):
        """Returns a tensor of `shape`."""
        if not _empty.get():
            return super().__call__(shape, dtype)
        if keras.backend.backend() == "tensorflow":  # memory that nobody has written to costs nothing
            return tf.raw_ops.Empty(shape=shape, dtype=tf.as_dtype(dtype))
        return ops.zeros(shape, dtype)

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {"stddev": self.stddev}


def make_dense(units, initializer_range, *, name, dtype):
    """A `Dense` with BERT's initializer.

    Each call makes its own initializer: Keras gives kernels that share one identical values.
    """
    return keras.layers.Dense(
        units, kernel_initializer=BertInitializer(initializer_range), name=name, dtype=dtype
    )


def apply_to_vectors(dense, x):
    """Applies `dense` to `(..., D)`, a lone vector `(D,)` included, which `Dense` itself refuses."""
    if len(x.shape) == 1:
        # Reshapes, not x[None] and [0]: LiteRT's XNNPACK takes no slice that drops an axis.
        return ops.squeeze(dense(ops.expand_dims(x, 0)), 0)
    return dense(x)
