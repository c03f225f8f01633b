"""The private names of Keras that kerasbert builds on: here and nowhere else.

Any release of Keras may change them. `tests/test_keras_private.py` then names what is gone or takes other
arguments, and this is the only file to mend.
"""

from typing import Any

import keras

from kerasbert.types import Tensor


class OptimizerHooks:
    """The steps of an optimizer's update under public names, for subclasses to override.

    Comes before a class of `keras.optimizers` among the bases. Keras calls its own names, which call these.
    """

    def accumulate_and_update(self, gradients: list[Tensor], variables: list[keras.Variable]) -> None:
        """Does everything that one batch changes: accumulation, clipping, weight decay and the update."""
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

    # === What they read ===

    def index_of(self, variable: keras.Variable) -> int:
        """The place of a variable, or of TensorFlow's part of it, among those of `build`."""
        return self._get_variable_index(variable)

    def moments_of(self, variable: keras.Variable) -> tuple[keras.Variable, keras.Variable]:
        """Adam's means of the gradient and of its square."""
        index = self._get_variable_index(variable)
        return self._momentums[index], self._velocities[index]

    def accumulator_of(self, variable: keras.Variable) -> keras.Variable:
        """Where the gradients of a variable accumulate."""
        return self._accumulated_gradients[self._get_variable_index(variable)]

    def num_batches(self) -> keras.Variable:
        """How many batches have been seen, a variable; `iterations` counts updates."""
        return self._iterations

    def decays(self, variable: keras.Variable) -> bool:
        """Whether weight decay applies to a variable."""
        return self._use_weight_decay(variable)

    def update_averages(self) -> None:
        """Takes the weights into the averages of `use_ema`."""
        self._update_model_variables_moving_average(self._trainable_variables)


class TrainerHooks:
    """What `keras.Model` does before it trains, under a public name, for subclasses to override."""

    def build_from_data(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Makes metrics and weights by the shapes of a batch, which an iterator has if none is given."""
        super()._maybe_symbolic_build(iterator, data_batch)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        self.build_from_data(iterator, data_batch)


def is_validation_of_fit(arguments):
    """Whether these arguments of `Model.evaluate` are those that `Model.fit` passes to it."""
    return "_use_cached_eval_dataset" in arguments


def given_strategy(model):
    """The strategy of `tf.distribute` that a model was made under; None without one."""
    return model._distribute_strategy


def learning_rate_of(optimizer):
    """What an optimizer's learning rate comes from: a schedule, a function or a variable."""
    return getattr(optimizer, "_learning_rate", None)


def begin_with_epoch(model, epoch):
    """Lets `fit` skip the epochs before `epoch`; for a callback's `on_train_begin`."""
    model._initial_epoch = epoch


def remove_variable(layer, name):
    """`del layer.name` of a variable, without the collection of garbage that Keras runs for each."""
    layer._untrack_variable(getattr(layer, name))
    super(keras.layers.Layer, layer).__delattr__(name)
