"""The loss of binary decisions at some tokens."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.training.smoothing import weights_of
from kerasbert.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class TokenBinaryCrossentropy(keras.losses.Loss):
    """Binary cross-entropy, averaged over all tokens of the batch that have a label.

    Args:
        ignore_class: int, the label of tokens to ignore, as in Keras' cross-entropy.
        label_smoothing: float in [0, 1), as in `keras.losses.BinaryCrossentropy`: this fraction of each
            target is replaced by one half.
        name: str.
        dtype: Keras dtype.

    Call arguments:
        y_true: int tensor `(B, S)`, of 0, 1 and `ignore_class`.
        y_pred: float tensor `(B, S)`, logits.

    Example:

    >>> loss = TokenBinaryCrossentropy()(np.array([[1, -100, 0]]), np.array([[0.0, 9.0, 0.0]]))
    >>> round(float(loss), 4)
    0.6931
    """

    def __init__(
        self,
        ignore_class: int = -100,
        label_smoothing: float = 0.0,
        name: str = "token_binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        checks.fraction(name, label_smoothing=label_smoothing)
        self.ignore_class = ignore_class
        self.label_smoothing = label_smoothing

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Computes losses `(B, S)` whose mean is the mean over the tokens that are not ignored."""
        targets = y_true * (1 - self.label_smoothing) + 0.5 * self.label_smoothing
        losses = ops.binary_crossentropy(targets, y_pred, from_logits=True)
        return losses * ops.cast(weights_of(y_true, ignore_class=self.ignore_class), losses.dtype)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            "ignore_class": self.ignore_class,
            "label_smoothing": self.label_smoothing,
            "name": self.name,
            "dtype": self.dtype,
        }
