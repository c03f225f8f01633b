"""The base class of tasks that decide at certain tokens: the first of a word, the `[CLS]` of a sentence."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.text_task import TextTask
from kerasbert.types import Dataset, Tensors


class TokenTask(TextTask):
    """The base class of tasks whose answers are `probabilities` of tokens, `(B, S)` or `(B, S, C)`."""

    output = "probabilities"

    def decided(
        self,
        batches: Dataset,
        verbose: int | str = "auto",
        callbacks: Any = None,
        run: Callable[[Tensors], Tensors] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the probabilities at the tokens that decide about a word or a sentence.

        Args:
            batches: `tf.data.Dataset` of pairs: tokens, and int `(B, S)`, the number of the word or sentence
                that each token decides, or -1.
            verbose, callbacks: as in `keras.Model.predict`.
            run: as in `predict_with`, or None for this model.

        Returns:
            int array `(N,)`, the numbers of the words or sentences, and float32 array `(N,)` or `(N, C)`,
            their probabilities.
        """
        if run is None:
            found = keras.Model.predict(self, batches, verbose=verbose, callbacks=callbacks)
        else:
            parts = [_in_one_row(numbers, run(tokens)[self.output]) for tokens, numbers in batches]
            found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        decides = found["number"] >= 0
        return found["number"][decides], found["probability"][decides]

    def predict_step(self, *arguments: Any) -> Any:
        """Like Keras' step, but flattens the result if a batch has the numbers that `decided` needs.

        Keras can then concatenate the results, although batches differ in S.
        The last argument is the batch; on JAX the trainer's state comes before it.
        """
        *state, data = arguments
        tokens, numbers, _ = keras.utils.unpack_x_y_sample_weight(data)
        if state or numbers is None:
            return super().predict_step(*arguments)
        return _in_one_row(numbers, self.answers(self(tokens, training=False))[self.output])

    def _predict_specs(self):
        return [(*super()._predict_specs(), tf.TensorSpec((None, None), tf.int32))]


def _in_one_row(numbers, probabilities):
    """Flattens the probabilities of all tokens of a batch, and the numbers of what they decide."""
    shape = (-1, *probabilities.shape[2:])
    return {"number": ops.reshape(numbers, (-1,)), "probability": ops.reshape(probabilities, shape)}
