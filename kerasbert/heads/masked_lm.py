"""The head of a masked language model, which predicts the token at each position."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.layers.activations import BY_NAME
from kerasbert.layers.dense import BertInitializer, make_dense
from kerasbert.layers.layer_normalization import BertLayerNormalization
from kerasbert.types import Config, Shape, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class MaskedLMHead(keras.layers.Layer):
    """Dense layer, activation and normalization, then a score for each token of the vocabulary.

    Devlin et al. 2019, section 3.1, https://arxiv.org/abs/1810.04805. The last layer shares its kernel with
    the token embedding and has its own bias (Press & Wolf 2017, https://arxiv.org/abs/1608.05859).

    Args:
        vocabulary_size: int, V.
        activation: str, as in `BertConfig`.
        layer_norm_epsilon: float.
        initializer_range: float, standard deviation of the kernels' initializer.
        tied: bool, whether the last kernel is the token embedding. If False, it is a weight of this layer.
        embedding_dim: int or None, E, the width of the token embedding if it is not D, as in ALBERT (Lan et
            al. 2020, https://arxiv.org/abs/1909.11942).

    Call arguments:
        sequence_output: float tensor `(B, S, D)`, or `(S, D)` for one sequence.
        token_embedding: float tensor `(V, D)`, or `(V, E)`, the encoder's token embedding; ignored if `tied`
            is False.
        mask_positions: int tensor `(B, M)` or `(M,)`, the positions to score; None for all positions. Usually
            about 20 of 128 positions are masked, so this avoids most products with the vocabulary.

    Returns:
        Logits, float tensor `(B, S, V)` or `(S, V)`; with `mask_positions`, M instead of S.

    Raises:
        ValueError: if `tied` is True and `token_embedding` is missing.

    Example:

    >>> head = MaskedLMHead(vocabulary_size=20)
    >>> tuple(head(np.ones((2, 5, 8), "float32"), np.ones((20, 8), "float32")).shape)
    (2, 5, 20)
    """

    def __init__(
        self,
        vocabulary_size: int,
        activation: str = "gelu",
        layer_norm_epsilon: float = 1e-12,
        initializer_range: float = 0.02,
        tied: bool = True,
        embedding_dim: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        checks.positive_int(self.name, vocabulary_size=vocabulary_size)
        checks.one_of(self.name, tuple(BY_NAME), activation=activation)
        self.vocabulary_size = vocabulary_size
        self.activation = activation
        self.layer_norm_epsilon = layer_norm_epsilon
        self.initializer_range = initializer_range
        self.tied = tied
        self.embedding_dim = embedding_dim
        self.layer_norm = BertLayerNormalization(
            epsilon=layer_norm_epsilon, name="layer_norm", dtype=self.dtype_policy
        )

    def build(
        self,
        sequence_output_shape: Shape,
        token_embedding_shape: Shape | None = None,
        mask_positions_shape: Shape | None = None,
    ) -> None:
        """Creates the dense layer, the normalization, the bias and, unless it is tied, the last kernel."""
        hidden_dim = sequence_output_shape[-1]
        width = self.embedding_dim or hidden_dim
        self.dense = make_dense(width, self.initializer_range, name="dense", dtype=self.dtype_policy)
        self.dense.build((None, hidden_dim))
        self.layer_norm.build((None, width))
        self.output_bias = self.add_weight(
            shape=(self.vocabulary_size,), initializer="zeros", name="output_bias"
        )
        self.decoder_kernel = None
        if not self.tied:
            self.decoder_kernel = self.add_weight(
                shape=(self.vocabulary_size, width),
                initializer=BertInitializer(self.initializer_range),
                name="decoder_kernel",
            )
        self.built = True

    def call(
        self,
        sequence_output: Tensor,
        token_embedding: Tensor | None = None,
        mask_positions: Tensor | None = None,
    ) -> Tensor:
        """See the class."""
        if mask_positions is not None:
            sequence_output = _at(sequence_output, mask_positions)
        kernel = token_embedding if self.tied else self.decoder_kernel
        if kernel is None:
            raise checks.invalid(
                "A tied head needs the encoder's token embedding.",
                fix="Pass `encoder.embeddings.token_embedding.embeddings`.",
                where=self.name,
                token_embedding=None,
            )
        x = self.layer_norm(BY_NAME[self.activation](self.dense(sequence_output)))
        kernel = ops.cast(ops.convert_to_tensor(kernel), self.compute_dtype)
        return ops.matmul(x, ops.transpose(kernel)) + self.output_bias

    def compute_output_shape(
        self,
        sequence_output_shape: Shape,
        token_embedding_shape: Shape | None = None,
        mask_positions_shape: Shape | None = None,
    ) -> Shape:
        """Returns the input's shape with V instead of D, and M instead of S."""
        return (*(mask_positions_shape or sequence_output_shape[:-1]), self.vocabulary_size)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "activation": self.activation,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "initializer_range": self.initializer_range,
            "tied": self.tied,
            "embedding_dim": self.embedding_dim,
        }


def _at(vectors: Tensor, positions: Tensor) -> Tensor:
    """Gathers the vectors `(..., M, D)` at `positions` `(..., M)` from `vectors` `(..., S, D)`."""
    *lead, length, hidden_dim = ops.shape(vectors)
    if lead:
        positions = positions + ops.arange(lead[0], dtype=positions.dtype)[:, None] * length
    return ops.take(ops.reshape(vectors, (-1, hidden_dim)), positions, axis=0)
