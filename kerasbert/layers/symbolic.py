"""Outputs of a layer in Keras' functional API, where tensors are symbols."""

from typing import Any

import keras


def symbolic(layer: keras.layers.Layer, shapes: Any) -> Any:
    """Makes the `keras.KerasTensor` of an output, or of each of several.

    Keras derives them from `compute_output_shape` too, but passes it the shapes of tensors alone, and not
    the flags that decide what a layer returns.

    Args:
        layer: `keras.layers.Layer`, whose compute dtype outputs have.
        shapes: tuple of int and None; or a dict, list or tuple of such shapes.

    Returns:
        `keras.KerasTensor`, or a structure of them like `shapes`.
    """
    if isinstance(shapes, dict):
        return {name: symbolic(layer, shape) for name, shape in shapes.items()}
    if shapes and isinstance(shapes[0], (tuple, list)):
        return type(shapes)(symbolic(layer, shape) for shape in shapes)
    return keras.KerasTensor(tuple(shapes), dtype=layer.compute_dtype)
