"""One label for a text, or for a pair of texts."""

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.data import check_labels, class_numbers, label_lookup
from kerasbert.heads import ClassificationHead
from kerasbert.tasks.text_task import TextTask


@keras.saving.register_keras_serializable(package="kerasbert")
class BertTextClassifier(TextTask):
    """Classifies texts: strings in, class probabilities out.

    Devlin et al. 2019, section 4.1, https://arxiv.org/abs/1810.04805. Only `[CLS]` is read, so the last
    block computes that position alone.

    Args:
        encoder: `BertEncoder` with a pooler.
        tokenizer: `BertTokenizer`.
        labels: sequence of str, the class names in the order of their numbers.
        dropout: float in [0, 1), before the last layer.
        max_sequence_length: int or None, the longest input in tokens; None: the encoder's.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        Float tensor `(B, C)`, or `(C,)`: logits. `predict` returns probabilities.

    Raises:
        ValueError: if `labels` are not at least two different names, or the parts do not fit together.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> classifier.compile()
    >>> history = classifier.fit(["good", "bad"], ["good", "bad"], verbose=0)
    >>> classifier.predict(["good good"], verbose=0).shape
    (1, 2)
    """

    def __init__(self, encoder, tokenizer, labels, dropout=0.1, max_sequence_length=None, **kwargs):
        super().__init__(encoder, tokenizer, max_sequence_length, **kwargs)
        if encoder.pooler is None:
            raise checks.invalid(
                "The encoder of a classifier must have a pooler.",
                fix="Build it with `pooler=True`.",
                where=self.name,
                pooler=None,
            )
        self.labels = check_labels(labels)
        config = encoder.config
        self.head = ClassificationHead(
            len(self.labels), dropout, config.initializer_range, name="head", dtype=self.dtype_policy
        )
        self.head.build((None, config.hidden_dim))
        self.built = True

    def call(self, inputs, training=None):
        """See the class."""
        outputs = self.encoder(inputs, first_token_only=self.first_token_only, training=training)
        return self.logits(outputs, training=training)

    def predict_labels(self, x, **kwargs):
        """Returns the most probable class name of each row, as a list; arguments as of `predict`."""
        return [self.labels[number] for number in self.predict(x, **kwargs).argmax(-1)]

    # === What TextTask asks of a task ===

    endpoint = "classify"
    first_token_only = True

    @property
    def logits_shape(self):
        """The shape of one row of logits, `(C,)`."""
        return (len(self.labels),)

    def logits(self, encoder_outputs, training=None):
        """Logits `(B, C)`, or `(C,)`, of what the encoder returns."""
        return self.head(encoder_outputs["pooled_output"], training=training)

    def answers(self, logits):
        """Named outputs of logits: `probabilities` `(B, C)`, in float32."""
        return {"probabilities": ops.softmax(ops.cast(logits, "float32"))}

    def default_loss(self):
        """Cross-entropy of class numbers and logits."""
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def default_metrics(self):
        """Accuracy."""
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]

    def label_numbers(self, y, where):
        """Class numbers `(rows,)` of class names or numbers in memory."""
        return class_numbers(y, self.labels, where)

    def label_function(self):
        """The same for tensors in a `tf.data` graph."""
        return label_lookup(self.labels)

    def postprocess(self, logits):
        """What `predict` returns: probabilities `(B, C)`, a float32 array."""
        return np.asarray(self.answers(logits)["probabilities"])

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "labels": list(self.labels),
            "dropout": self.head.dropout_rate,
        }
