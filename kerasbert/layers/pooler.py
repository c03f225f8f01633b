"""The pooler, which computes one vector for the whole input."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.layers.activations import BY_NAME
from kerasbert.layers.dense import apply_to_vectors, make_dense
from kerasbert.types import Config, Shape, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class Pooler(keras.layers.Layer):
    """A dense layer with an activation on the vector of the first token, `[CLS]`.

    Devlin et al. 2019, section 3 (the vector C), https://arxiv.org/abs/1810.04805.

    Args:
        initializer_range: float, standard deviation of the kernel's initializer.
        activation: str, as in `BertConfig`.

    Call arguments:
        sequence: float tensor `(B, S, D)`, or `(S, D)` for one sequence.

    Returns:
        Float tensor `(B, D)`, or `(D,)`.

    Example:

    >>> tuple(Pooler()(np.ones((3, 5, 8), "float32")).shape)
    (3, 8)
    """

    def __init__(self, initializer_range: float = 0.02, activation: str = "tanh", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        checks.one_of(self.name, tuple(BY_NAME), activation=activation)
        self.activation = activation
        self.initializer_range = initializer_range

    def build(self, sequence_shape: Shape) -> None:
        """Creates the dense layer."""
        hidden_dim = sequence_shape[-1]
        self.dense = make_dense(hidden_dim, self.initializer_range, name="dense", dtype=self.dtype_policy)
        self.dense.build((None, hidden_dim))
        self.built = True

    def call(self, sequence: Tensor) -> Tensor:
        """See the class."""
        # A reshape, not [..., 0, :]: LiteRT's XNNPACK does not support slices that drop an axis.
        shape = (-1, sequence.shape[-1])[-(len(sequence.shape) - 1) :]
        first = ops.reshape(sequence[..., :1, :], shape)
        return BY_NAME[self.activation](apply_to_vectors(self.dense, first))

    def compute_output_shape(self, sequence_shape: Shape) -> Shape:
        """Returns the input's shape without S."""
        return (*sequence_shape[:-2], sequence_shape[-1])

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "initializer_range": self.initializer_range,
            "activation": self.activation,
        }
