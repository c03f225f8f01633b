"""AdamW, the optimizer for fine-tuning BERT."""

import re
from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.fast_training import adam_step, is_fast, shrink, unbiased
from kerasbert.keras_private import learning_rate_of
from kerasbert.training.gradients import SummedGradients
from kerasbert.training.schedules import WarmupLinearDecay
from kerasbert.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class BertAdamW(SummedGradients, keras.optimizers.AdamW):
    """AdamW with BERT's settings: learning rate warm-up and linear decay, and gradient clipping.

    Weight decay does not apply to biases and layer normalization. Loshchilov & Hutter 2019,
    https://arxiv.org/abs/1711.05101; Devlin et al. 2019, appendix A.2.

    Args:
        learning_rate: float or a schedule. A float is the peak of a `WarmupLinearDecay` that `fit` of a
            kerasbert task plans over its steps; elsewhere, as in `train_on_batch` or another Keras model, it
            is a constant learning rate.
        weight_decay: float, for kernels and embeddings.
        epsilon: float.
        global_clipnorm: float or None, the global norm to which all gradients together are clipped.
        layer_decay: float in (0, 1] or None. The learning rate of each block is that of the block above it
            times `layer_decay`, and that of the embeddings is the lowest block's times `layer_decay` (Howard
            & Ruder 2018, section 3.2, https://arxiv.org/abs/1801.06146). Weight decay is the same for all.
        **kwargs: other arguments of `keras.optimizers.AdamW`, such as `use_ema` and
            `gradient_accumulation_steps`.

    Raises:
        ValueError: if `layer_decay` is out of range, or is passed on the PyTorch backend, whose optimizers
            update all variables at the same rate.

    Example:

    >>> BertAdamW(3e-5).get_config()["weight_decay"]
    0.01
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 5e-5,
        weight_decay: float = 0.01,
        epsilon: float = 1e-6,
        global_clipnorm: float | None = 1.0,
        layer_decay: float | None = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(learning_rate, float):
            learning_rate = WarmupLinearDecay(learning_rate)
        super().__init__(
            learning_rate, weight_decay, epsilon=epsilon, global_clipnorm=global_clipnorm, **kwargs
        )
        # Done here and not by the caller, so that it also holds for a loaded model.
        self.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.layer_decay = layer_decay
        self._levels: list[float] = []
        if layer_decay is not None:
            checks.positive_float("BertAdamW", layer_decay=layer_decay)
            if layer_decay > 1 or keras.backend.backend() == "torch":
                raise checks.invalid(
                    "`layer_decay` must be at most 1, and is not supported on PyTorch.",
                    fix="Choose a factor such as 0.9; on PyTorch, leave it out.",
                    where="BertAdamW",
                    layer_decay=layer_decay,
                    backend=keras.backend.backend(),
                )

    @property
    def learning_rate(self) -> Any:
        """The current learning rate, a tensor. It can be set to another schedule."""
        return super().learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(learning_rate_of(self), WarmupLinearDecay) and not callable(value):
            raise checks.invalid(
                "The learning rate follows a schedule, so it cannot be set to a number.",
                fix="Set it to another schedule, such as `WarmupLinearDecay(1e-5)`; or compile with "
                "`keras.optimizers.AdamW(1e-5)`, whose constant rate callbacks can change.",
                where=self.name,
                kind=TypeError,
                learning_rate=value,
            )
        keras.optimizers.AdamW.learning_rate.fset(self, value)

    def build(self, variables: list[keras.Variable]) -> None:
        """Creates the slots of all variables, and finds the level of each variable in the encoder."""
        super().build(variables)
        self._levels = [_level(variable) for variable in variables]

    def update_step(self, gradient: Tensor, variable: keras.Variable, learning_rate: Tensor) -> None:
        """Updates one variable at the learning rate of its block."""
        if self.layer_decay is not None:
            level = self._levels[self.index_of(variable)]
            top = max((level for level in self._levels if level is not None), default=0) + 1
            below = 0 if level is None else top - level
            learning_rate = learning_rate * self.layer_decay**below
        if self._is_fused():
            adam_step(variable, self.moments_of(variable), gradient, learning_rate, self)
        else:
            super().update_step(gradient, variable, learning_rate)

    def decay(self, variables: list[keras.Variable]) -> None:
        """Applies weight decay."""
        if is_fast():
            shrink([v for v in variables if self.decays(v)], 1 - self.learning_rate * self.weight_decay)
        else:
            super().decay(variables)

    def update_all(
        self, gradients: list[Tensor], variables: list[keras.Variable], learning_rate: Tensor
    ) -> None:
        """Updates all variables."""
        for dtype in {variable.dtype for variable in variables}:
            self._check_precision(keras.backend.standardize_dtype(dtype))
        if self._is_fused():
            learning_rate = unbiased(learning_rate, self)
        super().update_all(gradients, variables, learning_rate)

    def _check_precision(self, dtype):
        if np.asarray(self.beta_2, dtype) == 1:
            raise checks.invalid(
                f"`beta_2` must be below 1 in {dtype}: otherwise the mean of squares stays 0, and nothing "
                "learns.",
                fix=f'Use the dtype policy "mixed_{dtype}", which keeps weights in float32.',
                where=self.name,
                beta_2=self.beta_2,
            )

    def _is_fused(self):
        return is_fast() and not self.amsgrad

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "layer_decay": self.layer_decay}


def _level(variable):
    """A variable's level: 0 in the embeddings, 1 in the lowest block and so on; None above the blocks."""
    block = re.search(r"(?:^|/)block_(\d+)/", variable.path)
    if block:
        return int(block.group(1)) + 1
    return 0 if re.search(r"(?:^|/)embeddings/", variable.path) else None
