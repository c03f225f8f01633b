"""Layer normalization that stays exact in exported files."""

import keras
from keras import ops

from kerasbert.types import Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class BertLayerNormalization(keras.layers.LayerNormalization):
    """A `LayerNormalization` of the last axis, in a form that stays exact in exported files.

    Ba et al. 2016, https://arxiv.org/abs/1607.06450. Keras computes `x * scale + (beta - mean * scale)`,
    which loses precision if the variance is small. On backends other than TensorFlow, Keras' own is used.

    Args:
        epsilon: float, added to the variance.

    Call arguments:
        inputs: float tensor `(..., D)`.

    Returns:
        Float tensor like `inputs`; means and variances are computed at least in float32.
    """

    def call(self, inputs: Tensor) -> Tensor:
        """See the class."""
        if keras.backend.backend() != "tensorflow":
            return super().call(inputs)
        wide = keras.backend.result_type(inputs.dtype, "float32")
        x, gamma, beta = (ops.cast(part, wide) for part in (inputs, self.gamma, self.beta))
        centered = x - ops.mean(x, axis=-1, keepdims=True)
        rate = ops.rsqrt(ops.mean(ops.square(centered), axis=-1, keepdims=True) + self.epsilon)
        # Not `* rate * gamma`: LiteRT's converter would fold gamma into the next kernels, which would make
        # int8 a third less exact.
        return ops.cast(centered * (rate * gamma) + beta, self.compute_dtype)
