"""Softer targets, and how labels that do not count are left out."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of class numbers and logits, with a part of each target spread evenly over all classes.

    Label smoothing: Szegedy et al. 2016, section 7, https://arxiv.org/abs/1512.00567; its effects:
    Müller et al. 2019, https://arxiv.org/abs/1906.02629. Keras has it for one-hot labels, in
    `CategoricalCrossentropy`, and for several labels to a row, in `BinaryCrossentropy`.

    Args:
        label_smoothing: float in [0, 1): the target is `1 - label_smoothing` at the right class, and
            `label_smoothing / C` more at each of the C classes.
        ignore_class: int, the label of rows or tokens that do not count.
        **kwargs: of `keras.losses.Loss`.

    Call arguments:
        y_true: int tensor `(...)`, such as `(B,)` or `(B, S)`.
        y_pred: float tensor `(..., C)`, logits.

    Example:

    >>> logits = np.log(np.array([[0.8, 0.2], [0.5, 0.5]], "float32"))
    >>> round(float(SmoothedCrossentropy(label_smoothing=0.2)(np.array([0, -100]), logits)), 4)
    0.3618
    """

    def __init__(
        self,
        label_smoothing: float = 0.1,
        ignore_class: int = -100,
        name: str = "smoothed_crossentropy",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        checks.fraction(name, label_smoothing=label_smoothing)
        self.label_smoothing = label_smoothing
        self.ignore_class = ignore_class

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Any = None) -> Tensor:
        """See the class; with weights like `y_true`, or one for each row."""
        labels = ops.reshape(y_true, ops.shape(y_pred)[:-1])
        weights = weights_of(labels, sample_weight, self.ignore_class)
        return super().__call__(labels, y_pred, weights)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """See the class; returns `(...)`."""
        targets = ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1])
        return keras.losses.categorical_crossentropy(
            targets, y_pred, from_logits=True, label_smoothing=self.label_smoothing
        )

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "label_smoothing": self.label_smoothing,
            "ignore_class": self.ignore_class,
        }


def weights_of(labels, sample_weight=None, ignore_class=-100):
    """Weights under which Keras' mean over all labels is the mean over those that count.

    Args:
        labels: int tensor `(B,)` or `(B, S)`.
        sample_weight: float tensor like it, or `(B,)`, or None.
        ignore_class: int, the label that does not count.

    Returns:
        Float32 tensor like `labels`.
    """
    counts = ops.cast(ops.not_equal(labels, ignore_class), "float32")
    weights = counts / ops.maximum(ops.mean(counts), 1e-9)
    if sample_weight is None:
        return weights
    sample_weight = ops.cast(sample_weight, "float32")
    if len(sample_weight.shape) < len(labels.shape):
        return weights * ops.expand_dims(sample_weight, -1)
    return weights * ops.reshape(sample_weight, ops.shape(labels))
