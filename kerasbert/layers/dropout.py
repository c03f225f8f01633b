"""Dropout that draws half as many random bits."""

import keras

from kerasbert.optional import tensorflow as tf

_VALUES = 1 << 16


@keras.saving.register_keras_serializable(package="kerasbert")
class BertDropout(keras.layers.Dropout):
    """A `Dropout` that decides by 16 random bits where that of Keras draws a float.

    Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html. Random numbers take more time of a
    training step than anything but matrix products. On other backends than TensorFlow it is Keras' own. The
    rate is rounded to a multiple of 1 / 65,536.

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
        threshold = round(self.rate * _VALUES)
        if keras.backend.backend() != "tensorflow" or not (training and 0 < threshold < _VALUES):
            return super().call(inputs, training)
        # Seeds are unsigned; those of TensorFlow's operations are not.
        seed = tf.cast(self.seed_generator.next() % (tf.int32.max - 1), tf.int32)
        size = tf.size(inputs)
        words = tf.random.stateless_uniform([(size + 1) // 2], seed, None, None, tf.uint32)
        numbers = tf.reshape(tf.bitcast(words, tf.uint16), [-1])[:size]
        kept = tf.reshape(numbers, tf.shape(inputs)) >= tf.constant(threshold, tf.uint16)
        return tf.where(kept, inputs * (_VALUES / (_VALUES - threshold)), tf.zeros([], inputs.dtype))
