"""Learning-rate schedules."""

import warnings

import keras
from keras import ops

from kerasbert import checks


@keras.saving.register_keras_serializable(package="kerasbert")
class WarmupLinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises from 0 to a peak and falls back to 0, both linearly.

    Devlin et al. 2019, appendix A.2, https://arxiv.org/abs/1810.04805.

    Args:
        peak: float, the highest learning rate.
        warmup_fraction: float in [0, 1), the part of all steps that rises.
        total_steps: int or None, optimizer steps until 0, of all calls of `fit` together. None: each `fit` of
            a kerasbert task is a schedule of its own, whose length it says with `plan`.

    Call arguments:
        step: int, or an int tensor. Keras counts batches, also where the optimizer accumulates gradients over
            several; `plan` says over how many.

    Returns:
        Float32 tensor, the learning rate.

    Raises:
        ValueError: when called before the number of steps is known.

    Example:

    >>> schedule = WarmupLinearDecay(1e-3, warmup_fraction=0.5, total_steps=4)
    >>> [round(float(schedule(step)), 6) for step in range(5)]
    [0.0, 0.0005, 0.001, 0.0005, 0.0]
    """

    def __init__(self, peak, warmup_fraction=0.1, total_steps=None):
        checks.positive_float("WarmupLinearDecay", peak=peak)
        checks.fraction("WarmupLinearDecay", warmup_fraction=warmup_fraction)
        if total_steps is not None:
            checks.positive_int("WarmupLinearDecay", total_steps=total_steps)
        self.peak = peak
        self.warmup_fraction = warmup_fraction
        self.total_steps = self._given_steps = total_steps
        self._first_step = 0
        self._batches_per_step = 1

    def plan(self, first_step, total_steps, batches_per_step=1):
        """Says when the schedule begins and how long it is, unless `total_steps` was given.

        Args:
            first_step: int, `optimizer.iterations`.
            total_steps: int, optimizer steps until 0.
            batches_per_step: int, the optimizer's `gradient_accumulation_steps`.

        Returns:
            bool, whether the schedule is this one: then a train function must be traced after it.

        Warns:
            UserWarning: if all of the `total_steps` that were given are over.
        """
        self._batches_per_step = batches_per_step
        if self._given_steps is None:
            self._first_step, self.total_steps = first_step, total_steps
            return True
        if first_step >= self._given_steps:
            warnings.warn(
                f"The learning rate is 0: the schedule has {self._given_steps} steps, and {first_step} are "
                "done. Compile with a new schedule, or leave `total_steps` out: then each `fit` has one.",
                stacklevel=2,
            )
        return False

    def __call__(self, step):
        """See the class."""
        if self.total_steps is None:
            raise checks.invalid(
                "A schedule must know its number of steps.",
                fix="Pass `total_steps`; a kerasbert task's `fit` does this by itself.",
                where="WarmupLinearDecay",
                total_steps=None,
            )
        step = ops.cast(ops.floor_divide(step, self._batches_per_step), "float32") - self._first_step
        warmup = self.warmup_fraction * self.total_steps
        part = (self.total_steps - step) / (self.total_steps - warmup)
        if warmup:
            part = ops.minimum(part, step / warmup)
        return self.peak * ops.clip(part, 0.0, 1.0)

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {
            "peak": self.peak,
            "warmup_fraction": self.warmup_fraction,
            "total_steps": self._given_steps,
        }
