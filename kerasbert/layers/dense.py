"""The dense layer of BERT, with its initializer and LoRA."""

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
    """A context in which kernels and embeddings are left uninitialized, because weights are loaded next."""
    token = _empty.set(True)
    try:
        yield
    finally:
        _empty.reset(token)


@keras.saving.register_keras_serializable(package="kerasbert")
class BertInitializer(keras.initializers.TruncatedNormal):
    """BERT's initializer, a truncated normal (Devlin et al. 2019); inside `left_empty` it does nothing.

    Args:
        stddev: float.
    """

    def __init__(self, stddev: float = 0.02) -> None:
        super().__init__(stddev=stddev)

    def __call__(self, shape: Shape, dtype: Any = None) -> Tensor:
        """Returns a tensor of `shape`."""
        if not _empty.get():
            return super().__call__(shape, dtype)
        if keras.backend.backend() == "tensorflow":  # memory that is not written to costs nothing
            return tf.raw_ops.Empty(shape=shape, dtype=tf.as_dtype(dtype))
        return ops.zeros(shape, dtype)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {"stddev": self.stddev}


class BertDense(keras.layers.Dense):
    """A `Dense` layer whose LoRA weights can be saved separately, and merged into the kernel.

    Keras itself saves the changed kernel, and loads zeros for both LoRA factors. These would never learn
    again, because the gradient of each factor is a product with the other.
    """

    def enable_lora(self, rank: int, lora_alpha: float | None = None) -> None:
        """Makes only a low-rank change of the kernel trainable, with rank `rank`."""
        self.trainable = True  # otherwise the new weights would be frozen as well
        super().enable_lora(rank, lora_alpha)
        self.bias.trainable = False

    def lora_change(self) -> Tensor:
        """The change that LoRA adds to the kernel, a float32 tensor of the kernel's shape."""
        return self.lora_alpha / self.lora_rank * ops.matmul(self.lora_kernel_a, self.lora_kernel_b)

    def merge_lora(self) -> None:
        """Adds the change to the kernel permanently, and removes LoRA."""
        change = self.lora_change()
        self.lora_enabled = False  # from now on, `kernel` is the variable itself
        self.kernel.assign_add(change)
        for name in ("lora_kernel_a", "lora_kernel_b"):
            remove_variable(self, name)

    def save_own_variables(self, store: Any) -> None:
        """Saves the kernel, the bias and the LoRA factors separately."""
        saved = keras.layers.Layer if self.lora_enabled else keras.layers.Dense
        saved.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        """Loads what `save_own_variables` has saved."""
        loaded = keras.layers.Layer if self.lora_enabled else keras.layers.Dense
        loaded.load_own_variables(self, store)


def make_dense(units: int, initializer_range: float, *, name: str, dtype: Any) -> "BertDense":
    """A `BertDense` with BERT's initializer.

    Each call makes a new initializer, because kernels that share one get identical values in Keras.
    """
    return BertDense(units, kernel_initializer=BertInitializer(initializer_range), name=name, dtype=dtype)


def apply_to_vectors(dense: keras.layers.Dense, x: Tensor) -> Tensor:
    """Applies `dense` to `(..., D)`, or to a single vector `(D,)`, which `Dense` itself does not accept."""
    if len(x.shape) == 1:
        # Reshapes, not x[None] and [0]: LiteRT's XNNPACK does not support slices that drop an axis.
        return ops.squeeze(dense(ops.expand_dims(x, 0)), 0)
    return dense(x)
