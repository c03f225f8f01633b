"""One block of the encoder."""

from typing import Any

import keras

from kerasbert.layers.dropout import BertDropout
from kerasbert.layers.feed_forward import FeedForward
from kerasbert.layers.layer_normalization import BertLayerNormalization
from kerasbert.layers.self_attention import SelfAttention
from kerasbert.layers.symbolic import symbolic
from kerasbert.types import Config, Shape, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class EncoderBlock(keras.layers.Layer):
    """Self-attention and a feed-forward network, each followed by a residual connection and normalization.

    Vaswani et al. 2017, section 3.1, https://arxiv.org/abs/1706.03762.

    Args:
        num_heads: int, N.
        intermediate_dim: int, I.
        activation: str, as in `BertConfig`.
        layer_norm_epsilon: float.
        hidden_dropout: float in [0, 1), dropout on the output of each sublayer.
        attention_dropout: float in [0, 1), dropout on the attention probabilities.
        initializer_range: float, standard deviation of the kernels' initializer.
        head_dim: int or None, H, as for `SelfAttention`.

    Call arguments:
        sequence: float tensor `(B, S, D)`, or `(S, D)` for one sequence.
        bias: float tensor from `BertEmbeddings.attention_bias`, or None.
        first_token_only: bool, whether to compute only the output of the first position. Keys and values
            still come from the whole sequence, so the result equals the first row of the full result.
        return_attention: bool, whether to also return the attention probabilities.

    Returns:
        Float tensor `(B, S, D)`, or `(S, D)`; S is 1 with `first_token_only`. With `return_attention` a
        pair with the probabilities `(B, N, S, S)`, or `(N, S, S)`.

    Example:

    >>> block = EncoderBlock(num_heads=2, intermediate_dim=32)
    >>> x = np.random.default_rng(0).normal(size=(3, 5, 8)).astype("float32")
    >>> tuple(block(x).shape), tuple(block(x, first_token_only=True).shape)
    ((3, 5, 8), (3, 1, 8))
    """

    def __init__(
        self,
        num_heads: int,
        intermediate_dim: int,
        activation: str = "gelu",
        layer_norm_epsilon: float = 1e-12,
        hidden_dropout: float = 0.0,
        attention_dropout: float = 0.0,
        initializer_range: float = 0.02,
        head_dim: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.intermediate_dim = intermediate_dim
        self.activation = activation
        self.layer_norm_epsilon = layer_norm_epsilon
        self.hidden_dropout = hidden_dropout
        self.attention_dropout = attention_dropout
        self.initializer_range = initializer_range
        self.head_dim = head_dim
        dtype = self.dtype_policy
        self.attention = SelfAttention(
            num_heads, attention_dropout, initializer_range, head_dim, name="attention", dtype=dtype
        )
        self.attention_norm = BertLayerNormalization(
            epsilon=layer_norm_epsilon, name="attention_norm", dtype=dtype
        )
        self.feed_forward = FeedForward(
            intermediate_dim, activation, initializer_range, name="feed_forward", dtype=dtype
        )
        self.feed_forward_norm = BertLayerNormalization(
            epsilon=layer_norm_epsilon, name="feed_forward_norm", dtype=dtype
        )
        self.dropout = BertDropout(hidden_dropout, name="dropout", dtype=dtype)

    def build(self, sequence_shape: Shape, bias_shape: Shape | None = None) -> None:
        """Creates the weights of both sublayers."""
        for layer in (self.attention, self.attention_norm, self.feed_forward, self.feed_forward_norm):
            layer.build(sequence_shape)
        self.built = True

    def call(
        self,
        sequence: Tensor,
        bias: Tensor | None = None,
        first_token_only: bool = False,
        return_attention: bool = False,
        training: bool | None = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """See the class."""
        query = sequence[..., :1, :] if first_token_only else sequence
        if first_token_only and bias is not None and bias.shape[-2] != 1:
            bias = bias[..., :1, :]  # relative positions: a row for each query
        attended = self.attention(
            sequence, bias=bias, query=query, return_attention=return_attention, training=training
        )
        attended, attention = attended if return_attention else (attended, None)
        x = self.attention_norm(query + self.dropout(attended, training=training))
        fed = self.feed_forward(x)
        x = self.feed_forward_norm(x + self.dropout(fed, training=training))
        return (x, attention) if return_attention else x

    def random_states(self) -> list[keras.Variable]:
        """The variables that hold the states of dropout's random generators."""
        dropouts = (self.dropout, self.attention.dropout)
        return [dropout.seed_generator.state for dropout in dropouts if dropout.rate > 0]

    def compute_output_shape(
        self,
        sequence_shape: Shape,
        bias_shape: Shape | None = None,
        first_token_only: bool = False,
        return_attention: bool = False,
    ) -> Shape | tuple[Shape, Shape]:
        """Returns the shape of a call's output; with `return_attention`, the shapes of both outputs."""
        *lead, length, width = sequence_shape
        rows = 1 if first_token_only else length
        shape = (*lead, rows, width)
        return (shape, (*lead, self.num_heads, rows, length)) if return_attention else shape

    def compute_output_spec(
        self,
        sequence: Tensor,
        bias: Tensor | None = None,
        first_token_only: bool = False,
        return_attention: bool = False,
        training: bool | None = None,
    ) -> Any:
        """Like `call`, for symbolic tensors."""
        shapes = self.compute_output_shape(sequence.shape, None, first_token_only, return_attention)
        return symbolic(self, shapes)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "intermediate_dim": self.intermediate_dim,
            "activation": self.activation,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "hidden_dropout": self.hidden_dropout,
            "attention_dropout": self.attention_dropout,
            "initializer_range": self.initializer_range,
            "head_dim": self.head_dim,
        }
