"""Training with two passes that must agree."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.training.smoothing import weights_of
from kerasbert.types import Config, Labels, Rows, Tensor


def categorical_divergence(first: Tensor, second: Tensor) -> Tensor:
    """Half the symmetric Kullback-Leibler divergence of two softmaxes.

    For logits a and b with probabilities p and q, KL(p, q) + KL(q, p) is the sum of (p - q)(a - b): what a
    softmax subtracts from all logits alike cancels.

    Args:
        first, second: float tensors `(..., C)`, logits.

    Returns:
        Float tensor `(...)`.
    """
    return 0.5 * ops.sum((ops.softmax(first) - ops.softmax(second)) * (first - second), axis=-1)


def bernoulli_divergence(first: Tensor, second: Tensor) -> Tensor:
    """The same of yes-or-no answers: the mean over C."""
    return 0.5 * ops.mean((ops.sigmoid(first) - ops.sigmoid(second)) * (first - second), axis=-1)


def normal_divergence(first: Tensor, second: Tensor) -> Tensor:
    """The same of numbers, as means of normal distributions of variance 1: the mean over C."""
    return 0.5 * ops.mean(ops.square(first - second), axis=-1)


class RDrop:
    """The part of tasks that trains with R-Drop, an option of `compile`.

    Liang et al. 2021, section 2, https://arxiv.org/abs/2106.14448. Each batch passes twice, with other
    dropout. The loss is the mean of both, and `r_drop` times the divergence of the two predictions, over the
    rows or tokens that count, weighted as they are. A task says what its logits stand for by `divergence`, a
    function of two tensors of them; None where that is neither a distribution nor numbers.
    """

    divergence: Callable[[Any, Any], Any] | None = staticmethod(categorical_divergence)
    r_drop: float | None = None

    def compile(self, *args: Any, r_drop: float | None = None, **kwargs: Any) -> None:
        """As `keras.Model.compile`; `r_drop` as in `Task.compile`."""
        if r_drop is not None:
            checks.positive_float(self.name, r_drop=r_drop)
            if self.divergence is None:
                raise checks.invalid(
                    "`r_drop` compares distributions or numbers, and this task's outputs are neither.",
                    fix="Leave it out.",
                    where=self.name,
                    r_drop=r_drop,
                )
        self.r_drop = r_drop
        super().compile(*args, **kwargs)

    def get_compile_config(self) -> Config:
        """Returns the arguments of `compile`."""
        config = super().get_compile_config()
        return config | {"r_drop": self.r_drop} if self.r_drop else config

    def compute_loss(
        self,
        x: Rows = None,
        y: Labels = None,
        y_pred: Tensor = None,
        sample_weight: Any = None,
        training: bool | None = True,
    ) -> Tensor:
        """Keras' loss; in training with R-Drop that of two passes, and how far they are apart."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if not (training and self.r_drop):
            return loss
        again = self(x, training=True)
        loss = 0.5 * (loss + super().compute_loss(x, y, again, sample_weight, training))
        return loss + self.r_drop * self._mean_divergence(y, y_pred, again, sample_weight)

    def _mean_divergence(self, y, first, second, sample_weight):
        """A scalar; of several outputs the mean."""
        if isinstance(first, dict):
            weight = sample_weight if isinstance(sample_weight, dict) else dict.fromkeys(first, sample_weight)
            parts = [self._mean_divergence(y[k], first[k], second[k], weight[k]) for k in first]
            return sum(parts) / len(parts)
        divergence = self.divergence(ops.cast(first, "float32"), ops.cast(second, "float32"))
        # Labels that are one number to a row or token may say that it does not count.
        labels = y if len(y.shape) == len(divergence.shape) else ops.zeros_like(divergence)
        return MeanLoss(name="divergence")(labels, divergence, weights_of(labels, sample_weight))


class MeanLoss(keras.losses.Loss):
    """The mean of values, taken as Keras takes it of losses, on several devices too."""

    def call(self, labels, values):
        """Returns `values`; `labels` say which of them count."""
        return values
