"""All private names of Keras that kerasbert uses.

Any release of Keras may change them. `tests/test_keras_private.py` then shows which names have disappeared or
take other arguments, and this is the only file that needs to be changed.
"""

from typing import Any

import keras

from kerasbert.types import Tensor


class OptimizerHooks:
    """The steps of an optimizer's update under public names, for subclasses to override.

    List it before a class of `keras.optimizers` among the base classes. Keras calls its private methods,
    which call these.
    """

    def accumulate_and_update(self, gradients: list[Tensor], variables: list[keras.Variable]) -> None:
        """Does everything that one batch leads to: accumulation, clipping, weight decay and the update."""
        super()._backend_apply_gradients(gradients, variables)

    def _backend_apply_gradients(self, grads, trainable_variables):
        self.accumulate_and_update(grads, trainable_variables)

    def clip(self, gradients: list[Tensor]) -> list[Tensor]:
        """Returns the gradients of an update, clipped."""
        return super()._clip_gradients(gradients)

    def _clip_gradients(self, grads):
        return self.clip(grads)

    def decay(self, variables: list[keras.Variable]) -> None:
        """Applies weight decay."""
        super()._apply_weight_decay(variables)

    def _apply_weight_decay(self, variables):
        self.decay(variables)

    def update_all(
        self, gradients: list[Tensor], variables: list[keras.Variable], learning_rate: Tensor
    ) -> None:
        """Calls `update_step` for each variable."""
        super()._backend_update_step(gradients, variables, learning_rate)

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        self.update_all(grads, trainable_variables, learning_rate)

    def sum_over_replicas(self, gradients_and_variables: Any) -> Any:
        """Returns the pairs with gradients summed over the replicas of `tf.distribute`."""
        return super()._all_reduce_sum_gradients(gradients_and_variables)

    def _all_reduce_sum_gradients(self, grads_and_vars):
        return self.sum_over_replicas(grads_and_vars)

    # === What subclasses read ===

    def index_of(self, variable: keras.Variable) -> int:
        """The index of a Keras or TensorFlow variable among the variables that were passed to `build`."""
        return self._get_variable_index(variable)

    def moments_of(self, variable: keras.Variable) -> tuple[keras.Variable, keras.Variable]:
        """Adam's means of a variable's gradient and squared gradient."""
        index = self._get_variable_index(variable)
        return self._momentums[index], self._velocities[index]

    def accumulator_of(self, variable: keras.Variable) -> keras.Variable:
        """The variable that accumulates the gradients of a variable."""
        return self._accumulated_gradients[self._get_variable_index(variable)]

    def num_batches(self) -> keras.Variable:
        """A variable that counts batches; `iterations` counts updates."""
        return self._iterations

    def decays(self, variable: keras.Variable) -> bool:
        """Whether weight decay applies to a variable."""
        return self._use_weight_decay(variable)

    def update_averages(self) -> None:
        """Updates the averages of `use_ema` with the current weights."""
        self._update_model_variables_moving_average(self._trainable_variables)


class TrainerHooks:
    """The preparation of `keras.Model` for training, under a public name, for subclasses to override."""

    def build_from_data(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Creates metrics and weights from the shapes of a batch, by default the first of `iterator`."""
        super()._maybe_symbolic_build(iterator, data_batch)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        self.build_from_data(iterator, data_batch)


def is_validation_of_fit(arguments):
    """Whether these arguments of `Model.evaluate` were passed by `Model.fit`."""
    return "_use_cached_eval_dataset" in arguments


def given_strategy(model):
    """The `tf.distribute` strategy in whose scope a model was made, or None."""
    return model._distribute_strategy


def learning_rate_of(optimizer):
    """The source of an optimizer's learning rate: a schedule, a function or a variable."""
    return getattr(optimizer, "_learning_rate", None)


def begin_with_epoch(model, epoch):
    """Makes `fit` skip the epochs before `epoch`; to be called in a callback's `on_train_begin`."""
    model._initial_epoch = epoch


def remove_variable(layer, name):
    """Does `del layer.name` for a variable, without the garbage collection that Keras runs each time."""
    layer._untrack_variable(getattr(layer, name))
    super(keras.layers.Layer, layer).__delattr__(name)
