"""Gradual unfreezing: encoder blocks begin to learn one after another."""

from typing import Any

import keras

from kerasbert import checks


class GradualUnfreezing(keras.callbacks.Callback):
    """Trains only a task's head and pooler in the first epoch, and unfreezes more blocks in each later epoch.

    Howard & Ruder 2018, section 3.3, https://arxiv.org/abs/1801.06146. Blocks are unfrozen from the top, and
    the embeddings come last. Weights that are already frozen, by `encoder.freeze` or LoRA, stay frozen.
    Blocks that wait are not changed at all, and the optimizer keeps its state from epoch to epoch. The
    training step is traced anew whenever blocks are unfrozen. After a `fit` that was interrupted,
    `task.encoder.freeze(None)` unfreezes the blocks that were still waiting.

    Args:
        blocks_per_epoch: int, how many blocks to unfreeze after each epoch.

    Raises:
        ValueError: when training begins, on the JAX backend, whose optimizers update either all variables or
            none; or for a model without an encoder.

    Example:

    >>> GradualUnfreezing(blocks_per_epoch=4).blocks_per_epoch
    4
    """

    def __init__(self, blocks_per_epoch: int = 1) -> None:
        super().__init__()
        checks.positive_int("GradualUnfreezing", blocks_per_epoch=blocks_per_epoch)
        self.blocks_per_epoch = blocks_per_epoch
        self._levels: list[list[keras.Variable]] = []
        self._first = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Collects the variables to unfreeze later, and freezes them."""
        encoder = getattr(self.model, "encoder", None)
        if encoder is None or keras.backend.backend() == "jax":
            raise checks.invalid(
                "Gradual unfreezing needs a kerasbert task, and does not work on the JAX backend.",
                fix="Freeze blocks with `encoder.freeze`, train, unfreeze some of them, and compile again.",
                where="GradualUnfreezing",
                model=type(self.model).__name__,
                backend=keras.backend.backend(),
            )
        self._let_learn(len(self._levels))  # unfreezes what an interrupted `fit` left frozen
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        top_down = (*dict.fromkeys(reversed(encoder.blocks)), encoder.embeddings)
        self._levels = [[v for v in layer.variables if v.trainable] for layer in top_down]
        self._let_learn(0)
        self._first = 0 if self.model.trainable_variables else 1  # a task without a head begins with a block

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Freezes the variables that do not learn in this epoch."""
        self._let_learn(min(self._first + epoch * self.blocks_per_epoch, len(self._levels)))
        self.model.make_train_function()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Unfreezes all variables: at the end, Keras assigns averages (`use_ema`) to the trainable ones."""
        self._let_learn(len(self._levels))

    def _let_learn(self, levels):
        # Variables, not layers: unfreezing a layer would also unfreeze its weights that were frozen before.
        for number, variables in enumerate(self._levels):
            for variable in variables:
                variable.trainable = number < levels
