"""The span of a text that answers a question."""

import keras

from kerasbert.heads import SpanHead
from kerasbert.tasks.task import Task


@keras.saving.register_keras_serializable(package="kerasbert")
class BertQuestionAnswerer(Task):
    """Finds where an answer starts and ends. It takes tokens of `question, text`, as a tokenizer gives them.

    Devlin et al. 2019, section 4.2, https://arxiv.org/abs/1810.04805.

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer`.
        max_sequence_length: int or None, the longest input in tokens; None: the encoder's.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        dict of `start` and `end`, float tensors `(B, S)`, or `(S,)`: logits. `fit` takes a dict of the
        positions, int `(B,)` each.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "where", "here"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> answerer = BertQuestionAnswerer(BertEncoder(config), tokenizer)
    >>> tuple(answerer(tokenizer(["where"], ["here"]))["start"].shape)
    (1, 5)
    """

    head_names = ("span",)

    def __init__(self, encoder, tokenizer, max_sequence_length=None, **kwargs):
        super().__init__(encoder, tokenizer, max_sequence_length, **kwargs)
        config = encoder.config
        self.head = SpanHead(config.initializer_range, name=self.head_names[0], dtype=self.dtype_policy)
        self.head.build((None, None, config.hidden_dim))
        self.built = True

    def call(self, inputs, training=None):
        """See the class."""
        return self.head(self.encoder(inputs, training=training)["sequence_output"])

    def compile(self, *args, loss_weights="auto", **kwargs):
        """As `Task.compile`; start and end count half each."""
        if isinstance(loss_weights, str):
            loss_weights = {"start": 0.5, "end": 0.5}
        super().compile(*args, loss_weights=loss_weights, **kwargs)

    def default_loss(self):
        """Cross-entropy of the start and of the end over the positions."""
        return {
            name: keras.losses.SparseCategoricalCrossentropy(from_logits=True) for name in ("start", "end")
        }
