"""Computations of explanations, compiled once for a task and a kind of answer."""

import keras

from kerasbert.optional import tensorflow as tf


class Compiled:
    """The functions that were compiled for a task, and the weights that they read.

    The task has it as an attribute, so that the graphs go when the task goes. A dictionary would be tracked
    by Keras, and a function by itself would be saved with the task.
    """

    def __init__(self, weights):
        self.weights = weights
        self.functions = {}


def compiled(task, key, make, arguments):
    """On TensorFlow, a function compiled once for batches of any size and length; elsewhere as it is.

    It is compiled again if the task has other weights than before, as with LoRA.

    Args:
        task: the task.
        key: tuple, what distinguishes the function from others of this task.
        make: function without arguments that returns the function of tensors to compile.
        arguments: list of dicts of arrays, the arguments of the function. The last axes of numbers beside a
            text keep their sizes, since a head's weights depend on them.

    Returns:
        The function.
    """
    if keras.backend.backend() != "tensorflow":
        return make()
    weights = [id(weight) for weight in task.weights]
    kept = vars(task).get("_explaining")
    if kept is None or kept.weights != weights:
        kept = task._explaining = Compiled(weights)
    if key not in kept.functions:
        fixed = task.preprocessor.extra_inputs
        specs = [{n: _spec(v, n in fixed) for n, v in argument.items()} for argument in arguments]
        kept.functions[key] = tf.function(make(), input_signature=specs, autograph=False)
    return kept.functions[key]


def _spec(array, fixed):
    """What a function takes in place of an array: any size of its first axis, and, unless fixed, of all."""
    others = array.shape[1:] if fixed else [None] * (array.ndim - 1)
    return tf.TensorSpec([None, *others], array.dtype)
