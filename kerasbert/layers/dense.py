"""How every kernel of BERT is made and applied."""

import keras


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
        return dense(x[None])[0]
    return dense(x)
