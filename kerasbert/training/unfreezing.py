"""Blocks that begin to learn one after another."""

from typing import Any

import keras

from kerasbert import checks


class GradualUnfreezing(keras.callbacks.Callback):
    """Lets a task's head and pooler learn alone at first, and one more block in each epoch, from the top.

    Howard & Ruder 2018, section 3.3, https://arxiv.org/abs/1801.06146. The embeddings come last. What is
    frozen already, as by `encoder.freeze` or LoRA, stays so. Weights that do not learn yet keep every bit,
    and the optimizer's state goes on from epoch to epoch. The training step is traced anew whenever blocks
    join. After a `fit` that was interrupted, `task.encoder.freeze(None)` unfreezes what waited.

    Args:
        blocks_per_epoch: int, how many more blocks learn in each epoch.

    Raises:
        ValueError: when training begins, on the JAX backend, whose optimizers update all variables or none;
            or for a model without an encoder.

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
        """Finds out what there is to unfreeze."""
        encoder = getattr(self.model, "encoder", None)
        if encoder is None or keras.backend.backend() == "jax":
            raise checks.invalid(
                "Gradual unfreezing needs a kerasbert task, on another backend than JAX.",
                fix="Freeze blocks with `encoder.freeze`, and compile again to unfreeze some.",
                where="GradualUnfreezing",
                model=type(self.model).__name__,
                backend=keras.backend.backend(),
            )
        self._let_learn(len(self._levels))  # what an interrupted `fit` left
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        top_down = (*reversed(encoder.blocks), encoder.embeddings)
        self._levels = [[v for v in layer.variables if v.trainable] for layer in top_down]
        self._let_learn(0)
        self._first = 0 if self.model.trainable_variables else 1  # a task without a head begins with a block

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Freezes what does not learn in this epoch."""
        self._let_learn(min(self._first + epoch * self.blocks_per_epoch, len(self._levels)))
        self.model.make_train_function()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Unfreezes all: Keras pairs averaged weights (`use_ema`) with the trainable ones at the end."""
        self._let_learn(len(self._levels))

    def _let_learn(self, levels):
        # Variables, not layers: Keras would unfreeze with a layer what was frozen in it before.
        for number, variables in enumerate(self._levels):
            for variable in variables:
                variable.trainable = number < levels
