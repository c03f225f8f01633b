"""The layers of a task after its encoder: how they are built, and their weights by path."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.checkpoints import head_weights
from kerasbert.types import Shape, Tensor, Tensors


class Heads:
    """The part of a task that builds its head, which may be a custom one.

    `head_names` are the names of its heads in checkpoints; `needs_pooler` says whether the task needs a
    pooler (None: it uses one if the checkpoint has it). A subclass overrides `make_head` for a head of its
    own, and may have more layers as attributes: all layers with weights are saved in every kind of file.
    """

    head_names: tuple[str, ...] = ()
    needs_pooler: bool | None = False
    head: Any  # a Keras layer, or None

    def make_head(self) -> keras.layers.Layer | None:
        """Returns the layer that computes logits from the encoder's outputs.

        Override it to use a head of your own: any Keras layer with the name `self.head_names[0]` that maps a
        batch of features to a batch of logits of the same shapes as the task's own head.
        """
        raise NotImplementedError(f"{type(self).__name__} must return its head from `make_head`.")

    def refuse_own_head(self) -> None:
        """Raises TypeError if a subclass overrides `make_head` although its task never calls it."""
        if not checks.comes_from_here(type(self), "make_head"):
            raise checks.invalid(
                "The head of a masked language model is tied to the token embeddings, so `make_head` is "
                "never called.",
                fix="Override `logits`, or give another task, such as `BertTokenClassifier`, your own head.",
                where=type(self).__name__,
                kind=TypeError,
                make_head=type(self).make_head.__qualname__,
            )

    def add_head(self, features_shape: Shape, logits_shape: Shape | dict[str, Shape]) -> None:
        """Creates the head and builds it.

        Args:
            features_shape: tuple, the shape of a batch of its inputs, such as `(None, D)`.
            logits_shape: tuple, the shape of a batch of its outputs, or a dict of shapes.

        Raises:
            ValueError: if the head has a wrong name, or its outputs have a wrong shape.
        """
        self.head, self._features_axes = self.make_head(), len(features_shape)
        self.built = True
        if self.head is None:
            return
        if not self.has_own_head:
            self.head.build(features_shape)
            return
        found: dict[str, Any] = {"name": (self.head.name, self.head_names[0])}
        if checks.comes_from_here(type(self), "logits"):  # otherwise the head may have other inputs
            features = keras.KerasTensor(features_shape, self.compute_dtype)
            shapes = keras.tree.map_structure(lambda x: x.shape, self.head(features))
            found["output_shape"] = (shapes, logits_shape)
        for name, (received, wanted) in found.items():
            if received != wanted:
                raise checks.invalid(
                    f"`make_head` must return a layer whose `{name}` is {wanted!r}.",
                    fix="Correct the layer: saved files refer to it by its name, and the loss and the "
                    "answers depend on its shape.",
                    where=type(self).__name__,
                    **{name: received},
                )

    def apply_head(self, features: Tensor, training: bool | None = None) -> Any:
        """Applies the head to the features of a batch or of one sequence.

        The heads of kerasbert accept a sequence without a batch axis, which is fastest on a device. A custom
        head gets it as a batch of one.
        """
        if len(features.shape) == self._features_axes or not self.has_own_head:
            return self.head(features, training=training)
        return _without_batch(self.head(ops.expand_dims(features, 0), training=training))

    @property
    def has_own_head(self) -> bool:
        """bool, whether a class outside kerasbert overrides how the logits are computed."""
        return not all(checks.comes_from_here(type(self), name) for name in ("make_head", "logits"))

    def sequence_logits(self, encoder_outputs: Tensors, training: bool | None = None) -> Any:
        """The logits of one sequence, computed from the encoder's outputs for it; see `apply_head`."""
        if checks.comes_from_here(type(self), "logits"):
            return self.logits(encoder_outputs, training=training)
        batch = {name: ops.expand_dims(value, 0) for name, value in encoder_outputs.items()}
        return _without_batch(self.logits(batch, training=training))

    # === Weights ===

    @property
    def heads(self) -> list[keras.layers.Layer]:
        """list of all layers with weights, except the encoder."""
        self.build_heads()
        return [layer for layer in self.layers if layer is not self.encoder and layer.weights]

    def build_heads(self) -> None:
        """Builds the layers of a subclass that have not been called yet."""
        if not all(layer.built for layer in self.layers):
            row = ops.zeros((*(1,) * (self.token_axes - 1), 3), "int32")
            extra = {name: ops.zeros((1, *shape)) for name, shape in self.extra_inputs.items()}
            self.call({"token_ids": row, "segment_ids": row, "padding_mask": ops.ones_like(row), **extra})

    def named_weights(self) -> dict[str, keras.Variable]:
        """Returns all weights by path: `encoder/...`, and a head's weights under the head's name."""
        return self.encoder.named_weights() | head_weights(self.heads)

    def weight_values(self) -> dict[str, np.ndarray]:
        """Returns the weights that other libraries also have in such a model, by path, as numpy arrays.

        These are all of `named_weights()`, except those of a pooler that the task does not use.
        """
        values = self.encoder.weight_values()
        values |= {path: ops.convert_to_numpy(w) for path, w in head_weights(self.heads).items()}
        if self.needs_pooler is not False:
            return values
        return {path: value for path, value in values.items() if not path.startswith("encoder/pooler/")}

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """The variables that are trained: all except frozen ones and a pooler that the task does not use."""
        return self._but_idle(super().trainable_variables)

    @property
    def trainable_weights(self) -> list[keras.Variable]:
        """See `trainable_variables`."""
        return self._but_idle(super().trainable_weights)

    def _but_idle(self, variables):
        if self.needs_pooler or self.encoder.pooler is None:
            return variables
        idle = {id(variable) for variable in self.encoder.pooler.variables}
        return [variable for variable in variables if id(variable) not in idle]


def _without_batch(logits):
    return keras.tree.map_structure(lambda value: ops.squeeze(value, 0), logits)
