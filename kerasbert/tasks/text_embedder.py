"""Text embeddings: one vector for a text, close to the vectors of texts with the same meaning."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.checkpoints import read_modules, read_prompts, write_modules, write_prompts
from kerasbert.encoder import BertEncoder
from kerasbert.preprocessing import EmbeddingPreprocessor, Preprocessor
from kerasbert.tasks.hard_negatives import HardNegatives
from kerasbert.tasks.measures import Target
from kerasbert.tasks.similarity import Similarity, checked_prompts
from kerasbert.tasks.text_task import TextTask
from kerasbert.text.base import TextTokenizer
from kerasbert.training import ContrastiveLoss, PearsonCorrelation, SimilarityLoss, partner_accuracy
from kerasbert.types import Config, Labels, Rows, Shape, Tensor, Tensors

POOLINGS = ("mean", "cls", "max")


@keras.saving.register_keras_serializable(package="kerasbert")
class BertTextEmbedder(Similarity, HardNegatives, TextTask):
    """Embeds texts: strings in, vectors out.

    Reimers & Gurevych 2019, section 3, https://arxiv.org/abs/1908.10084. There are four ways to train it:

    - `compile()`, `fit((texts, partners))`: on pairs of texts with the same meaning, with `ContrastiveLoss`.
      Larger batches have more negatives. `evaluate` returns the fraction of texts nearest to their partner.
    - `compile()`, `fit((texts, partners, negatives))`: on triplets, in which the third text has another
      meaning, with the same loss. `mine_hard_negatives` finds the third texts.
    - `compile(loss=SimilarityLoss())`, `fit((texts, others), scores)`: on pairs with a score from 0 to 1, as
      in STS (divide its scores by 5). `evaluate` returns Pearson's correlation of cosines and scores;
      `similarity_scores` returns Spearman's, too.
    - `compile(loss="mse")`, `fit(texts, vectors)`: on the vectors of another model (Reimers & Gurevych 2020,
      https://arxiv.org/abs/2004.09813).

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer`.
        pooling: str, `"mean"` or `"max"` over the tokens without padding, or `"cls"` for the first token.
        normalize: bool, whether vectors are scaled to length 1.
        max_sequence_length: int or None, the longest input in tokens; None for the encoder's limit.
        prompts: dict or None, name -> what `encode` writes before each text, such as
            `{"query": "query: ", "passage": "passage: "}` of E5. `search` uses those of these names.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        Float tensor `(B, D)`, or `(D,)`.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> BertTextEmbedder(BertEncoder(config), tokenizer).predict(["good film"], verbose=0).shape
    (1, 8)
    """

    head_names = ("projection",)
    needs_pooler = None
    preprocessor_class = EmbeddingPreprocessor
    endpoint = "embed"
    output = "embedding"
    divergence = None

    def __init__(
        self,
        encoder: BertEncoder,
        tokenizer: TextTokenizer | None = None,
        pooling: str = "mean",
        normalize: bool = True,
        max_sequence_length: int | None = None,
        preprocessor: Preprocessor | None = None,
        prompts: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        width = encoder.config.hidden_dim
        chosen = self._preprocessor_of(
            preprocessor, encoder, tokenizer, max_sequence_length, embedding_dim=width
        )
        super().__init__(encoder, chosen, **kwargs)
        checks.one_of(self.name, POOLINGS, pooling=pooling)
        self.pooling = pooling
        self.normalize = normalize
        self.prompts = checked_prompts(prompts, self.name)
        self.add_head((None, width), (None, width))

    def make_head(self) -> keras.layers.Layer | None:
        """Returns None. A subclass may return a layer to apply to the pooled vectors `(B, D)`; see `Task`."""
        return None

    @classmethod
    def _arguments(cls, checkpoint, given):
        kept, limit = read_modules(checkpoint.root), checkpoint.config.max_sequence_length
        if "max_sequence_length" in kept:  # it is a huge number if the tokenizer has no limit
            kept["max_sequence_length"] = min(kept["max_sequence_length"], limit)
        if prompts := read_prompts(checkpoint.root):
            kept["prompts"] = prompts
        return kept | given, ()

    def _add_to_preset(self, folder):
        write_modules(
            folder, self.pooling, self.normalize, self.encoder.config.hidden_dim, self.max_sequence_length
        )
        write_prompts(folder, self.prompts)

    # === Training ===

    @property
    def learns_scores(self) -> bool:
        """Whether the task is compiled with `SimilarityLoss`, to learn from pairs with scores."""
        return isinstance(getattr(self, "loss", None), SimilarityLoss)

    def compile(
        self, optimizer: Any = "auto", loss: Any = "auto", metrics: Any = "auto", **kwargs: Any
    ) -> None:
        """Like `Task.compile`; default metrics fit the loss, with none for a loss that compares vectors."""
        if isinstance(metrics, str) and metrics == "auto":
            if isinstance(loss, SimilarityLoss):
                metrics = [PearsonCorrelation()]
            elif not isinstance(loss, ContrastiveLoss) and not (isinstance(loss, str) and loss == "auto"):
                metrics = None
        super().compile(optimizer, loss, metrics, **kwargs)
        self.preprocessor.scored = self.learns_scores

    # === What TextTask asks of a task ===

    @property
    def first_token_only(self) -> bool:
        """Whether only the vector of the first token is used."""
        return self.pooling == "cls"

    @property
    def logits_shape(self) -> Shape:
        """The shape of one vector, `(D,)`."""
        return (self.encoder.config.hidden_dim,)

    def logits(self, encoder_outputs: Tensors, training: bool | None = None) -> Tensor:
        """Vectors `(B, D)`, or `(D,)`, computed from the encoder's outputs and the `padding_mask`."""
        vectors = encoder_outputs["sequence_output"]
        if self.pooling == "cls":
            pooled = ops.reshape(vectors, (*ops.shape(vectors)[:-2], vectors.shape[-1]))
        else:
            mask = ops.cast(encoder_outputs["padding_mask"], vectors.dtype)[..., None]  # (B, S, 1)
            if self.pooling == "mean":
                count = ops.maximum(ops.sum(mask, axis=-2), 1.0)
                pooled = ops.sum(vectors * mask, axis=-2) / count
            else:
                pooled = ops.max(vectors + (mask - 1.0) * 1e4, axis=-2)
        if self.head is not None:
            pooled = self.apply_head(pooled, training)
        if self.normalize:
            length = ops.sqrt(ops.sum(ops.square(pooled), axis=-1, keepdims=True))
            pooled = pooled / ops.maximum(length, 1e-6)
        return pooled

    def answers(self, logits: Tensor) -> Tensors:
        """The named outputs: `embedding` `(B, D)`, in float32."""
        return {self.output: ops.cast(logits, "float32")}

    def hard_predictions(self, answers: np.ndarray) -> None:
        """Returns None: vectors are never exactly equal. See `TextTask.hard_predictions`."""
        return None

    @property
    def target(self) -> Target:
        """What the outputs are compared with; see `Task.compile`."""
        return Target("numbers", self.logits_shape[0])

    def default_loss(self) -> Any:
        """A contrastive loss with in-batch negatives."""
        return ContrastiveLoss()

    def default_metrics(self) -> Any:
        """The fraction of texts that are nearest to their own partner, for training on pairs."""
        return [keras.metrics.MeanMetricWrapper(partner_accuracy, name="accuracy")]

    def labelled(
        self, preprocessor: Preprocessor, x: Rows, y: Labels, *args: Any, **kwargs: Any
    ) -> tuple[Any, Any, Any]:
        """See `Task.labelled`; raises ValueError if the labels do not fit the loss."""
        loss, first = getattr(self, "loss", None), next(iter(y), None) if y is not None else None
        one_number = first is not None and np.ndim(first) == 0
        if y is not None and not self.learns_scores and (isinstance(loss, ContrastiveLoss) or one_number):
            raise checks.invalid(
                "Labels must fit the loss: `SimilarityLoss` takes a score for each pair of texts, a loss "
                "that compares vectors takes a vector for each text, and `ContrastiveLoss`, the default, "
                "no labels.",
                fix="compile(loss=kerasbert.training.SimilarityLoss()) for scores, compile(loss='mse') for "
                "vectors; or pass pairs or triplets of texts, and no labels.",
                where=self.name,
                loss=loss if isinstance(loss, str) else type(loss).__name__,
                first_label=first,
            )
        return super().labelled(preprocessor, x, y, *args, **kwargs)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "pooling": self.pooling, "normalize": self.normalize} | (
            {"prompts": dict(self.prompts)} if self.prompts else {}
        )
