"""The configuration of a BERT encoder, an immutable record."""

import dataclasses
from typing import Any

from kerasbert import checks
from kerasbert.types import Config

ACTIVATIONS = ("gelu", "gelu_tanh", "relu", "silu", "tanh")
POSITION_EMBEDDINGS = ("learned", "sinusoidal")
SIZES = (
    "vocabulary_size",
    "num_layers",
    "num_heads",
    "hidden_dim",
    "intermediate_dim",
    "max_sequence_length",
)
# Token ids and sizes are int32 in the graph.
LARGEST_SIZE = 2**31 - 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class BertConfig:
    """All sizes and options that define a BERT encoder.

    The defaults are those of BERT-base, uncased (Devlin et al. 2019, section 3,
    https://arxiv.org/abs/1810.04805). The six fields from `position_embedding` on are for models related to
    BERT, and the last two are for pruned models.

    Args:
        vocabulary_size: int, V, the number of rows of the token embedding.
        num_layers: int, the number of encoder blocks.
        num_heads: int, N, the number of attention heads; it must divide `hidden_dim`.
        hidden_dim: int, D, the width of the encoder.
        intermediate_dim: int, I, the width inside a feed-forward layer.
        max_sequence_length: int, the largest S, in tokens.
        num_segments: int, the number of rows of the segment embedding; 0 for none, as in DistilBERT.
        activation: str, the activation of the feed-forward layers: `"gelu"` is the exact form (with erf),
            `"gelu_tanh"` its tanh approximation; `"relu"`, `"silu"` and `"tanh"` are also possible.
        layer_norm_epsilon: float, added to the variance in every layer normalization.
        hidden_dropout: float in [0, 1), dropout on embeddings and on the output of each sublayer.
        attention_dropout: float in [0, 1), dropout on attention probabilities.
        initializer_range: float, standard deviation of the truncated normal that initializes kernels
            and embeddings.
        position_embedding: str, `"learned"`, or `"sinusoidal"` for fixed embeddings (Vaswani et al. 2017,
            section 3.5, https://arxiv.org/abs/1706.03762).
        position_offset: int, the row of the position embedding for the first token. It is 2 in RoBERTa (Liu
            et al. 2019, https://arxiv.org/abs/1907.11692), whose table has two additional rows.
        embedding_dim: int or None, E, the width of the embeddings if it is not D. A dense layer then projects
            from E to D, as in ELECTRA-small (Clark et al. 2020, https://arxiv.org/abs/2003.10555).
        pooler_activation: str, the activation of the pooler; `"tanh"` in BERT.
        relative_position_buckets: int, the number of buckets of distances between two tokens. Each head adds
            a learned number for a bucket to its attention scores, the same in all blocks, as in MPNet (Song
            et al. 2020, https://arxiv.org/abs/2004.09297). 0 for none.
        shared_blocks: bool, whether one block is applied `num_layers` times, as in ALBERT (Lan et al. 2020,
            https://arxiv.org/abs/1909.11942).
        heads_by_layer: sequence of int, the number of heads that each block has after pruning
            (`compression.prune`); None if all blocks have `num_heads`, and such a sequence also becomes None.
            The width of a head remains D / `num_heads`.
        units_by_layer: the same for `intermediate_dim`.

    Raises:
        ValueError: if a field is out of range, `num_heads` does not divide `hidden_dim`, or `heads_by_layer`
            or `units_by_layer` does not have one number for each layer, or does not fit to
            `relative_position_buckets` or `shared_blocks`.

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
    position_embedding: str = "learned"
    position_offset: int = 0
    embedding_dim: int | None = None
    pooler_activation: str = "tanh"
    relative_position_buckets: int = 0
    shared_blocks: bool = False
    heads_by_layer: tuple[int, ...] | None = None
    units_by_layer: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        where = "BertConfig"
        sizes = {name: getattr(self, name) for name in SIZES}
        offsets = {"num_segments": self.num_segments, "position_offset": self.position_offset}
        if self.embedding_dim is not None:
            sizes["embedding_dim"] = self.embedding_dim
        checks.positive_int(where, **sizes)
        checks.not_negative_int(where, **offsets)
        for name, size in (sizes | offsets).items():
            if size > LARGEST_SIZE:
                raise checks.invalid(
                    f"`{name}` must be at most {LARGEST_SIZE}.",
                    fix="Choose a size whose weights fit into memory.",
                    where=where,
                    **{name: size},
                )
        checks.fraction(where, hidden_dropout=self.hidden_dropout, attention_dropout=self.attention_dropout)
        checks.positive_float(
            where, layer_norm_epsilon=self.layer_norm_epsilon, initializer_range=self.initializer_range
        )
        checks.divides(where, num_heads=self.num_heads, hidden_dim=self.hidden_dim)
        checks.one_of(
            where, ACTIVATIONS, activation=self.activation, pooler_activation=self.pooler_activation
        )
        checks.one_of(where, POSITION_EMBEDDINGS, position_embedding=self.position_embedding)
        buckets = self.relative_position_buckets
        if type(buckets) is not int or (buckets and not 4 <= buckets <= 256) or buckets % 2:
            raise checks.invalid(
                "`relative_position_buckets` must be 0, or an even number from 4 to 256.",
                fix="Choose 32, as in MPNet, or leave it out.",
                where=where,
                relative_position_buckets=buckets,
            )
        checks.one_of(where, (True, False), shared_blocks=self.shared_blocks)
        for name, most in (("heads_by_layer", self.num_heads), ("units_by_layer", self.intermediate_dim)):
            numbers = getattr(self, name)
            if numbers is not None:
                object.__setattr__(self, name, _by_layer(name, numbers, self.num_layers, most))
        self.check_prunable(where, self.heads_by_layer is not None, self.units_by_layer is not None)

    @property
    def head_dim(self) -> int:
        """H, the width of one attention head."""
        return self.hidden_dim // self.num_heads

    @property
    def block_sizes(self) -> list[tuple[int, int]]:
        """A list of pairs: the numbers of heads and inner units of each block that has its own weights."""
        if self.shared_blocks:
            return [(self.num_heads, self.intermediate_dim)]
        heads = self.heads_by_layer or (self.num_heads,) * self.num_layers
        units = self.units_by_layer or (self.intermediate_dim,) * self.num_layers
        return list(zip(heads, units, strict=True))

    def check_prunable(self, where: str, heads: bool, units: bool) -> None:
        """Raises ValueError if some blocks would have fewer heads or units, and cannot."""
        if (heads and self.relative_position_buckets) or ((heads or units) and self.shared_blocks):
            raise checks.invalid(
                "Shared blocks have the same heads and units, and blocks that share relative positions have "
                "the same heads.",
                fix="Leave out `heads_by_layer`, and `units_by_layer` if blocks are shared; `prune` can "
                "remove units alone if only positions are shared.",
                where=where,
                relative_position_buckets=self.relative_position_buckets,
                shared_blocks=self.shared_blocks,
            )

    def check_equal_blocks(self, where: str) -> None:
        """Raises ValueError if blocks differ in heads or units, which no other config can express."""
        if self.heads_by_layer or self.units_by_layer:
            raise checks.invalid(
                "All blocks must have `num_heads` heads and `intermediate_dim` units in this format.",
                fix='Save the pruned model with `save("model.keras")` or `save_to_preset(folder)`.',
                where=where,
                heads_by_layer=self.heads_by_layer,
                units_by_layer=self.units_by_layer,
            )

    def to_dict(self) -> Config:
        """Returns the fields as a dict of plain Python values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: Config) -> "BertConfig":
        """Builds a config from the result of `to_dict`.

        Raises:
            ValueError: if `fields` is not a dict, or a name is not a field.
        """
        if not isinstance(fields, dict):
            raise checks.invalid(
                "The fields of a BertConfig must be a dict.",
                fix="Pass what `to_dict` returned.",
                where="BertConfig.from_dict",
                fields=fields,
            )
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(map(str, set(fields) - known))
        if unknown:
            raise checks.invalid(
                "Every name must be a field of BertConfig.",
                fix=f"Use names among {sorted(known)}.",
                where="BertConfig.from_dict",
                unknown=unknown,
            )
        return cls(**fields)


def _by_layer(name: str, numbers: Any, num_layers: int, most: int) -> tuple[int, ...] | None:
    """Checks the numbers and returns them as a tuple; returns None if all of them are `most`."""
    fits = isinstance(numbers, (list, tuple)) and len(numbers) == num_layers
    if not fits or not all(type(n) is int and 1 <= n <= most for n in numbers):
        raise checks.invalid(
            f"`{name}` must have a number from 1 to {most} for each of the {num_layers} blocks.",
            fix="Leave out this field, or let `compression.prune` choose.",
            where="BertConfig",
            **{name: numbers},
        )
    return None if set(numbers) == {most} else tuple(numbers)
