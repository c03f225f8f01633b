"""R-Drop: training with two passes whose predictions must agree."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.training.smoothing import weights_of
from kerasbert.types import Config, Labels, Rows, Tensor


def categorical_divergence(first: Tensor, second: Tensor) -> Tensor:
    """Computes half the symmetric Kullback-Leibler divergence of two softmax distributions.

    For logits a and b with probabilities p and q, KL(p, q) + KL(q, p) is the sum of (p - q)(a - b), because
    the normalizing constants of the two softmaxes cancel.

    Args:
        first, second: float tensors `(..., C)`, logits.

    Returns:
        Float tensor `(...)`.
    """
    return 0.5 * ops.sum((ops.softmax(first) - ops.softmax(second)) * (first - second), axis=-1)


def bernoulli_divergence(first: Tensor, second: Tensor) -> Tensor:
    """The same divergence for independent labels, `sigmoid(logits)`: the mean over C."""
    return 0.5 * ops.mean((ops.sigmoid(first) - ops.sigmoid(second)) * (first - second), axis=-1)


def normal_divergence(first: Tensor, second: Tensor) -> Tensor:
    """The same divergence for numbers, as means of normal distributions of variance 1: the mean over C."""
    return 0.5 * ops.mean(ops.square(first - second), axis=-1)


class RDrop:
    """The part of a task that trains with R-Drop, an option of `compile`.

    Liang et al. 2021, section 2, https://arxiv.org/abs/2106.14448. Each batch passes the model twice, with
    different dropout. The loss is the mean of both losses, plus `r_drop` times the mean divergence of the two
    predictions, over the rows or tokens that count, with their weights. `divergence` is the task's function
    of two tensors of logits; None if they are neither a distribution nor numbers.
    """

    divergence: Callable[[Any, Any], Any] | None = staticmethod(categorical_divergence)
    r_drop: float | None = None

    def compile(self, *args: Any, r_drop: float | None = None, **kwargs: Any) -> None:
        """Like `keras.Model.compile`; for `r_drop` see `Task.compile`."""
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
        """Returns Keras' loss; in training with R-Drop, that of two passes, plus their divergence."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if not (training and self.r_drop):
            return loss
        again = self(x, training=True)
        loss = 0.5 * (loss + super().compute_loss(x, y, again, sample_weight, training))
        return loss + self.r_drop * self._mean_divergence(y, y_pred, again, sample_weight)

    def _mean_divergence(self, y, first, second, sample_weight):
        """The mean divergence, a scalar; for several outputs, the mean over the outputs."""
        if isinstance(first, dict):
            weight = sample_weight if isinstance(sample_weight, dict) else dict.fromkeys(first, sample_weight)
            parts = [self._mean_divergence(y[k], first[k], second[k], weight[k]) for k in first]
            return sum(parts) / len(parts)
        divergence = self.divergence(ops.cast(first, "float32"), ops.cast(second, "float32"))
        # If labels are one number for each row or token, -100 says that it does not count.
        labels = y if len(y.shape) == len(divergence.shape) else ops.zeros_like(divergence)
        return MeanLoss(name="divergence")(labels, divergence, weights_of(labels, sample_weight))


class MeanLoss(keras.losses.Loss):
    """The mean of values, computed as Keras averages losses, also on several devices."""

    def call(self, labels, values):
        """Returns `values`; the labels are only needed to know which of them count."""
        return values
