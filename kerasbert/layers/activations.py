"""The activations that `BertConfig` accepts, by name."""

from keras import ops

from kerasbert.types import Tensor


def gelu(x: Tensor) -> Tensor:
    """The exact GELU, `x * Phi(x)` (Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415).

    It is computed with `erf`: some backends use `erfc`, an operation that ONNX and LiteRT do not have.
    """
    return 0.5 * x * (1.0 + ops.erf(x * 0.7071067811865476))


def gelu_tanh(x: Tensor) -> Tensor:
    """The tanh approximation of GELU, called `gelu_new` or `gelu_pytorch_tanh` in other libraries."""
    return ops.gelu(x, approximate=True)


BY_NAME = {"gelu": gelu, "gelu_tanh": gelu_tanh, "relu": ops.relu, "silu": ops.silu, "tanh": ops.tanh}
