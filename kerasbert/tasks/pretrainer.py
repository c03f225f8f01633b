"""BERT's pre-training: masked language modelling, and whether two segments belong together."""

from typing import Any

import keras

from kerasbert.data import IGNORED
from kerasbert.encoder import BertEncoder
from kerasbert.heads import ClassificationHead
from kerasbert.preprocessing import PAIRS, Preprocessor, PretrainingPreprocessor
from kerasbert.tasks.masked_lm import masked_lm_head
from kerasbert.tasks.measures import Target
from kerasbert.tasks.task import Task
from kerasbert.text.base import TextTokenizer
from kerasbert.training import TokenAccuracy
from kerasbert.types import Config, Shape, Tensors


@keras.saving.register_keras_serializable(package="kerasbert")
class BertPretrainer(Task):
    """Masked language modelling and next sentence prediction, on batches of `kerasbert.pretraining`.

    Devlin et al. 2019, section 3.1, https://arxiv.org/abs/1810.04805.

    Args:
        encoder: `BertEncoder`, with a pooler unless `pairs` is `"none"`.
        tokenizer: `BertTokenizer`, `RobertaTokenizer` or `SentencePieceTokenizer`.
        tied: bool, whether the last kernel of the masked language model is shared with the token embedding.
        pairs: str, what is learned from pairs of segments: `"next_sentence"`; `"sentence_order"` (ALBERT, Lan
            et al. 2020, section 3.1, https://arxiv.org/abs/1909.11942), with the same head; or `"none"`
            (RoBERTa, Liu et al. 2019, section 4.2, https://arxiv.org/abs/1907.11692).
        max_sequence_length: int or None, the longest input in tokens; None for the encoder's limit.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence; and `mask_positions`, `(B, M)` or `(M,)`, to score only these positions.

    Returns:
        dict of logits: `masked_lm`, float tensor `(B, S, V)`, or `(B, M, V)` with `mask_positions`; and,
        unless `pairs` is `"none"`, `next_sentence`, `(B, 2)`. `fit` takes a data set of
        `pretraining_batches`; or tokens and a dict of labels: `masked_lm`, token ids `(B, S)` or `(B, M)`,
        with -100 at positions that are not to be predicted, and `next_sentence`, int `(B,)`: 0 if the
        segments are in order, 1 if not.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> logits = BertPretrainer(BertEncoder(config), tokenizer)(tokenizer(["good"], ["film"]))
    >>> tuple(logits["masked_lm"].shape), tuple(logits["next_sentence"].shape)
    ((1, 5, 7), (1, 2))
    """

    head_names: tuple[str, ...] = ("masked_lm", "next_sentence")
    preset_arguments = ("tied", "pairs")

    preprocessor_class = PretrainingPreprocessor

    def __init__(
        self,
        encoder: BertEncoder,
        tokenizer: TextTokenizer | None = None,
        tied: bool = True,
        pairs: str = "next_sentence",
        max_sequence_length: int | None = None,
        preprocessor: Preprocessor | None = None,
        **kwargs: Any,
    ) -> None:
        chosen = self._preprocessor_of(preprocessor, encoder, tokenizer, max_sequence_length, pairs=pairs)
        self.needs_pooler = chosen.pairs != "none"
        super().__init__(encoder, chosen, **kwargs)
        self.refuse_own_head()
        config = encoder.config
        self.masked_lm_head = masked_lm_head(config, tied, self.dtype_policy)
        self.next_sentence_head: Any = None
        if self.needs_pooler:
            self.next_sentence_head = ClassificationHead(
                2, 0.0, config.initializer_range, name="next_sentence", dtype=self.dtype_policy
            )
            self.next_sentence_head.build((None, config.hidden_dim))
        else:
            self.head_names = ("masked_lm",)
        self.built = True

    @classmethod
    def _pooler_of(cls, arguments):
        return arguments.get("pairs", PAIRS[0]) != "none"

    @property
    def pairs(self) -> str:
        """str, what is learned from pairs of segments."""
        return self.preprocessor.pairs

    def call(self, inputs: Tensors, training: bool | None = None) -> Tensors:
        """See the class."""
        inputs = dict(inputs)
        mask_positions = inputs.pop("mask_positions", None)
        outputs = self.encoder(inputs, training=training)
        table = self.encoder.embeddings.token_embedding.embeddings
        logits = {"masked_lm": self.masked_lm_head(outputs["sequence_output"], table, mask_positions)}
        if self.needs_pooler:
            logits["next_sentence"] = self.next_sentence_head(outputs["pooled_output"])
        return logits

    def compute_output_shape(self, inputs_shape: dict[str, Shape]) -> dict[str, Shape]:
        """Returns the shapes of the logits by name, given a dict of the inputs' shapes."""
        ids = inputs_shape["token_ids"]
        scored = inputs_shape.get("mask_positions", ids)
        shapes = {
            "masked_lm": (*scored, self.encoder.config.vocabulary_size),
            "next_sentence": (*ids[:-1], 2),
        }
        return {name: shapes[name] for name in self.head_names}

    @property
    def target(self) -> dict[str, Target]:
        """What the outputs are compared with; see `Task.compile`."""
        targets = {
            "masked_lm": Target("classes", self.encoder.config.vocabulary_size, at_tokens=True),
            "next_sentence": Target("classes", 2),
        }
        return {name: targets[name] for name in self.head_names}

    def default_loss(self) -> Any:
        """The cross-entropies of the masked tokens and of the pair, which Keras adds."""
        losses = {
            "masked_lm": keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED),
            "next_sentence": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        }
        return {name: losses[name] for name in self.head_names}

    def default_metrics(self) -> Any:
        """The accuracy of each output."""
        metrics = {
            "masked_lm": [TokenAccuracy(IGNORED)],
            "next_sentence": [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        }
        return {name: metrics[name] for name in self.head_names}

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "tied": self.masked_lm_head.tied}
