"""What BERT's optimizers do with gradients before they use them."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.fast_training import global_norm, is_fast
from kerasbert.keras_private import OptimizerHooks
from kerasbert.optional import tensorflow as tf
from kerasbert.types import Tensor


class SummedGradients(OptimizerHooks):
    """An optimizer for tables and for several replicas: gradients are summed first, then clipped.

    - The gradient of a table comes as one slice for each lookup. Keras would take squares, and the norm for
      clipping, as if each slice were a row of its own.
    - Each replica of `tf.distribute` has a gradient of its part of the batch. Keras would clip each alone,
      and then sum: another step than that of one device.
    - A step that fails, at a token id without a row for instance, changes no weight.
    - Gradients accumulate under `tf.distribute`, too, where Keras' own way raises an error.
    """

    gradient_norm = None

    def watch_gradient_norm(self) -> None:
        """Keeps the norm of all gradients of an update together, before clipping, in `gradient_norm`.

        It is a variable. Call this before training.
        """
        self.gradient_norm = keras.Variable(
            0.0, trainable=False, name="gradient_norm", aggregation="only_first_replica"
        )

    def apply(self, grads: list[Tensor], trainable_variables: list[keras.Variable] | None = None) -> Any:
        """Updates all variables, once all gradients are there: a step that fails changes none."""
        grads = [_summed(gradient) for gradient in grads]
        if keras.backend.backend() != "tensorflow" or _num_replicas() > 1:
            return super().apply(grads, trainable_variables)
        # A graph would apply weight decay, which reads no gradients, while the forward pass still runs.
        with tf.control_dependencies(grads):
            return super().apply(grads, trainable_variables)

    def clip(self, grads: list[Tensor]) -> list[Tensor]:
        """Clips, once an update, what all replicas have together."""
        if _num_replicas() > 1:
            replica = tf.distribute.get_replica_context()
            grads = replica.all_reduce(tf.distribute.ReduceOp.SUM, grads)
        if self.gradient_norm is None and not self.global_clipnorm:
            return super().clip(grads)
        norm = _norm(grads)
        if self.gradient_norm is not None:
            self.gradient_norm.assign(norm)
        if not self.global_clipnorm:
            return super().clip(grads)
        scale = self.global_clipnorm / ops.maximum(norm, self.global_clipnorm)
        return [gradient * ops.cast(scale, gradient.dtype) for gradient in grads]

    def sum_over_replicas(self, grads_and_vars: Any) -> Any:
        """Where Keras sums over replicas: `clip` did."""
        return grads_and_vars

    # === Accumulation ===

    def accumulate_and_update(self, grads: list[Tensor], trainable_variables: list[keras.Variable]) -> None:
        """Accumulates, and perhaps updates.

        Keras decides in every replica whether to update, and an update is an act of all of them together,
        which TensorFlow allows in no branch of a replica. So it is decided for all replicas at once.
        """
        if not self.gradient_accumulation_steps or _num_replicas() == 1:
            super().accumulate_and_update(grads, trainable_variables)
            return
        if self.use_ema and self.ema_overwrite_frequency:
            raise checks.invalid(
                "Under `tf.distribute`, averages cannot overwrite weights while gradients accumulate.",
                fix="Leave `ema_overwrite_frequency` out: weights become the averages when `fit` ends.",
                where=self.name,
                ema_overwrite_frequency=self.ema_overwrite_frequency,
            )
        steps = self.gradient_accumulation_steps
        accumulators = [self.accumulator_of(variable).value for variable in trainable_variables]

        def update():
            means = [accumulator / steps for accumulator in accumulators]
            means = self.clip(means)
            self.decay(trainable_variables)
            self.update_all(means, trainable_variables, self.learning_rate)

        def accumulate(strategy, grads):
            for accumulator, gradient in zip(accumulators, grads, strict=True):
                strategy.extended.update(accumulator, _add, args=(gradient,), group=False)

            def last():
                strategy.extended.call_for_each_replica(update)
                for accumulator in accumulators:
                    strategy.extended.update(accumulator, _clear, group=False)

            tf.cond(tf.equal((self.num_batches().value + 1) % steps, 0), last, lambda: None)

        tf.distribute.get_replica_context().merge_call(accumulate, args=(grads,))
        if self.use_ema:
            self.update_averages()


def _add(accumulator, gradient):
    accumulator.assign_add(gradient)


def _clear(accumulator):
    accumulator.assign(tf.zeros_like(accumulator))


def _norm(gradients):
    """The norm of all gradients together."""
    if is_fast():
        return global_norm(gradients)
    return ops.sqrt(sum(ops.sum(ops.square(ops.cast(gradient, "float32"))) for gradient in gradients))


def _num_replicas():
    if keras.backend.backend() != "tensorflow":
        return 1
    return tf.distribute.get_strategy().num_replicas_in_sync


def _summed(gradient):
    """A gradient as a tensor of the variable's shape."""
    if keras.backend.backend() != "tensorflow" or not isinstance(gradient, tf.IndexedSlices):
        return gradient
    return tf.math.unsorted_segment_sum(gradient.values, gradient.indices, gradient.dense_shape[0])
