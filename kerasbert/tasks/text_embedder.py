"""One vector for a text, near to those of texts that mean the same."""

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.checkpoints import read_modules, write_modules
from kerasbert.preprocessing import EmbeddingPreprocessor
from kerasbert.tasks.measures import Target
from kerasbert.tasks.text_task import TextTask
from kerasbert.training import ContrastiveLoss, partner_accuracy

POOLINGS = ("mean", "cls", "max")


@keras.saving.register_keras_serializable(package="kerasbert")
class BertTextEmbedder(TextTask):
    """Embeds texts: strings in, vectors out.

    Reimers & Gurevych 2019, section 3, https://arxiv.org/abs/1908.10084. `fit((texts, partners))` learns
    from pairs that mean the same, by `ContrastiveLoss`: the larger the batch, the more there is to tell
    apart. After `compile(loss="mse", metrics=None)`, `fit(texts, vectors)` learns to embed as another model
    does (Reimers & Gurevych 2020, https://arxiv.org/abs/2004.09813).

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer`.
        pooling: str, `"mean"` or `"max"` over the tokens that are no padding, or `"cls"`: the first token.
        normalize: bool, whether vectors get length 1.
        max_sequence_length: int or None, the longest input in tokens; None: the encoder's.
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

    needs_pooler = None
    preprocessor_class = EmbeddingPreprocessor
    endpoint = "embed"
    output = "embedding"
    divergence = None

    def __init__(
        self,
        encoder,
        tokenizer=None,
        pooling="mean",
        normalize=True,
        max_sequence_length=None,
        preprocessor=None,
        **kwargs,
    ):
        width = encoder.config.hidden_dim
        chosen = self._preprocessor_of(
            preprocessor, encoder, tokenizer, max_sequence_length, embedding_dim=width
        )
        super().__init__(encoder, chosen, **kwargs)
        checks.one_of(self.name, POOLINGS, pooling=pooling)
        self.pooling = pooling
        self.normalize = normalize
        self.built = True

    @classmethod
    def _arguments(cls, checkpoint, given):
        kept, limit = read_modules(checkpoint.root), checkpoint.config.max_sequence_length
        if "max_sequence_length" in kept:  # a tokenizer without a limit names a huge one
            kept["max_sequence_length"] = min(kept["max_sequence_length"], limit)
        return kept | given, ()

    def _add_to_preset(self, folder):
        write_modules(
            folder, self.pooling, self.normalize, self.encoder.config.hidden_dim, self.max_sequence_length
        )

    @property
    def heads(self):
        """None."""
        return []

    def similarity(self, texts, others, **kwargs):
        """Cosine similarities of two lists of texts.

        Args:
            texts: A texts.
            others: B texts.
            **kwargs: of `predict`.

        Returns:
            float32 array `(A, B)`.
        """
        a, b = (self.predict(x, **kwargs) for x in (texts, others))
        a, b = (x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12) for x in (a, b))
        return a @ b.T

    # === What TextTask asks of a task ===

    @property
    def first_token_only(self):
        """Whether the first token's vector is all that is read."""
        return self.pooling == "cls"

    @property
    def logits_shape(self):
        """The shape of one vector, `(D,)`."""
        return (self.encoder.config.hidden_dim,)

    def logits(self, encoder_outputs, training=None):
        """Vectors `(B, D)`, or `(D,)`, of what the encoder returns and the `padding_mask` beside it."""
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
        if self.normalize:
            length = ops.sqrt(ops.sum(ops.square(pooled), axis=-1, keepdims=True))
            pooled = pooled / ops.maximum(length, 1e-6)
        return pooled

    def answers(self, logits):
        """Named outputs: `embedding` `(B, D)`, in float32."""
        return {self.output: ops.cast(logits, "float32")}

    def decisions(self, answers):
        """None: no two vectors are the same answer."""
        return None

    @property
    def target(self):
        """What outputs are compared with; see `Task.compile`."""
        return Target("numbers", self.logits_shape[0])

    def default_loss(self):
        """In-batch negatives."""
        return ContrastiveLoss()

    def default_metrics(self):
        """The share of texts that are nearest to their own partner, where these are learned from."""
        return [keras.metrics.MeanMetricWrapper(partner_accuracy, name="accuracy")]

    def labelled(self, preprocessor, x, y, *args, **kwargs):
        """See `Task.labelled`; vectors as labels need a loss for them."""
        if y is not None and isinstance(getattr(self, "loss", None), ContrastiveLoss):
            raise checks.invalid(
                "Vectors as labels need a loss that compares vectors.",
                fix="compile(loss='mse', metrics=None), or pass pairs of texts and no labels.",
                where=self.name,
                loss=type(self.loss).__name__,
            )
        return super().labelled(preprocessor, x, y, *args, **kwargs)

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "pooling": self.pooling, "normalize": self.normalize}
