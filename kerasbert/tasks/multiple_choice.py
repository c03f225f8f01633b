"""Multiple choice: which of several texts goes with another."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert.encoder import BertEncoder
from kerasbert.heads import ClassificationHead
from kerasbert.preprocessing import ChoicePreprocessor, Preprocessor, checked_batch_size
from kerasbert.tasks.measures import Target
from kerasbert.tasks.text_task import TextTask
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, Rows, Shape, Tensor, Tensors


@keras.saving.register_keras_serializable(package="kerasbert")
class BertMultipleChoice(TextTask):
    """Multiple choice: chooses the one of K texts that goes with another text.

    Devlin et al. 2019, section 4.4, https://arxiv.org/abs/1810.04805. `fit`, `evaluate` and `predict` take
    `(texts, choices)`, with a list of K choices for each text; or tokens of the pairs `(text, choice)`, with
    an axis for K.

    Args:
        encoder: `BertEncoder` with a pooler.
        tokenizer: `BertTokenizer`.
        dropout: float in [0, 1), the dropout rate before the last layer.
        max_sequence_length: int or None, the longest input in tokens; None for the encoder's limit.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, K, S)` each, or `(K, S)`
            for one question.

    Returns:
        Float tensor `(B, K)`, or `(K,)`: logits. `fit` takes the number of the right choice, int `(B,)`;
        `predict` returns probabilities `(rows, K)`.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "two", "three"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> chooser = BertMultipleChoice(BertEncoder(config), tokenizer)
    >>> chooser.predict((["two"], [["two", "three"]]), verbose=0).shape
    (1, 2)
    """

    head_names = ("multiple_choice",)
    needs_pooler = True
    preset_arguments = ("dropout",)
    preprocessor_class = ChoicePreprocessor
    token_axes = 3  # B, K, S
    logits_shape = (0,)

    def __init__(
        self,
        encoder: BertEncoder,
        tokenizer: TextTokenizer | None = None,
        dropout: float = 0.1,
        max_sequence_length: int | None = None,
        preprocessor: Preprocessor | None = None,
        **kwargs: Any,
    ) -> None:
        chosen = self._preprocessor_of(preprocessor, encoder, tokenizer, max_sequence_length)
        super().__init__(encoder, chosen, **kwargs)
        self.dropout = dropout
        self.add_head((None, encoder.config.hidden_dim), (None, 1))

    def make_head(self) -> keras.layers.Layer:
        """Returns the layer that maps the pooled output `(B, D)` of choices to scores `(B, 1)`."""
        return ClassificationHead(
            1,
            self.dropout,
            self.encoder.config.initializer_range,
            name=self.head_names[0],
            dtype=self.dtype_policy,
        )

    def call(self, inputs: Tensors, training: bool | None = None) -> Tensor:
        """See the class."""
        *lead, choices, length = ops.shape(inputs["token_ids"])
        rows = {name: ops.reshape(value, (-1, length)) for name, value in inputs.items()}
        return ops.reshape(super().call(rows, training=training), (*lead, choices))

    def compute_output_shape(self, inputs_shape: dict[str, Shape]) -> Shape:
        """Returns the shape of the logits, given a dict of the inputs' shapes."""
        return tuple(inputs_shape["token_ids"][:-1])

    def answers_with(
        self,
        preprocessor: Preprocessor,
        run: Callable[[Tensors], Tensors],
        x: Rows,
        batch_size: int | None = None,
    ) -> np.ndarray:
        """See `TextTask.answers_with`; `run` scores each choice separately and returns `(B, 1)`."""
        scores = []
        for tokens in preprocessor.unlabelled(x, checked_batch_size(batch_size, self.name))[0]:
            *lead, length = tokens["token_ids"].shape
            found = run({name: ops.reshape(value, (-1, length)) for name, value in tokens.items()})
            scores.append(np.reshape(found[self.output], lead))
        return self.postprocess(np.concatenate(scores)) if scores else self._no_answers()

    # === What TextTask asks of a task ===

    endpoint = "choose"
    output = "score"
    first_token_only = True

    def logits(self, encoder_outputs: Tensors, training: bool | None = None) -> Tensor:
        """The score of one choice, `(B, 1)` or `(1,)`, computed from the encoder's outputs."""
        return self.apply_head(encoder_outputs["pooled_output"], training)

    def answers(self, logits: Tensor) -> Tensors:
        """The named outputs for one choice: `score`, `(B, 1)`, in float32."""
        return {self.output: ops.cast(logits, "float32")}

    def hard_predictions(self, predictions: Any) -> np.ndarray:
        """The number of the most probable choice; see `TextTask.hard_predictions`."""
        return predictions.argmax(-1)

    @property
    def target(self) -> Target:
        """What the outputs are compared with; see `Task.compile`."""
        return Target("classes")

    def default_loss(self) -> Any:
        """Cross-entropy over the choices."""
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def default_metrics(self) -> Any:
        """Accuracy."""
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]

    def postprocess(self, logits: Tensor) -> np.ndarray:
        """What `predict` returns: probabilities `(rows, K)`, a float32 array."""
        return np.asarray(ops.softmax(ops.cast(logits, "float32")))

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "dropout": self.dropout}
