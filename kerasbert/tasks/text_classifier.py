"""One label for a text or a pair of texts, or several, or numbers."""

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.data import check_labels, class_numbers
from kerasbert.heads import ClassificationHead
from kerasbert.tasks.labels import kept_labels
from kerasbert.tasks.problems import BY_NAME
from kerasbert.tasks.text_task import TextTask


@keras.saving.register_keras_serializable(package="kerasbert")
class BertTextClassifier(TextTask):
    """Classifies texts: strings in, class probabilities out.

    Devlin et al. 2019, section 4.1, https://arxiv.org/abs/1810.04805. Only `[CLS]` is read, so the last
    block computes that position alone.

    Args:
        encoder: `BertEncoder` with a pooler.
        tokenizer: `BertTokenizer`.
        labels: sequence of str, the class names in the order of their numbers; of a regression, the names of
            the numbers.
        dropout: float in [0, 1), before the last layer.
        problem: str. `"single_label"`: one label to a row. `"multi_label"`: any number of labels to a row,
            given as lists of names or rows of zeros and ones. `"regression"`: numbers.
        max_sequence_length: int or None, the longest input in tokens; None: the encoder's.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        Float tensor `(B, C)`, or `(C,)`: logits. `predict` returns probabilities, or a regression's numbers.

    Raises:
        ValueError: if `labels` are not at least two different names (one, for several labels and for
            regression), or the parts do not fit together.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> classifier.compile()
    >>> history = classifier.fit(["good", "bad"], ["good", "bad"], verbose=0)
    >>> classifier.predict(["good good"], verbose=0).shape
    (1, 2)
    """

    head_names = ("classification",)
    needs_pooler = True
    preset_arguments = ("labels", "problem", "dropout")

    def __init__(
        self,
        encoder,
        tokenizer,
        labels,
        dropout=0.1,
        problem="single_label",
        max_sequence_length=None,
        **kwargs,
    ):
        super().__init__(encoder, tokenizer, max_sequence_length, **kwargs)
        checks.one_of(self.name, tuple(BY_NAME), problem=problem)
        self.problem = problem
        self._problem = BY_NAME[problem]
        self.labels = check_labels(labels, self._problem.least_labels)
        config = encoder.config
        self.head = ClassificationHead(
            len(self.labels),
            dropout,
            config.initializer_range,
            name=self.head_names[0],
            dtype=self.dtype_policy,
        )
        self.head.build((None, config.hidden_dim))
        self.built = True

    @classmethod
    def _arguments(cls, checkpoint, given):
        return kept_labels(cls, checkpoint, *super()._arguments(checkpoint, given), given)

    def fit(self, x=None, y=None, *args, class_weight=None, **kwargs):
        """As `TextTask.fit`; `class_weight` is a dict of class names or numbers -> weight.

        Raises:
            ValueError: also for class weights of unknown classes, or where a row has not one class.
        """
        if class_weight is not None:
            class_weight = self._weights_by_number(class_weight)
        return super().fit(x, y, *args, class_weight=class_weight, **kwargs)

    def _weights_by_number(self, class_weight):
        if self.problem != "single_label":
            raise checks.invalid(
                "`class_weight` needs rows of one class: Keras would take the first label of a row for it.",
                fix="Pass `sample_weight`, a weight for each row.",
                where=f"{self.name}.fit",
                problem=self.problem,
            )
        numbers = class_numbers(list(class_weight), self.labels, "class_weight").tolist()
        return dict(zip(numbers, class_weight.values(), strict=True))

    def predict_labels(self, x, **kwargs):
        """Returns the most probable class name of each row, as a list; arguments as of `predict`.

        With several labels to a row, a list of those above one half.
        """
        decisions = self.decisions(self.predict(x, **kwargs))
        if decisions is None:
            raise checks.invalid(
                "A regression has no labels to choose from.",
                fix="Use `predict`, which returns its numbers.",
                where=self.name,
                problem=self.problem,
            )
        if decisions.ndim == 1:
            return [self.labels[number] for number in decisions]
        return [[self.labels[number] for number in row.nonzero()[0]] for row in decisions]

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

    @property
    def output(self):
        """The name of the answers: `probabilities`, or `scores` of a regression."""
        return self._problem.output

    def answers(self, logits):
        """Named outputs of logits: `probabilities`, or `scores` of a regression, `(B, C)`, in float32."""
        return {self.output: self._problem.answers(ops.cast(logits, "float32"))}

    def decisions(self, answers):
        """What counts as the same answer, of an array of them: the most probable class `(B,)`, or which
        labels `(B, C)`; None for a regression."""
        return None if self._problem.decisions is None else self._problem.decisions(answers)

    @property
    def divergence(self):
        """How far apart two tensors of logits `(B, C)` are, for R-Drop."""
        return self._problem.divergence

    def default_loss(self):
        """Cross-entropy, of one label among all or of each for itself; the squared error of a regression."""
        return self._problem.loss()

    def default_metrics(self):
        """Accuracy; of a regression the absolute error."""
        return self._problem.metrics()

    def label_numbers(self, y, where):
        """Labels in memory as the loss takes them: class numbers `(rows,)`, or float32 `(rows, C)`."""
        return self._problem.label_numbers(y, self.labels, where)

    def label_function(self):
        """The same for tensors in a `tf.data` graph."""
        return self._problem.label_function(self.labels)

    def postprocess(self, logits):
        """What `predict` returns: probabilities or numbers `(rows, C)`, a float32 array."""
        return np.asarray(self.answers(logits)[self.output])

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "labels": list(self.labels),
            "dropout": self.head.dropout_rate,
            "problem": self.problem,
        }
