"""Metrics that ignore tokens without a label."""

from typing import Any

import keras
from keras import ops

from kerasbert.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class TokenAccuracy(keras.metrics.Mean):
    """The fraction of tokens that are labelled correctly, among the tokens that have a label.

    Args:
        ignore_class: int, the label of tokens to ignore, as in Keras' cross-entropy.
        name: str.
        dtype: Keras dtype.

    Example:

    >>> accuracy = TokenAccuracy()
    >>> accuracy.update_state(np.array([[-100, 1, 0]]), np.array([[[9, 0], [0, 9], [0, 9]]]))
    >>> float(accuracy.result())
    0.5
    """

    def __init__(self, ignore_class: int = -100, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.ignore_class = ignore_class

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Any = None) -> None:
        """Adds a batch of tokens.

        Args:
            y_true: int tensor `(B, S)`.
            y_pred: float tensor `(B, S, C)`, logits or probabilities; or `(B, S)`, logits of a binary
                decision.
            sample_weight: float tensor `(B, S)` or None.
        """
        y_true = ops.cast(y_true, "int32")
        decided = ops.argmax(y_pred, axis=-1) if len(y_pred.shape) > len(y_true.shape) else y_pred > 0
        right = ops.cast(decided, "int32") == y_true
        weight = ops.cast(y_true != self.ignore_class, self.dtype)
        if sample_weight is not None:
            weight = weight * ops.cast(sample_weight, self.dtype)
        # Flattened, because Keras averages over each row, so that tokens of shorter batches would weigh more.
        right, weight = (ops.reshape(x, (-1,)) for x in (ops.cast(right, self.dtype), weight))
        super().update_state(right, sample_weight=weight)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "ignore_class": self.ignore_class}
