"""The optimizer that BERT is fine-tuned with."""

import re

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.training.gradients import SummedGradients
from kerasbert.training.schedules import WarmupLinearDecay


@keras.saving.register_keras_serializable(package="kerasbert")
class BertAdamW(SummedGradients, keras.optimizers.AdamW):
    """AdamW with BERT's settings: warm-up and linear decay, clipping, no decay of biases and norms.

    Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101; Devlin et al. 2019, appendix A.2.

    Args:
        learning_rate: float, the peak of a `WarmupLinearDecay` whose length `fit` sets; or a schedule.
        weight_decay: float, of kernels and embeddings.
        epsilon: float.
        global_clipnorm: float or None, the largest norm of all gradients together.
        layer_decay: float in (0, 1] or None; each block learns at this share of the rate of the block above
            it, and the embeddings of the lowest block's (Howard & Ruder 2018, section 3.2,
            https://arxiv.org/abs/1801.06146). Weight decay is the same for all.
        **kwargs: of `keras.optimizers.AdamW`, such as `use_ema` and `gradient_accumulation_steps`.

    Raises:
        ValueError: if `layer_decay` is out of range, or given on the PyTorch backend, whose optimizers
            update all variables at one rate.

    Example:

    >>> BertAdamW(3e-5).get_config()["weight_decay"]
    0.01
    """

    def __init__(
        self,
        learning_rate=5e-5,
        weight_decay=0.01,
        epsilon=1e-6,
        global_clipnorm=1.0,
        layer_decay=None,
        **kwargs,
    ):
        if isinstance(learning_rate, float):
            learning_rate = WarmupLinearDecay(learning_rate)
        super().__init__(
            learning_rate, weight_decay, epsilon=epsilon, global_clipnorm=global_clipnorm, **kwargs
        )
        # Here and not by the caller, so that a loaded model keeps it.
        self.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.layer_decay = layer_decay
        self._levels = []
        if layer_decay is not None:
            checks.positive_float("BertAdamW", layer_decay=layer_decay)
            if layer_decay > 1 or keras.backend.backend() == "torch":
                raise checks.invalid(
                    "`layer_decay` must be at most 1, on another backend than PyTorch.",
                    fix="Choose a share, such as 0.9.",
                    where="BertAdamW",
                    layer_decay=layer_decay,
                    backend=keras.backend.backend(),
                )

    def build(self, variables):
        """Creates the slots of all variables, and finds each one's height."""
        super().build(variables)
        self._levels = [_level(variable) for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable, at the rate of its block."""
        if self.layer_decay is not None:
            level = self._levels[self._get_variable_index(variable)]
            top = max((level for level in self._levels if level is not None), default=0) + 1
            below = 0 if level is None else top - level
            learning_rate = learning_rate * self.layer_decay**below
        if self._in_one_pass():
            self._update_in_one_pass(gradient, variable, learning_rate)
        else:
            super().update_step(gradient, variable, learning_rate)

    def _apply_weight_decay(self, variables):
        """What Keras computes, in one pass over each variable and not in three."""
        if keras.backend.backend() != "tensorflow":
            super()._apply_weight_decay(variables)
            return

        kept = 1 - self.learning_rate * self.weight_decay

        def decay(strategy, kept):
            for variable in variables:
                if self._use_weight_decay(variable):
                    strategy.extended.update(variable.value, _scale, args=(kept,), group=False)

        strategy = tf.distribute.get_strategy()
        tf.__internal__.distribute.interim.maybe_merge_call(decay, strategy, kept)

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        """Updates all variables; what corrects the biases of both means is the same for all."""
        for dtype in {variable.dtype for variable in trainable_variables}:
            self._check_precision(keras.backend.standardize_dtype(dtype))
        if self._in_one_pass():
            step = ops.cast(self.iterations + 1, "float32")
            first, second = (1 - ops.power(beta, step) for beta in (self.beta_1, self.beta_2))
            learning_rate = learning_rate * ops.sqrt(second) / first
        super()._backend_update_step(grads, trainable_variables, learning_rate)

    def _check_precision(self, dtype):
        if np.asarray(self.beta_2, dtype) == 1:
            raise checks.invalid(
                f"`beta_2` must be below 1 in {dtype}: else the mean of squares stays 0, and nothing learns.",
                fix=f'Use the dtype policy "mixed_{dtype}", of which weights are float32.',
                where=self.name,
                beta_2=self.beta_2,
            )

    def _in_one_pass(self):
        return keras.backend.backend() == "tensorflow" and not self.amsgrad

    def _update_in_one_pass(self, gradient, variable, learning_rate):
        """What `keras.optimizers.Adam` computes, in one operation: half the time, as memory is the limit."""
        index = self._get_variable_index(variable)
        zero = tf.zeros([], variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=zero,  # `learning_rate` is corrected
            beta2_power=zero,
            lr=ops.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=ops.cast(gradient, variable.dtype),
        )

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "layer_decay": self.layer_decay}


def _scale(variable, factor):
    variable.assign(variable * tf.cast(factor, variable.dtype))


def _level(variable):
    """0 in the embeddings, 1 in the lowest block and so on; None above the blocks."""
    block = re.search(r"(?:^|/)block_(\d+)/", variable.path)
    if block:
        return int(block.group(1)) + 1
    return 0 if re.search(r"(?:^|/)embeddings/", variable.path) else None
