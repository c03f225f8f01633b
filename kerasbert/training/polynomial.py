"""The learning rate schedule for pre-training."""

import keras
from keras import ops

from kerasbert import checks
from kerasbert.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class WarmupPolynomialDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises linearly to a peak, and then decays as a power of the remaining steps.

    Devlin et al. 2019, appendix A.2 (power 1), https://arxiv.org/abs/1810.04805; You et al. 2020, section 4.1
    (LAMB; power 0.5), https://arxiv.org/abs/1904.00962.

    Args:
        peak: float, the highest learning rate.
        warmup_steps: int, the number of optimizer steps of the warm-up.
        total_steps: int, the number of optimizer steps until the rate is `end`, warm-up included.
        power: float, 1 for linear decay.
        end: float, the learning rate after `total_steps`.

    Call arguments:
        step: int, or an int tensor.

    Returns:
        Float32 tensor, the learning rate.

    Raises:
        ValueError: if the warm-up is not shorter than the whole schedule.

    Example:

    >>> schedule = WarmupPolynomialDecay(1.0, warmup_steps=2, total_steps=6, power=2.0)
    >>> [float(schedule(step)) for step in range(7)]
    [0.0, 0.5, 1.0, 0.5625, 0.25, 0.0625, 0.0]
    """

    def __init__(
        self, peak: float, warmup_steps: int, total_steps: int, power: float = 1.0, end: float = 0.0
    ) -> None:
        where = "WarmupPolynomialDecay"
        checks.positive_float(where, peak=peak, power=power)
        checks.not_negative_int(where, warmup_steps=warmup_steps)
        checks.positive_int(where, total_steps=total_steps)
        if warmup_steps >= total_steps:
            raise checks.invalid(
                "`warmup_steps` must be less than `total_steps`.",
                fix="Choose a part of the steps, such as a tenth.",
                where=where,
                warmup_steps=warmup_steps,
                total_steps=total_steps,
            )
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps
        self.power = power
        self.end = end

    def __call__(self, step: Tensor) -> Tensor:
        """The learning rate at a step; see the class."""
        step = ops.cast(step, "float32")
        left = ops.clip((self.total_steps - step) / (self.total_steps - self.warmup_steps), 0.0, 1.0)
        rate = self.end + (self.peak - self.end) * left**self.power
        return ops.minimum(rate, self.peak * step / self.warmup_steps) if self.warmup_steps else rate

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
            "power": self.power,
            "end": self.end,
        }
