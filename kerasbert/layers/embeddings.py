"""Token, segment and position embeddings."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.layers.dense import BertInitializer, make_dense
from kerasbert.layers.dropout import BertDropout
from kerasbert.layers.layer_normalization import BertLayerNormalization
from kerasbert.layers.positions import relative_buckets, sinusoidal_positions
from kerasbert.layers.self_attention import padding_bias
from kerasbert.types import Config, Shape, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class BertEmbeddings(keras.layers.Layer):
    """The input of the encoder: the normalized sum of three embeddings.

    Devlin et al. 2019, section 3.2 and figure 2, https://arxiv.org/abs/1810.04805.

    Args:
        vocabulary_size: int, V.
        hidden_dim: int, D.
        max_sequence_length: int, the largest S, which is the number of positions.
        num_segments: int, the number of segments; 0 for no segment embedding.
        layer_norm_epsilon: float.
        dropout: float in [0, 1), on the result.
        initializer_range: float, standard deviation of the initializers.
        position_embedding, position_offset, embedding_dim, relative_position_buckets: as in `BertConfig`.
        num_heads: int or None, N, the number of heads, each with its own relative positions.

    Call arguments:
        token_ids: int tensor `(B, S)`, or `(S,)` for one sequence.
        segment_ids: int tensor like `token_ids`, or None for all zeros; ignored if there are no segments.

    Returns:
        Float tensor `(B, S, D)`, or `(S, D)`.

    Raises:
        ValueError: if S is known and above `max_sequence_length`. (If S is only known when the graph runs,
            the backend raises its own shape error.)

    Example:

    >>> layer = BertEmbeddings(vocabulary_size=100, hidden_dim=8, max_sequence_length=16)
    >>> tuple(layer(np.array([[1, 2, 3]])).shape)
    (1, 3, 8)
    """

    def __init__(
        self,
        vocabulary_size: int,
        hidden_dim: int,
        max_sequence_length: int = 512,
        num_segments: int = 2,
        layer_norm_epsilon: float = 1e-12,
        dropout: float = 0.0,
        initializer_range: float = 0.02,
        position_embedding: str = "learned",
        position_offset: int = 0,
        embedding_dim: int | None = None,
        relative_position_buckets: int = 0,
        num_heads: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        checks.positive_int(
            self.name,
            vocabulary_size=vocabulary_size,
            hidden_dim=hidden_dim,
            max_sequence_length=max_sequence_length,
        )
        self.vocabulary_size = vocabulary_size
        self.hidden_dim = hidden_dim
        self.max_sequence_length = max_sequence_length
        self.num_segments = num_segments
        self.layer_norm_epsilon = layer_norm_epsilon
        self.dropout_rate = dropout
        self.initializer_range = initializer_range
        self.position_kind = position_embedding
        self.position_offset = position_offset
        self.embedding_dim = embedding_dim
        self.relative_position_buckets = relative_position_buckets
        self.num_heads = num_heads
        dtype = self.dtype_policy

        def table(
            rows: int, name: str, width: int | None = embedding_dim or hidden_dim
        ) -> keras.layers.Embedding:
            return keras.layers.Embedding(
                rows,
                width,
                embeddings_initializer=BertInitializer(initializer_range),
                name=name,
                dtype=dtype,
            )

        self.token_embedding = table(vocabulary_size, "token_embedding")
        self.segment_embedding = table(num_segments, "segment_embedding") if num_segments else None
        self.position_embedding = None
        if position_embedding == "learned":
            self.position_embedding = table(max_sequence_length + position_offset, "position_embedding")
        self.relative_position_embedding = None
        if relative_position_buckets:
            checks.positive_int(self.name, num_heads=num_heads)
            self.relative_position_embedding = table(
                relative_position_buckets, "relative_position_embedding", num_heads
            )
        self.layer_norm = BertLayerNormalization(epsilon=layer_norm_epsilon, name="layer_norm", dtype=dtype)
        self.dropout = BertDropout(dropout, name="dropout", dtype=dtype)
        self.projection = None
        if embedding_dim:
            self.projection = make_dense(hidden_dim, initializer_range, name="projection", dtype=dtype)

    def build(self, token_ids_shape: Shape, segment_ids_shape: Shape | None = None) -> None:
        """Creates the embedding tables, the normalization and the projection."""
        for embedding in (
            self.token_embedding,
            self.segment_embedding,
            self.position_embedding,
            self.relative_position_embedding,
        ):
            if embedding is not None:
                embedding.build(token_ids_shape)
        width = self.embedding_dim or self.hidden_dim
        self.layer_norm.build((*token_ids_shape, width))
        if self.projection is not None:
            self.projection.build((None, width))
        self.built = True

    def call(
        self, token_ids: Tensor, segment_ids: Tensor | None = None, training: bool | None = None
    ) -> Tensor:
        """See the class."""
        length = token_ids.shape[-1]
        is_known = isinstance(length, int)  # on JAX, Keras may trace a model with a symbolic length
        if is_known and length > self.max_sequence_length:
            raise checks.invalid(
                "A sequence must not be longer than `max_sequence_length`.",
                fix="Truncate it with `tokenizer(texts, max_length=...)`, or use an encoder that has more "
                "positions.",
                where=self.name,
                length=length,
                max_sequence_length=self.max_sequence_length,
            )
        segment_vectors = None
        if self.segment_embedding is not None:
            segment_ids = ops.zeros_like(token_ids) if segment_ids is None else segment_ids
            segment_vectors = self.segment_embedding(_no_row_for_negative(segment_ids, self.num_segments))
        # A slice, not a lookup: with a slice, a sequence that is too long fails on every device, while some
        # lookups return zeros for positions out of range.
        positions = self.position_table()[: ops.shape(token_ids)[-1]]
        token_vectors = self.token_embedding(_no_row_for_negative(token_ids, self.vocabulary_size))
        return self.combine(token_vectors, segment_vectors, positions, training=training)

    def position_table(self) -> Tensor:
        """The position embeddings, `(max_sequence_length, E)`, beginning with that of the first token."""
        if self.position_embedding is None:
            width = self.embedding_dim or self.hidden_dim
            return ops.convert_to_tensor(sinusoidal_positions(self.max_sequence_length, width))
        table = ops.convert_to_tensor(self.position_embedding.embeddings)
        return table[self.position_offset :] if self.position_offset else table

    def attention_bias(
        self, token_ids: Tensor, padding_mask: Tensor | None = None, masked: float | None = None
    ) -> Tensor | None:
        """The bias of every block's attention: what masks padding, and the relative positions.

        It is computed once and passed to every block.

        Args:
            token_ids: int tensor `(B, S)` or `(S,)`, of which only the length is used.
            padding_mask: tensor of the same shape, or None if there is no padding.
            masked: as for `padding_bias`.

        Returns:
            Float tensor that broadcasts to `(B, N, S, S)`, or to `(N, S, S)`; None if nothing is to be added.
        """
        relative = self.relative_positions(ops.shape(token_ids)[-1])
        if padding_mask is None:
            return relative
        bias = padding_bias(padding_mask, self.compute_dtype, masked)
        return bias if relative is None else bias + relative

    def relative_positions(self, length: Any) -> Tensor | None:
        """The learned numbers for the distances between tokens, one for each head.

        Args:
            length: int or int tensor, S.

        Returns:
            Float tensor `(N, S, S)`; None if there are no relative positions.
        """
        if self.relative_position_embedding is None:
            return None
        reach = self.max_sequence_length - 1
        table = ops.transpose(ops.convert_to_tensor(self.relative_position_embedding.embeddings))
        places = ops.arange(length, dtype="int32")
        distances = places[None, :] - places[:, None]  # from a query to a key
        buckets = ops.take(relative_buckets(self.relative_position_buckets, reach), distances + reach)
        return ops.cast(ops.take(table, buckets, axis=1), self.compute_dtype)

    def combine(
        self,
        token_vectors: Tensor,
        segment_vectors: Tensor | None,
        position_vectors: Tensor | None,
        training: bool | None = None,
    ) -> Tensor:
        """Adds embeddings, each `(..., S, E)` or None, then normalizes, applies dropout and projects to D.

        The edge graph calls this with embeddings that it has looked up in its own way.
        """
        x = token_vectors if segment_vectors is None else token_vectors + segment_vectors
        x = self.layer_norm(x + ops.cast(position_vectors, self.compute_dtype))
        x = self.dropout(x, training=training)
        return x if self.projection is None else self.projection(x)

    def compute_output_shape(self, token_ids_shape: Shape, segment_ids_shape: Shape | None = None) -> Shape:
        """Returns `(*token_ids_shape, D)`."""
        return (*token_ids_shape, self.hidden_dim)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "hidden_dim": self.hidden_dim,
            "max_sequence_length": self.max_sequence_length,
            "num_segments": self.num_segments,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "dropout": self.dropout_rate,
            "initializer_range": self.initializer_range,
            "position_embedding": self.position_kind,
            "position_offset": self.position_offset,
            "embedding_dim": self.embedding_dim,
            "relative_position_buckets": self.relative_position_buckets,
            "num_heads": self.num_heads,
        }


def _no_row_for_negative(ids: Tensor, rows: int) -> Tensor:
    """`ids` with negative ids moved out of range, because a lookup would count them from the table's end."""
    if keras.backend.standardize_dtype(ids.dtype) not in ("int32", "int64"):
        ids = ops.cast(ids, "int32")  # as Keras' own lookup does
    return ops.where(ids < 0, rows, ids)
