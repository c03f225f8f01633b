"""How every kernel of BERT is made and applied."""

import keras
from keras import ops


def make_dense(units, initializer_range, *, name, dtype):
    """A `Dense` with BERT's initializer.

    Each call makes its own initializer: Keras gives kernels that share one identical values.
    """
    return keras.layers.Dense(
        units,
        kernel_initializer=keras.initializers.TruncatedNormal(stddev=initializer_range),
        name=name,
        dtype=dtype,
    )


def apply_to_vectors(dense, x):
    """Applies `dense` to `(..., D)`, a lone vector `(D,)` included, which `Dense` itself refuses."""
    if len(x.shape) == 1:
        # Reshapes, not x[None] and [0]: LiteRT's XNNPACK takes no slice that drops an axis.
        return ops.squeeze(dense(ops.expand_dims(x, 0)), 0)
    return dense(x)
