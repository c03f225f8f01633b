"""Numeric inputs of a task in addition to its tokens."""

from typing import Any, ClassVar

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing import Preprocessor
from kerasbert.text import TOKEN_INPUTS
from kerasbert.types import Shape, Tensors

# The names of the columns of a row of text, and of the outputs of an encoder.
_TAKEN = {
    *TOKEN_INPUTS,
    *("text", "text_pair", "text_negative", "ids", "ids_pair", "label", "sample_weight"),
    *("sequence_output", "pooled_output", "hidden_states", "attentions"),
}


class ExtraInputs:
    """The part of a task that takes numbers in addition to the text of a row.

    A subclass lists them in `extra_inputs`, name -> shape for one row, such as `{"table": (8,)}`, and its
    `logits` finds them under these names as float32 tensors `(B, *shape)`. The input of `fit`, `evaluate` and
    `predict` is then a dict of columns: `text` and the extra inputs. Exported files take them by name, too.
    """

    extra_inputs: ClassVar[dict[str, Shape]] = {}

    def check_extra_inputs(self, preprocessor: Preprocessor) -> None:
        """Raises ValueError if a name is already used, or the preprocessor does not take extra inputs."""
        taken = sorted(_TAKEN & set(self.extra_inputs))
        if taken or (self.extra_inputs and not preprocessor.takes_extra_inputs):
            raise checks.invalid(
                "`extra_inputs` are only possible for tasks that give a text one label, and must not have "
                "the name of another input.",
                fix="Rename them, build on a `BertTextClassifier`, or use Keras' functional API.",
                where=type(self).__name__,
                taken=taken,
                preprocessor=type(preprocessor).__name__,
            )

    def input_specs(self, *shape: int | None) -> dict[str, Any]:
        """Returns the `tf.TensorSpec` of each input by name, for token ids of the given shape."""
        specs = {name: tf.TensorSpec(shape, tf.int32, name) for name in TOKEN_INPUTS}
        rows = shape[:-1]
        return specs | {
            name: tf.TensorSpec((*rows, *numbers), tf.float32, name)
            for name, numbers in self.extra_inputs.items()
        }

    def extra_of(self, inputs: Tensors) -> Tensors:
        """Returns the extra inputs by name."""
        missing = sorted(set(self.extra_inputs) - set(inputs))
        if missing:
            raise checks.invalid(
                "A call must have all of the task's inputs.",
                fix="Add them to the dict of tokens; `task.extra_inputs` shows their shapes.",
                where=self.name,
                missing=missing,
            )
        return {name: inputs[name] for name in self.extra_inputs}
