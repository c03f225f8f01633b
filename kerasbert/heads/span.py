"""The head that finds the start and the end of an answer."""

from typing import Any

import keras
from keras import ops

from kerasbert.layers.dense import make_dense
from kerasbert.types import Config, Shape, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class SpanHead(keras.layers.Layer):
    """One dense layer that scores each position as the start and as the end of a span.

    Devlin et al. 2019, section 4.2, https://arxiv.org/abs/1810.04805.

    Args:
        initializer_range: float, standard deviation of the kernel's initializer.

    Call arguments:
        sequence_output: float tensor `(B, S, D)`, or `(S, D)` for one sequence.

    Returns:
        dict of `start` and `end`, float tensors `(B, S)`, or `(S,)`: logits.

    Example:

    >>> logits = SpanHead()(np.ones((2, 5, 8), "float32"))
    >>> tuple(logits["start"].shape), tuple(logits["end"].shape)
    ((2, 5), (2, 5))
    """

    def __init__(self, initializer_range: float = 0.02, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initializer_range = initializer_range
        self.dense = make_dense(2, initializer_range, name="logits", dtype=self.dtype_policy)

    def build(self, sequence_shape: Shape) -> None:
        """Creates the dense layer."""
        self.dense.build((None, sequence_shape[-1]))
        self.built = True

    def call(self, sequence_output: Tensor, training: bool | None = None) -> dict[str, Tensor]:
        """See the class."""
        start, end = ops.split(self.dense(sequence_output), 2, axis=-1)
        return {"start": ops.squeeze(start, -1), "end": ops.squeeze(end, -1)}

    def compute_output_shape(self, sequence_shape: Shape) -> dict[str, Shape]:
        """Returns the shapes `(B, S)` by name."""
        return {"start": sequence_shape[:-1], "end": sequence_shape[:-1]}

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "initializer_range": self.initializer_range}
