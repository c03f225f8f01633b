"""Next sentence prediction: whether one text follows another."""

from typing import Any

import keras

from kerasbert.encoder import BertEncoder
from kerasbert.preprocessing import Preprocessor
from kerasbert.tasks.labels import Labelled
from kerasbert.tasks.text_classifier import BertTextClassifier
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config


@keras.saving.register_keras_serializable(package="kerasbert")
class BertNextSentencePredictor(BertTextClassifier):
    """Predicts whether the second text of a pair follows the first or is a random one.

    Devlin et al. 2019, section 3.1, https://arxiv.org/abs/1810.04805. It is a `BertTextClassifier` with the
    labels `next` and `random`, and with the head from pre-training.

    Args:
        encoder: `BertEncoder` with a pooler.
        tokenizer: `BertTokenizer`.
        max_sequence_length: int or None, the longest input in tokens; None for the encoder's limit.
        **kwargs: `name`, `dtype`.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> predictor = BertNextSentencePredictor(BertEncoder(config), tokenizer)
    >>> predictor.predict((["good film"], ["good"]), verbose=0).shape
    (1, 2)
    """

    head_names = ("next_sentence",)
    preset_arguments = ()

    def __init__(
        self,
        encoder: BertEncoder,
        tokenizer: TextTokenizer | None = None,
        max_sequence_length: int | None = None,
        preprocessor: Preprocessor | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            encoder,
            tokenizer,
            labels=None if preprocessor else ("next", "random"),
            dropout=0.0,
            max_sequence_length=max_sequence_length,
            preprocessor=preprocessor,
            **kwargs,
        )

    @classmethod
    def _arguments(cls, checkpoint, given):
        return super(Labelled, cls)._arguments(checkpoint, given)  # its labels never change

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        fixed = ("labels", "dropout", "problem", "numeric_labels", "thresholds")
        return {name: value for name, value in super().get_config().items() if name not in fixed}
