"""Inputs of a task beside its tokens."""

from typing import Any, ClassVar

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing import Preprocessor
from kerasbert.text import TOKEN_INPUTS
from kerasbert.types import Shape, Tensors

# What a row of text is made of, and what an encoder returns.
_TAKEN = {
    *TOKEN_INPUTS,
    *("text", "text_pair", "text_negative", "ids", "ids_pair", "label", "sample_weight"),
    *("sequence_output", "pooled_output", "hidden_states", "attentions"),
}


class ExtraInputs:
    """The part of a task that lets numbers stand beside the text of a row.

    A subclass says in `extra_inputs` which ones, name -> shape of one row's, such as `{"table": (8,)}`, and
    reads them, float32 `(B, *shape)`, in `logits` under their names. Rows are then dicts of columns, `text`
    and these, in `fit`, `evaluate` and `predict`; exported files take them by name, too.
    """

    extra_inputs: ClassVar[dict[str, Shape]] = {}

    def check_extra_inputs(self, preprocessor: Preprocessor) -> None:
        """Raises ValueError if a name has another meaning, or rows are of a kind that has no numbers."""
        taken = sorted(_TAKEN & set(self.extra_inputs))
        if taken or (self.extra_inputs and not preprocessor.takes_extra_inputs):
            raise checks.invalid(
                "`extra_inputs` are for tasks on texts with a label, and need names of their own.",
                fix="Rename them, build on a `BertTextClassifier`, or use Keras' functional API.",
                where=type(self).__name__,
                taken=taken,
                preprocessor=type(preprocessor).__name__,
            )

    def input_specs(self, *shape: int | None) -> dict[str, Any]:
        """The `tf.TensorSpec`s of all inputs by name, for token ids of a shape such as `(None, None)`."""
        specs = {name: tf.TensorSpec(shape, tf.int32, name) for name in TOKEN_INPUTS}
        rows = shape[:-1]
        return specs | {
            name: tf.TensorSpec((*rows, *numbers), tf.float32, name)
            for name, numbers in self.extra_inputs.items()
        }

    def extra_of(self, inputs: Tensors) -> Tensors:
        """The inputs beside the tokens, by name."""
        missing = sorted(set(self.extra_inputs) - set(inputs))
        if missing:
            raise checks.invalid(
                "A call must have all of the task's inputs.",
                fix="Add them to the dict of tokens; `extra_inputs` says their shapes.",
                where=self.name,
                missing=missing,
            )
        return {name: inputs[name] for name in self.extra_inputs}
