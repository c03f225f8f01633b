"""The learning rate schedule for fine-tuning."""

import warnings
from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class WarmupLinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises linearly from 0 to a peak (warm-up) and then decays linearly to 0.

    Devlin et al. 2019, appendix A.2, https://arxiv.org/abs/1810.04805.

    The schedule has `total_steps` steps if that is given. Otherwise `fit` of a kerasbert task plans it over
    the steps of this `fit`. Outside of such a `fit` the learning rate is the constant `peak`: in
    `train_on_batch`, in your own training loop, and in other Keras models.

    Args:
        peak: float, the highest learning rate.
        warmup_fraction: float in [0, 1), the fraction of all steps that belong to the warm-up.
        total_steps: int or None, the number of optimizer steps until the rate is 0, over all calls of `fit`
            together. None: each `fit` has its own schedule.

    Call arguments:
        step: int, or an int tensor. Keras counts batches here, even if the optimizer accumulates the
            gradients of several batches per step; `batches_per_step` is their number.

    Returns:
        Float32 tensor, the learning rate.

    Example:

    >>> schedule = WarmupLinearDecay(1e-3, warmup_fraction=0.5, total_steps=4)
    >>> [round(float(schedule(step)), 6) for step in range(5)]
    [0.0, 0.0005, 0.001, 0.0005, 0.0]
    >>> round(float(WarmupLinearDecay(1e-3)(7)), 6)
    0.001
    """

    batches_per_step = 1

    def __init__(self, peak: float, warmup_fraction: float = 0.1, total_steps: int | None = None) -> None:
        checks.positive_float("WarmupLinearDecay", peak=peak)
        checks.fraction("WarmupLinearDecay", warmup_fraction=warmup_fraction)
        if total_steps is not None:
            checks.positive_int("WarmupLinearDecay", total_steps=total_steps)
        self.peak = peak
        self.warmup_fraction = warmup_fraction
        self.total_steps = total_steps
        # Variables and not numbers, so that a training step that was traced once serves every `fit`.
        self._first_step, self._planned_steps = (
            keras.Variable(0, dtype="int", trainable=False, name=name, aggregation="only_first_replica")
            for name in ("first_step", "planned_steps")
        )

    def plan(self, first_step: int, total_steps: int) -> None:
        """Sets where the schedule begins and how long it is; without effect if `total_steps` was given.

        Args:
            first_step: int, the `optimizer.iterations` at which the schedule begins.
            total_steps: int, the number of optimizer steps until the rate is 0; 0 for the constant rate
                `peak`.
        """
        self._first_step.assign(first_step)
        self._planned_steps.assign(total_steps)

    def warn_if_over(self, step: int) -> None:
        """Warns if the `total_steps` that the user passed are already used up."""
        if self.total_steps is not None and step >= self.total_steps:
            warnings.warn(
                f"The learning rate is 0: the schedule has {self.total_steps} steps, and {step} are done. "
                "Compile with a new schedule, or leave out `total_steps`: then each `fit` has its own.",
                stacklevel=2,
            )

    def traced_values(self) -> list[Any]:
        """The values that are constants in a traced training step.

        On JAX these include the schedule's variables, because a training step there only gets the trainer's.
        """
        values = [self.batches_per_step]
        if keras.backend.backend() == "jax":
            values += [int(v.value) for v in (self._first_step, self._planned_steps)]
        return values

    def __call__(self, step: Tensor) -> Tensor:
        """The learning rate at a step; see the class."""
        first, total = 0, self.total_steps
        if total is None:
            first, total = ops.convert_to_tensor(self._first_step), ops.cast(self._planned_steps, "float32")
        step = ops.subtract(ops.floor_divide(step, self.batches_per_step), first)
        step = ops.cast(step, "float32")
        warmup = self.warmup_fraction * ops.maximum(total, 1.0)
        part = (total - step) / (ops.maximum(total, 1.0) - warmup)
        if self.warmup_fraction:
            part = ops.minimum(part, step / warmup)
        return self.peak * ops.where(total > 0, ops.clip(part, 0.0, 1.0), 1.0)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            "peak": self.peak,
            "warmup_fraction": self.warmup_fraction,
            "total_steps": self.total_steps,
        }
