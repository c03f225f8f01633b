"""The types that signatures name."""

from typing import Any, TypeAlias

# A tensor of Keras' backend, a `keras.KerasTensor`, or an array: Keras has no type for all of them.
Tensor: TypeAlias = Any
# Of int, and None for a dimension that is not known.
Shape: TypeAlias = tuple[Any, ...]
Config: TypeAlias = dict[str, Any]
