"""Dropout that draws a quarter of the random bits."""

import keras

from kerasbert.fast_training import draws_by_bytes, dropout, is_fast
from kerasbert.types import Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class BertDropout(keras.layers.Dropout):
    """A `Dropout` that decides by 8 random bits where that of Keras draws a float.

    Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html. Random numbers take more time of a
    training step than anything but matrix products. Each number is dropped with the probability `rate`: a
    call drops at one of the two multiples of 1 / 256 around it, drawn so that their mean is `rate`. On other
    backends than TensorFlow, or without `kerasbert.fast_training`, it is Keras' own.

    Args:
        rate: float in [0, 1), the share of numbers that become 0.

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
