"""Runs a SavedModel."""

import numpy as np

from kerasbert import checks
from kerasbert.export.runner_errors import no_signature
from kerasbert.export.token_batches import token_arrays
from kerasbert.optional import tensorflow as tf
from kerasbert.text import as_text_tensor
from kerasbert.types import PathLike, Tensors


class SavedModelRunner:
    """Runs a SavedModel's signatures.

    Several threads may call one runner at the same time. `bits` is the number of bits of the narrowest
    weights: 32, because a SavedModel has the Keras model's own float32 weights.

    Args:
        path: str or path of the folder.

    Call arguments:
        inputs: dict of arrays; their names select the signature.

    Returns:
        dict of numpy arrays.

    Raises:
        ValueError: if no signature has inputs of these names, or the tokens are not valid.
    """

    bits = 32

    def __init__(self, path: PathLike) -> None:
        checks.require("tensorflow_text", "pip install tensorflow-text", "A SavedModel that takes text")
        self.path = path
        self._model = tf.saved_model.load(str(path))
        self.signatures = {
            name: tuple(sorted(function.structured_input_signature[1]))
            for name, function in self._model.signatures.items()
        }

    def __call__(self, inputs: Tensors) -> dict[str, np.ndarray]:
        """See the class."""
        wanted = tuple(sorted(inputs))
        for name, names in self.signatures.items():
            if names == wanted:
                if "token_ids" in inputs:
                    inputs = token_arrays(inputs, type(self).__name__)
                    tensors = {key: tf.constant(value) for key, value in inputs.items()}
                else:
                    specs = self._model.signatures[name].structured_input_signature[1]
                    tensors = {
                        key: _strings(value, key)
                        if specs[key].dtype == tf.string
                        else tf.constant(np.asarray(value, "float32"))
                        for key, value in inputs.items()
                    }
                outputs = self._model.signatures[name](**tensors)
                return {key: value.numpy() for key, value in outputs.items()}
        raise no_signature(wanted, self.signatures)


def _strings(texts, name):
    """Converts texts `(B,)` or `(B, N)` to a tensor; lone surrogates are replaced as in the tokenizer."""
    if len(texts) and isinstance(texts[0], (list, tuple)):
        if len({len(row) for row in texts}) > 1:
            raise checks.invalid(
                "A SavedModel takes texts, or rows that all have the same number of texts.",
                fix="Join the words of each row into one text.",
                where=name,
                lengths=[len(row) for row in texts],
            )
        flat = as_text_tensor([text for row in texts for text in row], name)
        return tf.reshape(flat, (len(texts), len(texts[0])))
    return as_text_tensor(texts, name)
