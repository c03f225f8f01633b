"""Activations by the names that `BertConfig` takes."""

from keras import ops

from kerasbert.layers.gradients import with_gradient


def gelu(x):
    """The exact GELU, `x * Phi(x)` (Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415).

    Written with `erf`: backends that write it with `erfc` leave an op that ONNX and LiteRT lack.
    """
    return 0.5 * x * (1.0 + ops.erf(x * 0.7071067811865476))


@with_gradient
def gelu_in_training(x):
    """`gelu` with a gradient of fewer passes over memory than TensorFlow finds: `Phi(x) + x * phi(x)`."""
    probability = 0.5 + 0.5 * ops.erf(x * 0.7071067811865476)

    def gradient(upstream):
        density = ops.exp(-0.5 * ops.square(x) - 0.9189385332046727)  # log(sqrt(2 * pi))
        return upstream * (probability + x * density)

    return x * probability, gradient


def gelu_tanh(x):
    """The tanh approximation of GELU, called `gelu_new` or `gelu_pytorch_tanh` elsewhere."""
    return ops.gelu(x, approximate=True)


BY_NAME = {"gelu": gelu, "gelu_tanh": gelu_tanh, "relu": ops.relu, "silu": ops.silu, "tanh": ops.tanh}
