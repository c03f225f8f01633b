"""Texts or pairs of texts, with labels of a kind."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import check_labels
from kerasbert.preprocessing.label_kinds import LABEL_KINDS
from kerasbert.preprocessing.preprocessor import Preprocessor
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, Labels, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class TextPreprocessor(Preprocessor):
    """Texts or pairs of texts, each with one label, several, or numbers.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`, or None: rows must then be tokens already.
        labels: sequence of str, the class names in the order of their numbers; of a regression, the names of
            the numbers.
        problem: str, `"single_label"`, `"multi_label"` or `"regression"`.
        max_sequence_length: int, the longest input in tokens, special ones included.
        numeric_labels: str or None, what numbers among the labels mean where they can be read in two ways.
            `"class_numbers"`: numbers of classes, counted from 0. `"names"`: names that are numbers, such as
            the stars "1" to "5". `"indicators"`, of several labels: zeros and ones, one for each class. None:
            where both readings fit, there is an error. The rules are those of
            `kerasbert.data.class_numbers` and `kerasbert.data.multi_hot`, and the same for lists, arrays,
            columns, files and `tf.data`.

    Raises:
        ValueError: if `labels` are not at least two different names (one, for several labels and for
            regression).

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> preprocessor = TextPreprocessor(tokenizer, ["bad", "good"], max_sequence_length=16)
    >>> tokens, labels = preprocessor(["good good", "bad"], ["good", "bad"])
    >>> tokens["token_ids"].numpy().tolist(), labels.numpy().tolist()
    ([[2, 5, 5, 3], [2, 6, 3, 0]], [1, 0])
    """

    takes_extra_inputs = True

    def __init__(
        self,
        tokenizer: TextTokenizer | None,
        labels: Sequence[str],
        problem: str = "single_label",
        max_sequence_length: int = 512,
        numeric_labels: str | None = None,
    ) -> None:
        super().__init__(tokenizer, max_sequence_length)
        checks.one_of("TextPreprocessor", tuple(LABEL_KINDS), problem=problem)
        self.problem = problem
        self._kind = LABEL_KINDS[problem]
        self.labels = check_labels(labels, self._kind.least_labels)
        checks.one_of("TextPreprocessor", self._kind.numeric_labels, numeric_labels=numeric_labels)
        self.numeric_labels = numeric_labels

    def label_numbers(self, y: Labels, where: str) -> np.ndarray:
        """Labels in memory as the loss takes them: class numbers `(rows,)`, or float32 `(rows, C)`."""
        return self._kind.numbers(y, self.labels, where, numeric_labels=self.numeric_labels)

    def label_function(self) -> Callable[[Tensor], Tensor]:
        """The same for tensors in a `tf.data` graph."""
        return self._kind.in_graph(self.labels, self.numeric_labels)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "labels": list(self.labels),
            "problem": self.problem,
            "numeric_labels": self.numeric_labels,
        }
