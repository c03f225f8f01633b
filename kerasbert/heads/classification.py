"""The head that classifies the whole input."""

from typing import Any

import keras

from kerasbert import checks
from kerasbert.layers.dense import apply_to_vectors, make_dense
from kerasbert.layers.dropout import BertDropout
from kerasbert.types import Config, Shape, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class ClassificationHead(keras.layers.Layer):
    """Dropout and one dense layer on the pooled output.

    Devlin et al. 2019, section 4.1, https://arxiv.org/abs/1810.04805.

    Args:
        num_classes: int, C.
        dropout: float in [0, 1), dropout on the input.
        initializer_range: float, standard deviation of the kernel's initializer.

    Call arguments:
        pooled_output: float tensor `(B, D)`, or `(D,)` for one sequence.

    Returns:
        Float tensor `(B, C)`, or `(C,)`: logits.

    Example:

    >>> tuple(ClassificationHead(num_classes=3)(np.ones((2, 8), "float32")).shape)
    (2, 3)
    """

    def __init__(
        self, num_classes: int, dropout: float = 0.1, initializer_range: float = 0.02, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        checks.positive_int(self.name, num_classes=num_classes)
        checks.fraction(self.name, dropout=dropout)
        self.num_classes = num_classes
        self.dropout_rate = dropout
        self.initializer_range = initializer_range
        self.dropout = BertDropout(dropout, name="dropout", dtype=self.dtype_policy)
        self.dense = make_dense(num_classes, initializer_range, name="logits", dtype=self.dtype_policy)

    def build(self, pooled_output_shape: Shape) -> None:
        """Creates the dense layer."""
        self.dense.build((None, pooled_output_shape[-1]))
        self.built = True

    def call(self, pooled_output: Tensor, training: bool | None = None) -> Tensor:
        """See the class."""
        return apply_to_vectors(self.dense, self.dropout(pooled_output, training=training))

    def compute_output_shape(self, pooled_output_shape: Shape) -> Shape:
        """Returns the input's shape with C in place of D."""
        return (*pooled_output_shape[:-1], self.num_classes)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "dropout": self.dropout_rate,
            "initializer_range": self.initializer_range,
        }
