"""What BERT's optimizers do with gradients before they apply them: summing, clipping, accumulating."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.fast_training import global_norm, is_fast
from kerasbert.keras_private import OptimizerHooks
from kerasbert.optional import tensorflow as tf
from kerasbert.types import Tensor


class SummedGradients(OptimizerHooks):
    """An optimizer that sums the gradients of embedding tables and of several replicas before it clips them.

    - The gradient of an embedding table has one slice for each lookup. Keras would compute squares, and the
      norm for clipping, as if each slice were a row of its own.
    - Each replica of `tf.distribute` has the gradient of its part of the batch. Keras would clip each of them
      and then sum, which is not the step that one device would take.
    - A step that fails, for example because of a token id outside of the table, changes no weights.
    - Gradient accumulation also works under `tf.distribute`, where Keras' own raises an error.
    """

    gradient_norm = None

    def watch_gradient_norm(self) -> None:
        """Stores the global gradient norm of each update, before clipping, in the variable `gradient_norm`.

        Call this before training.
        """
        self.gradient_norm = keras.Variable(
            0.0, trainable=False, name="gradient_norm", aggregation="only_first_replica"
        )

    def apply(self, grads: list[Tensor], trainable_variables: list[keras.Variable] | None = None) -> Any:
        """Updates all variables after all gradients have been computed, so a step that fails changes none."""
        grads = [_summed(gradient) for gradient in grads]
        if keras.backend.backend() != "tensorflow" or _num_replicas() > 1:
            return super().apply(grads, trainable_variables)
        # Otherwise a graph could apply weight decay, which needs no gradients, during the forward pass.
        with tf.control_dependencies(grads):
            return super().apply(grads, trainable_variables)

    def clip(self, grads: list[Tensor]) -> list[Tensor]:
        """Clips the gradients of an update, summed over all replicas."""
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
        """Replaces Keras' sum over replicas, because `clip` has already summed."""
        return grads_and_vars

    # === Accumulation ===

    def accumulate_and_update(self, grads: list[Tensor], trainable_variables: list[keras.Variable]) -> None:
        """Accumulates gradients, and updates the variables if this is the last batch of a step.

        Keras decides in each replica whether to update. But replicas have to communicate for an update, which
        TensorFlow does not allow in a branch of one replica, so here it is decided for all replicas at once.
        """
        if not self.gradient_accumulation_steps or _num_replicas() == 1:
            super().accumulate_and_update(grads, trainable_variables)
            return
        if self.use_ema and self.ema_overwrite_frequency:
            raise checks.invalid(
                "Under `tf.distribute`, averages cannot overwrite weights while gradients accumulate.",
                fix="Leave out `ema_overwrite_frequency`: the averages become the weights when `fit` ends.",
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
    """The global norm of all gradients."""
    if is_fast():
        return global_norm(gradients)
    return ops.sqrt(sum(ops.sum(ops.square(ops.cast(gradient, "float32"))) for gradient in gradients))


def _num_replicas():
    if keras.backend.backend() != "tensorflow":
        return 1
    return tf.distribute.get_strategy().num_replicas_in_sync


def _summed(gradient):
    """The gradient as a dense tensor of the variable's shape."""
    if keras.backend.backend() != "tensorflow" or not isinstance(gradient, tf.IndexedSlices):
        return gradient
    return tf.math.unsorted_segment_sum(gradient.values, gradient.indices, gradient.dense_shape[0])
