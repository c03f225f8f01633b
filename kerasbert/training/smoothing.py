"""Label smoothing, and weights that leave out ignored labels."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of class numbers and logits with label smoothing.

    A part of each target is spread evenly over all classes: Szegedy et al. 2016, section 7,
    https://arxiv.org/abs/1512.00567; its effects: Müller et al. 2019, https://arxiv.org/abs/1906.02629. Keras
    offers label smoothing for one-hot labels, in `CategoricalCrossentropy`, and for several labels per row,
    in `BinaryCrossentropy`.

    Args:
        label_smoothing: float in [0, 1). The target is `1 - label_smoothing` for the right class, plus
            `label_smoothing / C` for each of the C classes.
        ignore_class: int, the label of rows or tokens to ignore.
        **kwargs: other arguments of `keras.losses.Loss`.

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
        """Computes the loss; `sample_weight` has the shape of `y_true`, or one weight for each row."""
        labels = ops.reshape(y_true, ops.shape(y_pred)[:-1])
        weights = weights_of(labels, sample_weight, self.ignore_class)
        return super().__call__(labels, y_pred, weights)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Computes the loss of each label, `(...)`; see the class."""
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
    """Weights that turn Keras' mean over all labels into the mean over the labels that are not ignored.

    Args:
        labels: int tensor `(B,)` or `(B, S)`.
        sample_weight: float tensor of the shape of `labels` or `(B,)`, or None.
        ignore_class: int, the label to ignore.

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
