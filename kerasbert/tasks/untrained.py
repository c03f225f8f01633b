"""Heads that no training has changed: their answers are random, and that is said."""

import warnings
from typing import Any

import keras
import numpy as np

_COMPARED = 16  # numbers of a kernel


class UntrainedHeads:
    """The part of a task that knows which of its heads came from no file, and whether they still are new.

    Loading is silent about a new head, because that is how fine-tuning begins. Answers of one are not:
    `predict`, `evaluate`, `fill_masks` and exports warn, once for each model.
    """

    _new_kernels: tuple[tuple[str, Any], ...] = ()

    def note_new_heads(self) -> None:
        """Remembers the kernels of heads, and of a pooler that they read, that were not in the preset."""
        variables = self.named_weights()
        self._new_kernels = tuple(
            (path, _beginning(variables[path]))
            for path in self.load_report.initialized
            if path.endswith("kernel") and (self.needs_pooler or not path.startswith("encoder/"))
        )

    def warn_if_untrained(self) -> None:
        """Warns if a head that was in no preset still has the numbers that it started with.

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
                f"The answers are random: {', '.join(untrained)} of {self.name} was not in the preset, "
                "and no training has changed it. Call `fit` first, or take a preset that has this head.",
                stacklevel=3,
            )

    def make_predict_function(self, force: bool = False) -> Any:
        """As Keras'; `predict` and its like call it."""
        self.warn_if_untrained()
        return super().make_predict_function(force)

    def make_test_function(self, force: bool = False) -> Any:
        """As Keras'; `evaluate` calls it, and validation in `fit`."""
        self.warn_if_untrained()
        return super().make_test_function(force)


def _beginning(variable):
    return np.ravel(keras.ops.convert_to_numpy(variable))[:_COMPARED].copy()
