"""Learning from pairs of texts with similarity scores."""

from typing import Any

import keras
from keras import ops

from kerasbert.training.contrastive import pair_cosines
from kerasbert.types import Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class SimilarityLoss(keras.losses.Loss):
    """The squared difference between the cosine similarity of two texts and the score of the pair.

    Reimers & Gurevych 2019, section 3 (regression objective), https://arxiv.org/abs/1908.10084.

    Args:
        **kwargs: other arguments of `keras.losses.Loss`.

    Call arguments:
        y_true: float tensor `(2 B, 1)`, scores from 0 to 1; both texts of a pair have the score of the pair.
        y_pred: float tensor `(2 B, D)`, the embeddings of texts: rows 0 and 1 are a pair, 2 and 3, and so on.

    Example:

    >>> vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], "float32")
    >>> float(SimilarityLoss()(np.array([[1.0], [1.0], [0.5], [0.5]]), vectors))
    0.125
    """

    def __init__(self, name: str = "similarity_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Computes the loss of each text, `(2 B,)`, to which the sample weights of texts apply."""
        difference = pair_cosines(y_pred) - ops.reshape(y_true, (-1,))[0::2]
        return ops.repeat(ops.square(difference), 2)


@keras.saving.register_keras_serializable(package="kerasbert")
class PearsonCorrelation(keras.metrics.Metric):
    """Pearson's correlation between cosine similarities and scores over all pairs.

    It is 0 if the cosines or the scores do not vary. `update_state` takes the same arguments as a
    `SimilarityLoss`.

    Args:
        name: str.
        **kwargs: other arguments of `keras.metrics.Metric`.

    Example:

    >>> metric = PearsonCorrelation()
    >>> vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], "float32")
    >>> metric.update_state(np.array([[0.9], [0.9], [0.2], [0.2]]), vectors)
    >>> round(float(metric.result()), 4)
    1.0
    """

    def __init__(self, name: str = "pearson", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        names = ("weight", "x", "y", "x_squared", "y_squared", "x_times_y")
        self._sums = [self.add_variable((), "zeros", name=each) for each in names]

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Any = None) -> None:
        """Adds a batch, with the same weights as the loss."""
        # Sums of numbers around 0 lose the least precision.
        x = ops.cast(pair_cosines(y_pred), self.dtype) - 0.5
        y = ops.cast(ops.reshape(y_true, (-1,))[0::2], self.dtype) - 0.5
        weight = ops.ones_like(x)
        if sample_weight is not None:
            weight = ops.cast(ops.reshape(sample_weight, (-1,)), self.dtype)[0::2]
        for variable, values in zip(self._sums, (1.0, x, y, x * x, y * y, x * y), strict=True):
            variable.assign_add(ops.sum(weight * values))

    def result(self) -> Tensor:
        """Returns the correlation, from -1 to 1."""
        weight, x, y, squares_x, squares_y, products = self._sums
        weight = ops.maximum(weight, 1e-12)
        variance_x, variance_y = squares_x - x * x / weight, squares_y - y * y / weight
        scale = ops.sqrt(ops.maximum(variance_x, 0.0)) * ops.sqrt(ops.maximum(variance_y, 0.0))
        return (products - x * y / weight) / ops.maximum(scale, 1e-7)
