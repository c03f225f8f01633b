"""Dropout that needs only a quarter of the random bits."""

import keras

from kerasbert.fast_training import draws_by_bytes, dropout, is_fast
from kerasbert.types import Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class BertDropout(keras.layers.Dropout):
    """A `Dropout` that decides with 8 random bits per number, where Keras draws a float.

    Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html. In a training step, only matrix
    products take more time than random numbers. Each number is dropped with the probability `rate`: a call
    uses one of the two multiples of 1 / 256 around `rate`, drawn so that their mean is `rate`. On backends
    other than TensorFlow, or if `kerasbert.fast_training` is turned off, this is Keras' own dropout.

    Args:
        rate: float in [0, 1), the fraction of numbers that become 0.

    Call arguments:
        inputs: float tensor.
        training: bool.

    Returns:
        Float tensor like `inputs`.
    """

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """See the class."""
        if training and is_fast() and draws_by_bytes(self.rate):
            return dropout(inputs, self.rate, self.seed_generator.next())
        return super().call(inputs, training)
