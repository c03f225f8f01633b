"""A label for each token."""

import keras

from kerasbert.data import check_labels
from kerasbert.heads import TokenClassificationHead
from kerasbert.tasks.labels import kept_labels
from kerasbert.tasks.task import Task

# The label of a token that does not count: a special token, padding, a later piece of a word.
IGNORED = -100


@keras.saving.register_keras_serializable(package="kerasbert")
class BertTokenClassifier(Task):
    """Labels tokens, as for named entities. It takes tokens, as a tokenizer gives them.

    Devlin et al. 2019, section 5.3, https://arxiv.org/abs/1810.04805.

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer`.
        labels: sequence of str, the class names in the order of their numbers.
        dropout: float in [0, 1), before the last layer.
        max_sequence_length: int or None, the longest input in tokens; None: the encoder's.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        Float tensor `(B, S, C)`, or `(S, C)`: logits. `fit` takes class numbers `(B, S)`, and -100 for tokens
        that do not count.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Bonn", "is"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTokenClassifier(BertEncoder(config), tokenizer, labels=["O", "B-LOC"])
    >>> tuple(classifier(tokenizer(["Bonn is"])).shape)
    (1, 4, 2)
    """

    head_names = ("token_classification",)
    preset_arguments = ("labels", "dropout")

    def __init__(self, encoder, tokenizer, labels, dropout=0.1, max_sequence_length=None, **kwargs):
        super().__init__(encoder, tokenizer, max_sequence_length, **kwargs)
        self.labels = check_labels(labels)
        config = encoder.config
        self.head = TokenClassificationHead(
            len(self.labels),
            dropout,
            config.initializer_range,
            name=self.head_names[0],
            dtype=self.dtype_policy,
        )
        self.head.build((None, None, config.hidden_dim))
        self.built = True

    @classmethod
    def _arguments(cls, checkpoint, given):
        return kept_labels(cls, checkpoint, *super()._arguments(checkpoint, given), given)

    def call(self, inputs, training=None):
        """See the class."""
        outputs = self.encoder(inputs, training=training)
        return self.head(outputs["sequence_output"], training=training)

    def default_loss(self):
        """Cross-entropy of class numbers and logits, over the tokens that count."""
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED)

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "labels": list(self.labels),
            "dropout": self.head.dropout_rate,
        }
