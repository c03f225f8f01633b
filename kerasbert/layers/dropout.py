"""Dropout that draws a quarter of the random bits."""

import keras

from kerasbert.optional import tensorflow as tf

_VALUES = 1 << 8


@keras.saving.register_keras_serializable(package="kerasbert")
class BertDropout(keras.layers.Dropout):
    """A `Dropout` that decides by 8 random bits where that of Keras draws a float.

    Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html. Random numbers take more time of a
    training step than anything but matrix products. Each number is dropped with the probability `rate`: a
    call drops at one of the two multiples of 1 / 256 around it, drawn so that their mean is `rate`. On other
    backends than TensorFlow it is Keras' own.

    Args:
        rate: float in [0, 1), the share of numbers that become 0.

    Call arguments:
        inputs: float tensor.
        training: bool.

    Returns:
        Float tensor like `inputs`.
    """

    def call(self, inputs, training=False):
        """See the class."""
        threshold = self.rate * _VALUES
        if keras.backend.backend() != "tensorflow" or not (training and 0 < threshold < _VALUES - 1):
            return super().call(inputs, training)
        # Seeds are unsigned; those of TensorFlow's operations are not.
        seed = tf.cast(self.seed_generator.next() % (tf.int32.max - 1), tf.int32)
        size = tf.size(inputs)
        words = tf.random.stateless_uniform([1 + (size + 3) // 4], seed, None, None, tf.uint32)
        share = tf.cast(words[0], tf.float32) / 2.0**32
        threshold = tf.cast(tf.floor(threshold + share), tf.uint8)
        numbers = tf.reshape(tf.bitcast(words[1:], tf.uint8), [-1])[:size]
        kept = tf.reshape(numbers, tf.shape(inputs)) >= threshold
        return tf.where(kept, inputs * (1 / (1 - self.rate)), tf.zeros([], inputs.dtype))
