"""The shape of a BERT encoder, as one frozen record."""

import dataclasses

from kerasbert import checks

ACTIVATIONS = ("gelu", "gelu_tanh", "relu", "silu", "tanh")


@dataclasses.dataclass(frozen=True, kw_only=True)
class BertConfig:
    """Everything that decides the shape and arithmetic of a BERT encoder.

    The defaults are BERT-base, uncased (Devlin et al. 2019, section 3, https://arxiv.org/abs/1810.04805).

    Args:
        vocabulary_size: int, V, rows of the token embedding.
        num_layers: int, encoder blocks.
        num_heads: int, N, attention heads; divides `hidden_dim`.
        hidden_dim: int, D, width of the encoder.
        intermediate_dim: int, I, width inside a feed-forward layer.
        max_sequence_length: int, rows of the position embedding, in tokens.
        num_segments: int, rows of the segment embedding.
        activation: str, of the feed-forward layers: `"gelu"` is the exact (erf) form, `"gelu_tanh"` its
            tanh approximation; `"relu"`, `"silu"` and `"tanh"` are the others.
        layer_norm_epsilon: float, added to the variance in every layer normalization.
        hidden_dropout: float in [0, 1), on embeddings and on what each sublayer returns.
        attention_dropout: float in [0, 1), on attention probabilities.
        initializer_range: float, standard deviation of the truncated normal that initializes kernels
            and embeddings.

    Raises:
        ValueError: if a field is out of range, or `num_heads` does not divide `hidden_dim`.

    Example:

    >>> config = BertConfig(num_layers=2, num_heads=2, hidden_dim=128, intermediate_dim=512)
    >>> config.head_dim
    64
    >>> BertConfig.from_dict(config.to_dict()) == config
    True
    """

    vocabulary_size: int = 30522
    num_layers: int = 12
    num_heads: int = 12
    hidden_dim: int = 768
    intermediate_dim: int = 3072
    max_sequence_length: int = 512
    num_segments: int = 2
    activation: str = "gelu"
    layer_norm_epsilon: float = 1e-12
    hidden_dropout: float = 0.1
    attention_dropout: float = 0.1
    initializer_range: float = 0.02

    def __post_init__(self):
        where = "BertConfig"
        checks.positive_int(
            where,
            vocabulary_size=self.vocabulary_size,
            num_layers=self.num_layers,
            num_heads=self.num_heads,
            hidden_dim=self.hidden_dim,
            intermediate_dim=self.intermediate_dim,
            max_sequence_length=self.max_sequence_length,
            num_segments=self.num_segments,
        )
        checks.fraction(where, hidden_dropout=self.hidden_dropout, attention_dropout=self.attention_dropout)
        checks.positive_float(
            where, layer_norm_epsilon=self.layer_norm_epsilon, initializer_range=self.initializer_range
        )
        checks.divides(where, num_heads=self.num_heads, hidden_dim=self.hidden_dim)
        checks.one_of(where, ACTIVATIONS, activation=self.activation)

    @property
    def head_dim(self):
        """H, the width of one attention head."""
        return self.hidden_dim // self.num_heads

    def to_dict(self):
        """Returns the fields as a dict of plain Python values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields):
        """Builds a config from `to_dict`'s result.

        Raises:
            ValueError: if a name is not a field.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(fields) - known)
        if unknown:
            raise checks.invalid(
                "Every name must be a field of BertConfig.",
                fix=f"Use names among {sorted(known)}.",
                where="BertConfig.from_dict",
                unknown=unknown,
            )
        return cls(**fields)
