"""How every kernel of BERT is made and applied."""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from kerasbert.keras_private import remove_variable
from kerasbert.optional import tensorflow as tf
from kerasbert.types import Config, Shape, Tensor

_empty = contextvars.ContextVar("empty", default=False)


@contextlib.contextmanager
def left_empty() -> Iterator[None]:
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

    def __init__(self, stddev: float = 0.02) -> None:
        super().__init__(stddev=stddev)

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        """Returns a tensor of `shape`."""
        if not _empty.get():
            return super().__call__(shape, dtype)
        if keras.backend.backend() == "tensorflow":  # memory that nobody has written to costs nothing
            return tf.raw_ops.Empty(shape=shape, dtype=tf.as_dtype(dtype))
        return ops.zeros(shape, dtype)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {"stddev": self.stddev}


class BertDense(keras.layers.Dense):
    """A `Dense` whose low-rank change (LoRA) can be saved as it is, and merged.

    Keras saves the changed kernel, and loads zeros for both factors of the change: neither would ever learn
    again, because the gradient of each is a product with the other.
    """

    def enable_lora(self, rank: int, lora_alpha: float | None = None) -> None:
        """Lets a change of rank `rank` learn, and nothing else of the layer."""
        self.trainable = True  # else the new weights would be frozen, too
        super().enable_lora(rank, lora_alpha)
        self.bias.trainable = False

    def lora_change(self) -> Tensor:
        """What LoRA adds to the kernel, a float32 tensor like it."""
        return self.lora_alpha / self.lora_rank * ops.matmul(self.lora_kernel_a, self.lora_kernel_b)

    def merge_lora(self) -> None:
        """Adds the change to the kernel for good."""
        change = self.lora_change()
        self.lora_enabled = False  # from here on `kernel` is the variable
        self.kernel.assign_add(change)
        for name in ("lora_kernel_a", "lora_kernel_b"):
            remove_variable(self, name)

    def save_own_variables(self, store: Any) -> None:
        """Saves the kernel, the bias and LoRA's factors, each by itself."""
        saved = keras.layers.Layer if self.lora_enabled else keras.layers.Dense
        saved.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        """Loads what `save_own_variables` saves."""
        loaded = keras.layers.Layer if self.lora_enabled else keras.layers.Dense
        loaded.load_own_variables(self, store)


def make_dense(units: int, initializer_range: float, *, name: str, dtype: Any) -> "BertDense":
    """A `BertDense` with BERT's initializer.

    Each call makes its own initializer: Keras gives kernels that share one identical values.
    """
    return BertDense(units, kernel_initializer=BertInitializer(initializer_range), name=name, dtype=dtype)


def apply_to_vectors(dense: keras.layers.Dense, x: Tensor) -> Tensor:
    """Applies `dense` to `(..., D)`, a lone vector `(D,)` included, which `Dense` itself refuses."""
    if len(x.shape) == 1:
        # Reshapes, not x[None] and [0]: LiteRT's XNNPACK takes no slice that drops an axis.
        return ops.squeeze(dense(ops.expand_dims(x, 0)), 0)
    return dense(x)
