"""Token, segment and position embeddings."""

import keras
from keras import ops

from kerasbert import checks


@keras.saving.register_keras_serializable(package="kerasbert")
class BertEmbeddings(keras.layers.Layer):
    """The input of the encoder: the normalized sum of three embeddings.

    Devlin et al. 2019, section 3.2 and figure 2, https://arxiv.org/abs/1810.04805.

    Args:
        vocabulary_size: int, V.
        hidden_dim: int, D.
        max_sequence_length: int, the longest S with a position.
        num_segments: int, how many segments are told apart.
        layer_norm_epsilon: float.
        dropout: float in [0, 1), on the result.
        initializer_range: float, standard deviation of the initializers.

    Call arguments:
        token_ids: int tensor `(B, S)`, or `(S,)` for one sequence.
        segment_ids: int tensor like `token_ids`, or None for all zeros.

    Returns:
        Float tensor `(B, S, D)`, or `(S, D)`.

    Raises:
        ValueError: if S is known and above `max_sequence_length`. (Where S is only known when the
            graph runs, the backend's own shape error stops it.)

    Example:

    >>> layer = BertEmbeddings(vocabulary_size=100, hidden_dim=8, max_sequence_length=16)
    >>> tuple(layer(np.array([[1, 2, 3]])).shape)
    (1, 3, 8)
    """

    def __init__(
        self,
        vocabulary_size,
        hidden_dim,
        max_sequence_length=512,
        num_segments=2,
        layer_norm_epsilon=1e-12,
        dropout=0.0,
        initializer_range=0.02,
        **kwargs,
    ):
        super().__init__(**kwargs)
        checks.positive_int(
            self.name,
            vocabulary_size=vocabulary_size,
            hidden_dim=hidden_dim,
            max_sequence_length=max_sequence_length,
            num_segments=num_segments,
        )
        self.vocabulary_size = vocabulary_size
        self.hidden_dim = hidden_dim
        self.max_sequence_length = max_sequence_length
        self.num_segments = num_segments
        self.layer_norm_epsilon = layer_norm_epsilon
        self.dropout_rate = dropout
        self.initializer_range = initializer_range

        def table(rows, name):
            return keras.layers.Embedding(
                rows,
                hidden_dim,
                embeddings_initializer=keras.initializers.TruncatedNormal(stddev=initializer_range),
                name=name,
                dtype=self.dtype_policy,
            )

        self.token_embedding = table(vocabulary_size, "token_embedding")
        self.segment_embedding = table(num_segments, "segment_embedding")
        self.position_embedding = table(max_sequence_length, "position_embedding")
        self.layer_norm = keras.layers.LayerNormalization(
            epsilon=layer_norm_epsilon, name="layer_norm", dtype=self.dtype_policy
        )
        self.dropout = keras.layers.Dropout(dropout, name="dropout", dtype=self.dtype_policy)

    def build(self, token_ids_shape, segment_ids_shape=None):
        """Creates the three tables and the normalization."""
        for embedding in (self.token_embedding, self.segment_embedding, self.position_embedding):
            embedding.build(token_ids_shape)
        self.layer_norm.build((*token_ids_shape, self.hidden_dim))
        self.built = True

    def call(self, token_ids, segment_ids=None, training=None):
        """See the class."""
        length = token_ids.shape[-1]
        if length is not None and length > self.max_sequence_length:
            raise checks.invalid(
                "A sequence must not be longer than `max_sequence_length`.",
                fix="Truncate it (`tokenizer(texts, max_length=...)` does), or take an encoder with more.",
                where=self.name,
                length=length,
                max_sequence_length=self.max_sequence_length,
            )
        if segment_ids is None:
            segment_ids = ops.zeros_like(token_ids)
        # A slice, not a lookup: too long a sequence then fails on every device, while some lookups
        # answer zeros out of range.
        positions = ops.convert_to_tensor(self.position_embedding.embeddings)[: ops.shape(token_ids)[-1]]
        return self.combine(
            self.token_embedding(token_ids), self.segment_embedding(segment_ids), positions, training=training
        )

    def combine(self, token_vectors, segment_vectors, position_vectors, training=None):
        """Adds the three kinds of vectors, `(..., S, D)` each, normalizes and drops out.

        The edge graph calls this with vectors that it looked up in its own way.
        """
        position_vectors = ops.cast(position_vectors, self.compute_dtype)
        x = self.layer_norm(token_vectors + segment_vectors + position_vectors)
        return self.dropout(x, training=training)

    def compute_output_shape(self, token_ids_shape, segment_ids_shape=None):
        """Returns `(*token_ids_shape, D)`."""
        return (*token_ids_shape, self.hidden_dim)

    def get_config(self):
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
        }
