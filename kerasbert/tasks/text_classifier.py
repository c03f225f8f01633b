"""Text classification and regression: one label, several labels or numbers for a text or a pair."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.data import class_numbers, is_dataset, row_weights
from kerasbert.encoder import BertEncoder
from kerasbert.heads import ClassificationHead
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing import Preprocessor, TextPreprocessor
from kerasbert.tasks.labels import Labelled, refuse_other_names
from kerasbert.tasks.measures import Target
from kerasbert.tasks.problems import BY_NAME
from kerasbert.tasks.text_task import TextTask
from kerasbert.tasks.thresholds import Thresholds
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, Labels, Rows, Shape, Tensor, Tensors


@keras.saving.register_keras_serializable(package="kerasbert")
class BertTextClassifier(Thresholds, Labelled, TextTask):
    """Classifies texts: strings in, class probabilities out.

    Devlin et al. 2019, section 4.1, https://arxiv.org/abs/1810.04805. Only the vector of `[CLS]` is used, so
    the last block only computes this position.

    Args:
        encoder: `BertEncoder` with a pooler.
        tokenizer: `BertTokenizer`.
        labels: sequence of str, the class names in the order of their numbers; for a regression, the names
            of the numbers.
        dropout: float in [0, 1), the dropout rate before the last layer.
        problem: str. `"single_label"`: each row has one label. `"multi_label"`: a row has any number of
            labels, given as a list of names or a row of zeros and ones. `"regression"`: numbers.
        max_sequence_length: int or None, the longest input in tokens; None for the encoder's limit.
        numeric_labels: str or None: `"class_numbers"`, `"names"` or `"indicators"`, what numeric labels mean
            if they are ambiguous; see `TextPreprocessor`. None: ambiguous labels are an error.
        preprocessor: `TextPreprocessor` or one of your own, instead of `tokenizer`, `labels`, `problem` and
            `max_sequence_length`.
        thresholds: float, dict or None, the first value of the property `thresholds`, for several labels.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        Float tensor `(B, C)`, or `(C,)`: logits. `predict` returns probabilities, or a regression's numbers.

    Raises:
        ValueError: if `labels` are not at least two different names (one for `"multi_label"` and
            `"regression"`), or the arguments do not fit together.

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
    preset_arguments: tuple[str, ...] = ("labels", "problem", "dropout", "numeric_labels", "thresholds")

    preprocessor_class = TextPreprocessor

    def __init__(
        self,
        encoder: BertEncoder,
        tokenizer: TextTokenizer | None = None,
        labels: Sequence[str] | None = None,
        dropout: float = 0.1,
        problem: str = "single_label",
        max_sequence_length: int | None = None,
        preprocessor: Preprocessor | None = None,
        numeric_labels: str | None = None,
        thresholds: float | Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_other_names(kwargs, type(self).__name__)
        arguments = {"labels": labels, "problem": problem, "numeric_labels": numeric_labels}
        chosen = self._preprocessor_of(preprocessor, encoder, tokenizer, max_sequence_length, **arguments)
        super().__init__(encoder, chosen, **kwargs)
        self._problem = BY_NAME[self.problem]
        self.dropout = dropout
        self.thresholds = thresholds
        self.add_head((None, encoder.config.hidden_dim), (None, len(self.labels)))

    def make_head(self) -> keras.layers.Layer:
        """Returns the layer that maps the pooled output `(B, D)` to logits `(B, C)`; see `Task`."""
        return ClassificationHead(
            len(self.labels),
            self.dropout,
            self.encoder.config.initializer_range,
            name=self.head_names[0],
            dtype=self.dtype_policy,
        )

    @property
    def problem(self) -> str:
        """str, `"single_label"`, `"multi_label"` or `"regression"`."""
        return self.preprocessor.problem

    def class_weights(self, class_weight: Any, x: Rows, y: Labels) -> dict[int, float]:
        """Returns the weights of all classes by number; see `Task.fit`.

        Raises:
            TypeError: if `class_weight` is neither a dict nor `"balanced"`; an array is refused because it
                does not say which class a weight is for.
            ValueError: if a class is unknown, or rows do not have exactly one class.
        """
        if self.problem != "single_label":
            raise checks.invalid(
                "`class_weight` is only possible if each row has one class; Keras would use the first label "
                "of the row.",
                fix="Pass `sample_weight`, a weight for each row.",
                where=f"{self.name}.fit",
                problem=self.problem,
            )
        if isinstance(class_weight, str) and class_weight == "balanced":
            return self._balanced(x, y)
        if not isinstance(class_weight, dict):
            raise checks.invalid(
                '`class_weight` must be a dict of class names and weights, or "balanced".',
                fix="Write dict(zip(names, weights)), where weights[i] is the weight of the class names[i].",
                where=f"{self.name}.fit",
                kind=TypeError,
                class_weight=class_weight,
            )
        how = getattr(self.preprocessor, "numeric_labels", None)
        numbers = class_numbers(list(class_weight), self.labels, "class_weight", "row", how)
        weights = row_weights(list(class_weight.values()), "class_weight").tolist()
        # Keras needs a weight for every class.
        every = dict.fromkeys(range(len(self.labels)), 1.0)
        return every | dict(zip(numbers.tolist(), weights, strict=True))

    def _balanced(self, x, y):
        counts = np.zeros(len(self.labels))
        if is_dataset(x):
            numbers = self.preprocessor.label_function()
            parts = x.map(lambda x, y, *_: numbers(tf.reshape(y, [-1]))).as_numpy_iterator()
        else:
            rows = self.preprocessor.parts(x, y)
            parts = (self.preprocessor.label_numbers(labels, f"{where}: y") for _, labels, where in rows)
        for part in parts:
            counts += np.bincount(part, minlength=len(counts))
        total, classes = counts.sum(), np.count_nonzero(counts)
        return {number: total / (classes * count) if count else 1.0 for number, count in enumerate(counts)}

    def scale_logits(self, factor: float) -> None:
        """Multiplies the logits by a number from now on, in the weights of the last layer.

        With a factor below 1, probabilities are less extreme; see `kerasbert.evaluation.fit_temperature`.

        Args:
            factor: float above 0.

        Raises:
            ValueError: if the head is one of your own, whose last layer kerasbert does not know.
        """
        checks.positive_float(f"{self.name}.scale_logits", factor=factor)
        if self.has_own_head:
            raise checks.invalid(
                "Logits are scaled in the last layer of kerasbert's own head.",
                fix="Multiply the kernel and the bias of your head's last layer by `factor` yourself.",
                where=f"{self.name}.scale_logits",
                make_head=type(self).make_head.__qualname__,
            )
        for weight in (self.head.dense.kernel, self.head.dense.bias):
            weight.assign(ops.multiply(weight, ops.cast(factor, weight.dtype)))

    # === What TextTask asks of a task ===

    endpoint = "classify"
    first_token_only = True

    @property
    def logits_shape(self) -> Shape:
        """The shape of one row of logits, `(C,)`."""
        return (len(self.labels),)

    def logits(self, encoder_outputs: Tensors, training: bool | None = None) -> Tensor:
        """Logits `(B, C)`, or `(C,)`, computed from the encoder's outputs."""
        return self.apply_head(encoder_outputs["pooled_output"], training)

    @property
    def output(self) -> str:
        """The name of the answers: `probabilities`, or `scores` for a regression."""
        return self._problem.output

    def answers(self, logits: Tensor) -> Tensors:
        """The named outputs: `probabilities`, or `scores` for a regression, `(B, C)`, in float32."""
        return {self.output: self._problem.answers(ops.cast(logits, "float32"))}

    @property
    def divergence(self) -> Callable[[Tensor, Tensor], Tensor]:
        """The function that measures how much two tensors of logits `(B, C)` differ; see `RDrop`."""
        return self._problem.divergence

    @property
    def target(self) -> Target:
        """What the outputs are compared with; see `Task.compile`."""
        return Target(self._problem.target, len(self.labels))

    def default_loss(self) -> Any:
        """Categorical cross-entropy, binary for several labels; the squared error for a regression."""
        return self._problem.loss()

    def default_metrics(self) -> Any:
        """Accuracy; the absolute error for a regression."""
        return self._problem.metrics()

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "dropout": self.dropout, "thresholds": self.thresholds}
