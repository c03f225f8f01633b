"""The position-wise feed-forward network."""

from typing import Any

import keras

from kerasbert import checks
from kerasbert.layers.activations import BY_NAME
from kerasbert.layers.dense import make_dense
from kerasbert.types import Config, Shape, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class FeedForward(keras.layers.Layer):
    """Two dense layers with an activation between them, applied to each position separately.

    Vaswani et al. 2017, section 3.3, https://arxiv.org/abs/1706.03762.

    Args:
        intermediate_dim: int, I, the width between the two layers.
        activation: str, as in `BertConfig`.
        initializer_range: float, standard deviation of the kernels' initializer.

    Call arguments:
        x: float tensor `(..., D)`.

    Returns:
        Float tensor `(..., D)`.

    Raises:
        ValueError: if the activation is unknown.

    Example:

    >>> layer = FeedForward(intermediate_dim=32)
    >>> tuple(layer(np.ones((5, 8), "float32")).shape)
    (5, 8)
    """

    def __init__(
        self, intermediate_dim: int, activation: str = "gelu", initializer_range: float = 0.02, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        checks.positive_int(self.name, intermediate_dim=intermediate_dim)
        checks.one_of(self.name, tuple(BY_NAME), activation=activation)
        self.intermediate_dim = intermediate_dim
        self.activation = activation
        self.initializer_range = initializer_range
        self.intermediate_dense = make_dense(
            intermediate_dim, initializer_range, name="intermediate", dtype=self.dtype_policy
        )

    def build(self, input_shape: Shape) -> None:
        """Creates the two dense layers."""
        hidden_dim = input_shape[-1]
        self.intermediate_dense.build((None, hidden_dim))
        self.output_dense = make_dense(
            hidden_dim, self.initializer_range, name="output", dtype=self.dtype_policy
        )
        self.output_dense.build((None, self.intermediate_dim))
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        """See the class."""
        return self.output_dense(BY_NAME[self.activation](self.intermediate_dense(x)))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the input's shape."""
        return input_shape

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "intermediate_dim": self.intermediate_dim,
            "activation": self.activation,
            "initializer_range": self.initializer_range,
        }
