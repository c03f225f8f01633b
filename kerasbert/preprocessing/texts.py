"""Turns texts or pairs of texts, with labels of one kind, into batches."""

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
    """Rows are texts or pairs of texts with one label, several labels or numbers.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`, or None if rows are already tokens.
        labels: sequence of str, the class names in the order of their numbers; for a regression, the names of
            the numbers.
        problem: str, `"single_label"`, `"multi_label"` or `"regression"`.
        max_sequence_length: int, the longest input in tokens, including special tokens.
        numeric_labels: str or None, what numeric labels mean if they are ambiguous.
            `"class_numbers"`: class numbers, from 0. `"names"`: class names that are numbers, such as the
            stars "1" to "5". `"indicators"`, only for `"multi_label"`: zeros and ones, one for each class.
            None: labels for which two readings fit are an error. The rules are those of
            `kerasbert.data.class_numbers` and `kerasbert.data.multi_hot`, and are the same for lists, arrays,
            columns, files and `tf.data`.

    Raises:
        ValueError: if `labels` are not at least two different names (one for `"multi_label"` and
            `"regression"`).

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
        """Converts labels in memory for the loss: to class numbers `(rows,)`, or float32 `(rows, C)`."""
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
