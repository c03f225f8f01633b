"""What a task adds to Keras' training loop: schedules that know their length, and reused training steps."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from kerasbert.data import count_batches
from kerasbert.keras_private import learning_rate_of
from kerasbert.training import WarmupLinearDecay


class Fitting:
    """The part of a task that prepares Keras' `fit`."""

    _traced_step = None

    # === The schedule ===

    def _rate(self):
        """The optimizer's learning rate: a schedule or a Keras variable."""
        return learning_rate_of(self._inner_optimizer())

    def _inner_optimizer(self):
        return getattr(self.optimizer, "inner_optimizer", self.optimizer)

    def _schedule(self):
        """The optimizer's `WarmupLinearDecay`, or None."""
        schedule = self._rate() if self.compiled else None  # Keras raises an error later if it is not
        return schedule if isinstance(schedule, WarmupLinearDecay) else None

    @contextlib.contextmanager
    def planned(
        self, x: Any, batch_size: int, steps_per_epoch: int | None, initial_epoch: int, epochs: int
    ) -> Iterator[None]:
        """A context in which a `WarmupLinearDecay` schedule knows how many steps this `fit` has.

        Args:
            x: arrays or batches, as in `keras.Model.fit`.
            batch_size: int, the batch size if `x` is arrays.
            steps_per_epoch, initial_epoch, epochs: arguments of `fit`.
        """
        schedule = self._schedule()
        if schedule is None:
            yield
            return
        optimizer = self._inner_optimizer()
        batches = steps_per_epoch or count_batches(x, batch_size)
        per_step = optimizer.gradient_accumulation_steps or 1
        done = int(keras.ops.convert_to_numpy(optimizer.iterations))
        schedule.warn_if_over(done)
        schedule.plan(done - batches * initial_epoch // per_step, max(batches * epochs // per_step, 1))
        try:
            yield
        finally:
            schedule.plan(0, 0)

    # === The step ===

    def make_train_function(self, force: bool = False) -> Any:
        """As in Keras, but traced again if the trainable variables or the learning rate have changed.

        The optimizer is built first: if its variables were created in the step, it would be traced twice.
        """
        self.build_heads()
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        step = self._step()
        force = force or self._traced_step is None or not self._traced_step.is_as(step)
        self._traced_step = step
        return super().make_train_function(force)

    def _step(self):
        """The constants of a traced step, other than the arguments of `compile`."""
        schedule = self._schedule()
        values = [id(variable) for variable in self.trainable_variables]
        values += [self.encoder.rematerialize, self.run_eagerly]
        if schedule is not None:
            schedule.batches_per_step = self._inner_optimizer().gradient_accumulation_steps or 1
            values += schedule.traced_values()
        return TracedStep(self._rate(), values)

    def make_predict_function(self, force: bool = False) -> Any:
        """Makes Keras' predict function; on TensorFlow it is traced once, for batches of any shape."""
        made_before = self.predict_function is not None and not force
        super().make_predict_function(force)
        trace = getattr(self.predict_function, "get_concrete_function", None)
        if trace and not made_before and self.steps_per_execution == 1:
            trace(self._predict_specs())
        return self.predict_function

    def _predict_specs(self):
        """The specs of the batches that `predict` passes to Keras' predict function."""
        return [self.input_specs(*(None,) * self.token_axes)]


class TracedStep:
    """The constants of a traced training step.

    Args:
        rate: a schedule or a variable, compared by identity.
        values: list of numbers, compared by value.
    """

    def __init__(self, rate, values):
        self._rate, self._values = rate, values

    def is_as(self, other):
        """Whether a step that was traced with these constants can be reused for the others."""
        return self._rate is other._rate and self._values == other._values
