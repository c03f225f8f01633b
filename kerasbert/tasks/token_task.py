"""Tasks that decide something at some tokens: at the first of a word, at the `[CLS]` of a sentence."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.text_task import TextTask
from kerasbert.types import Dataset, Tensors


class TokenTask(TextTask):
    """The base of tasks whose answers are `probabilities` at tokens, `(B, S)` or `(B, S, C)`."""

    output = "probabilities"

    def decided(
        self,
        batches: Dataset,
        verbose: int | str = "auto",
        callbacks: Any = None,
        run: Callable[[Tensors], Tensors] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The probabilities at the tokens that decide something.

        Args:
            batches: `tf.data.Dataset` of tokens and int `(B, S)`: the number of what each decides, or -1.
            verbose, callbacks: of `keras.Model.predict`.
            run: as of `predict_with`, or None for this model.

        Returns:
            int array `(N,)`, these numbers, and float32 array `(N,)` or `(N, C)`.
        """
        if run is None:
            found = keras.Model.predict(self, batches, verbose=verbose, callbacks=callbacks)
        else:
            parts = [_in_one_row(numbers, run(tokens)[self.output]) for tokens, numbers in batches]
            found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        decides = found["number"] >= 0
        return found["number"][decides], found["probability"][decides]

    def predict_step(self, *arguments: Any) -> Any:
        """Keras' step; with numbers beside tokens it returns all in one row, as batches differ in S.

        The last argument is the batch; on JAX the trainer's state comes first.
        """
        *state, data = arguments
        tokens, numbers, _ = keras.utils.unpack_x_y_sample_weight(data)
        if state or numbers is None:
            return super().predict_step(*arguments)
        return _in_one_row(numbers, self.answers(self(tokens, training=False))[self.output])

    def _predict_specs(self):
        return [(*super()._predict_specs(), tf.TensorSpec((None, None), tf.int32))]


def _in_one_row(numbers, probabilities):
    """The probabilities at all tokens of a batch, and what each decides."""
    shape = (-1, *probabilities.shape[2:])
    return {"number": ops.reshape(numbers, (-1,)), "probability": ops.reshape(probabilities, shape)}
