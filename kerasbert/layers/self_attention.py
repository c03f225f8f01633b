"""Multi-head self-attention, and the bias that masks padding."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.layers.dense import make_dense
from kerasbert.layers.dropout import BertDropout
from kerasbert.layers.symbolic import symbolic
from kerasbert.optional import jax
from kerasbert.types import Config, Shape, Tensor

# Large enough to make exp() of a masked score 0 compared to any other; finite, so that a row that consists
# only of padding does not give NaN; and within the range of float16.
MASKED = {"float16": -3e4}
MASKED_ELSE = -1e9


def padding_bias(padding_mask: Tensor, dtype: str = "float32", masked: float | None = None) -> Tensor:
    """What masks padding, added to attention scores: 0 at tokens, a large negative number at padding.

    `BertEmbeddings.attention_bias` is this with the relative positions, where an encoder has them.

    Args:
        padding_mask: int or bool tensor `(B, S)` or `(S,)`: 1 at tokens, 0 at padding.
        dtype: str, the dtype of the attention scores.
        masked: float or None, the number at padding; None for the default of the dtype. A graph that will be
            quantized needs a small number, such as -120, because the range of the tensor determines its
            scale.

    Returns:
        Float tensor `(B, 1, 1, S)`, or `(1, 1, S)`.

    Example:

    >>> padding_bias(np.array([1, 1, 0]), masked=-120.0).numpy().tolist()
    [[[-0.0, -0.0, -120.0]]]
    """
    if masked is None:
        masked = MASKED.get(dtype, MASKED_ELSE)
    hidden = 1.0 - ops.cast(padding_mask, dtype)
    return (hidden * masked)[..., None, None, :]


def on_gpu_by_jax() -> bool:
    """Whether Keras runs on JAX and JAX runs on a GPU."""
    return keras.backend.backend() == "jax" and jax.default_backend() == "gpu"


@keras.saving.register_keras_serializable(package="kerasbert")
class SelfAttention(keras.layers.Layer):
    """Scaled dot-product attention with several heads, including the output projection.

    Vaswani et al. 2017, sections 3.2.1 and 3.2.2, https://arxiv.org/abs/1706.03762.

    Args:
        num_heads: int, N.
        dropout: float in [0, 1), dropout on the attention probabilities.
        initializer_range: float, standard deviation of the kernels' initializer.
        head_dim: int or None, H, the width of a head; None: D / N, which must be a whole number. If heads
            were pruned, N times H is less than D.

    Call arguments:
        sequence: float tensor `(B, S, D)`, or `(S, D)` for one sequence, from which keys and values are made.
        bias: float tensor that broadcasts to `(B, N, S, S)` or `(N, S, S)` and is added to the scores.
        query: float tensor `(B, Q, D)` or `(Q, D)`, from which queries are made; None means `sequence`.
        return_attention: bool, whether to also return the attention probabilities.

    Returns:
        Float tensor with the shape of the query; with `return_attention`, a pair of this and the
        probabilities `(B, N, Q, S)` or `(N, Q, S)`.

    Raises:
        ValueError: if `num_heads` does not divide D and `head_dim` is not given.

    Example:

    >>> layer = SelfAttention(num_heads=2)
    >>> tuple(layer(np.ones((3, 5, 8), "float32")).shape)
    (3, 5, 8)
    """

    def __init__(
        self,
        num_heads: int,
        dropout: float = 0.0,
        initializer_range: float = 0.02,
        head_dim: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        checks.positive_int(self.name, num_heads=num_heads)
        if head_dim is not None:
            checks.positive_int(self.name, head_dim=head_dim)
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.dropout_rate = dropout
        self.initializer_range = initializer_range
        self.dropout = BertDropout(dropout, name="dropout", dtype=self.dtype_policy)

    def build(
        self, sequence_shape: Shape, bias_shape: Shape | None = None, query_shape: Shape | None = None
    ) -> None:
        """Creates the four projections."""
        hidden_dim = sequence_shape[-1]
        if self.head_dim is None:
            checks.divides(self.name, num_heads=self.num_heads, hidden_dim=hidden_dim)
        width = self.num_heads * (self.head_dim or hidden_dim // self.num_heads)
        for name in ("query", "key", "value", "output"):
            units, inputs = (hidden_dim, width) if name == "output" else (width, hidden_dim)
            dense = make_dense(units, self.initializer_range, name=name, dtype=self.dtype_policy)
            dense.build((None, inputs))
            setattr(self, f"{name}_dense", dense)
        self.built = True

    def _split_heads(self, x: Tensor) -> Tensor:
        """(..., S, N * H) -> (..., N, S, H)."""
        *lead, _, width = ops.shape(x)
        x = ops.reshape(x, (*lead, -1, self.num_heads, width // self.num_heads))
        return ops.swapaxes(x, -3, -2)

    def _merge_heads(self, x: Tensor) -> Tensor:
        """(..., N, S, H) -> (..., S, N * H)."""
        *lead, num_heads, _, head_dim = ops.shape(x)
        return ops.reshape(ops.swapaxes(x, -3, -2), (*lead, -1, num_heads * head_dim))

    def call(
        self,
        sequence: Tensor,
        bias: Tensor | None = None,
        query: Tensor | None = None,
        return_attention: bool = False,
        training: bool | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """See the class."""
        query = sequence if query is None else query
        q, k, v = self.query_dense(query), self.key_dense(sequence), self.value_dense(sequence)
        scale = (q.shape[-1] // self.num_heads) ** -0.5
        if self._can_be_fused(sequence, return_attention, training):
            parts = [ops.reshape(x, (*ops.shape(x)[:2], self.num_heads, -1)) for x in (q, k, v)]
            context = ops.dot_product_attention(*parts, bias=bias, scale=scale)  # (B, Q, N, H)
            return self.output_dense(ops.reshape(context, ops.shape(q)))
        q = self._split_heads(q) * scale  # (B, N, Q, H)
        k, v = self._split_heads(k), self._split_heads(v)  # (B, N, S, H)
        scores = ops.matmul(q, ops.swapaxes(k, -2, -1))  # (B, N, Q, S)
        if bias is not None:
            scores = scores + bias
        attention = ops.softmax(scores, axis=-1)
        context = ops.matmul(self.dropout(attention, training=training), v)  # (B, N, Q, H)
        output = self.output_dense(self._merge_heads(context))  # (B, Q, D)
        return (output, attention) if return_attention else output

    def _can_be_fused(self, sequence: Tensor, return_attention: bool, training: bool | None) -> bool:
        """Whether JAX's fused attention can be used, which neither returns nor drops probabilities."""
        drops = training and self.dropout_rate > 0
        return on_gpu_by_jax() and len(sequence.shape) == 3 and not return_attention and not drops

    def compute_output_shape(
        self,
        sequence_shape: Shape,
        bias_shape: Shape | None = None,
        query_shape: Shape | None = None,
        return_attention: bool = False,
    ) -> Shape | tuple[Shape, Shape]:
        """Returns the shape of the query; with `return_attention`, also the shape of the probabilities."""
        shape = tuple(sequence_shape if query_shape is None else query_shape)
        if not return_attention:
            return shape
        return shape, (*shape[:-2], self.num_heads, shape[-2], sequence_shape[-2])

    def compute_output_spec(
        self,
        sequence: Tensor,
        bias: Tensor | None = None,
        query: Tensor | None = None,
        return_attention: bool = False,
        training: bool | None = None,
    ) -> Any:
        """Like `call`, for symbolic tensors."""
        query_shape = None if query is None else query.shape
        return symbolic(self, self.compute_output_shape(sequence.shape, None, query_shape, return_attention))

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "dropout": self.dropout_rate,
            "initializer_range": self.initializer_range,
            "head_dim": self.head_dim,
        }
