"""Warns about heads that have not been trained, because their answers are random."""

import warnings
from typing import Any

import keras
import numpy as np

from kerasbert.keras_private import is_validation_of_fit

_COMPARED = 16  # how many numbers of a kernel are compared


class UntrainedHeads:
    """The part of a task that knows which of its heads were not loaded, and whether they are still untrained.

    Loading does not warn about a new head, because fine-tuning begins like this. `predict`, `evaluate`,
    `fill_masks` and exports do, once for each model.
    """

    _new_kernels: tuple[tuple[str, Any], ...] = ()

    def note_new_heads(self) -> None:
        """Remembers the kernels that were not in the preset, of heads and of a pooler that they use."""
        variables = self.named_weights()
        self._new_kernels = tuple(
            (path, _beginning(variables[path]))
            for path in self.load_report.initialized
            if path.endswith("kernel") and (self.needs_pooler or not path.startswith("encoder/"))
        )

    def warn_if_untrained(self) -> None:
        """Warns if a head that was not in the preset still has its initial weights.

        Warns:
            UserWarning: once for each model.
        """
        if not self._new_kernels:
            return
        variables = self.named_weights()
        untrained = [p for p, old in self._new_kernels if np.array_equal(_beginning(variables[p]), old)]
        self._new_kernels = ()
        if untrained:
            warnings.warn(
                f"The answers are random: {', '.join(untrained)} of {self.name} was not in the preset "
                "and has not been trained. Call `fit` first, or load a preset that contains this head.",
                stacklevel=3,
            )

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """As in Keras; the validation in `fit` does not warn.

        After an epoch of one step a head is as it was, because a warm-up begins at a rate of 0.
        """
        if not is_validation_of_fit(kwargs):
            return super().evaluate(*args, **kwargs)
        kernels, self._new_kernels = self._new_kernels, ()
        try:
            return super().evaluate(*args, **kwargs)
        finally:
            self._new_kernels = kernels

    def make_predict_function(self, force: bool = False) -> Any:
        """As in Keras, with the warning; `predict` and similar methods call it."""
        self.warn_if_untrained()
        return super().make_predict_function(force)

    def make_test_function(self, force: bool = False) -> Any:
        """As in Keras, with the warning; `evaluate` and similar methods call it."""
        self.warn_if_untrained()
        return super().make_test_function(force)


def _beginning(variable):
    return np.ravel(keras.ops.convert_to_numpy(variable))[:_COMPARED].copy()
