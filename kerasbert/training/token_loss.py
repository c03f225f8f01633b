"""A yes or no at some tokens."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasbert")
class TokenBinaryCrossentropy(keras.losses.Loss):
    """Binary cross-entropy over the tokens that have a label: the mean over all of them in the batch.

    Args:
        ignore_class: int, the label of tokens that do not count, as of Keras' cross-entropy.
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

    def __init__(self, ignore_class=-100, name="token_binary_crossentropy", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.ignore_class = ignore_class

    def call(self, y_true, y_pred):
        """See the class; returns `(B, S)`, whose mean is that of the tokens that count."""
        counts = ops.cast(y_true != self.ignore_class, y_pred.dtype)
        losses = counts * ops.binary_crossentropy(y_true, y_pred, from_logits=True)
        return losses / ops.maximum(ops.mean(counts), keras.config.epsilon())

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {"ignore_class": self.ignore_class, "name": self.name, "dtype": self.dtype}
