"""The outputs of layers in Keras' functional API, where tensors are symbolic."""

from typing import Any

import keras


def symbolic(layer: keras.layers.Layer, shapes: Any) -> Any:
    """Makes the `keras.KerasTensor`s of a layer's outputs.

    Keras can also derive them from `compute_output_shape`, but it passes only the shapes of tensors to it,
    and not the flags that decide what a layer returns.

    Args:
        layer: `keras.layers.Layer`, whose compute dtype the outputs have.
        shapes: tuple of int and None; or a dict, list or tuple of such shapes.

    Returns:
        `keras.KerasTensor`, or a structure of these like `shapes`.
    """
    if isinstance(shapes, dict):
        return {name: symbolic(layer, shape) for name, shape in shapes.items()}
    if shapes and isinstance(shapes[0], (tuple, list)):
        return type(shapes)(symbolic(layer, shape) for shape in shapes)
    return keras.KerasTensor(tuple(shapes), dtype=layer.compute_dtype)
