"""LAMB, the optimizer for large batches."""

from typing import Any

import keras
from keras import ops

from kerasbert.training.gradients import SummedGradients
from kerasbert.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class BertLamb(SummedGradients, keras.optimizers.Lamb):
    """LAMB with BERT's settings: no weight decay and no trust ratio for biases and layer normalization.

    You et al. 2020, algorithm 2, https://arxiv.org/abs/1904.00962. In contrast, `keras.optimizers.Lamb` does
    not include weight decay in the trust ratio, and also scales the updates of biases and norms by it.

    Args:
        learning_rate: float or a schedule.
        weight_decay: float, for kernels and embeddings.
        epsilon: float.
        global_clipnorm: float or None, the global norm to which all gradients together are clipped.
        **kwargs: other arguments of `keras.optimizers.Lamb`.

    Example:

    >>> BertLamb(1e-3).get_config()["weight_decay"]
    0.01
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 1e-3,
        weight_decay: float = 0.01,
        epsilon: float = 1e-6,
        global_clipnorm: float | None = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, epsilon=epsilon, global_clipnorm=global_clipnorm, **kwargs)
        self.lamb_weight_decay = weight_decay  # under the name `weight_decay`, Keras would apply it itself
        self.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])

    def update_step(self, gradient: Tensor, variable: keras.Variable, learning_rate: Tensor) -> None:
        """Updates one variable."""
        dtype, (m, v) = variable.dtype, self.moments_of(variable)
        gradient, learning_rate = ops.cast(gradient, dtype), ops.cast(learning_rate, dtype)
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.beta_2))
        step = ops.cast(self.iterations + 1, dtype)
        m_hat, v_hat = m / (1 - ops.power(self.beta_1, step)), v / (1 - ops.power(self.beta_2, step))
        update = m_hat / (ops.sqrt(v_hat) + self.epsilon)
        if self.decays(variable):
            update += self.lamb_weight_decay * variable
            norms = [ops.sqrt(ops.sum(ops.square(x))) for x in (variable, update)]
            update *= ops.where(norms[0] * norms[1] > 0, norms[0] / ops.maximum(norms[1], 1e-30), 1.0)
        self.assign_sub(variable, learning_rate * update)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "weight_decay": self.lamb_weight_decay}
