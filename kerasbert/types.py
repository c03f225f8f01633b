"""The types used in signatures."""

import os
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from typing_extensions import Self as Self
else:  # `typing` has it from Python 3.11 on
    Self = Any

# A tensor of Keras' backend, a `keras.KerasTensor` or an array: Keras has no common type for them.
Tensor: TypeAlias = Any
# Tensors by name, such as `token_ids`, `segment_ids` and `padding_mask`.
Tensors: TypeAlias = dict[str, Tensor]
# A tuple of int, with None for an unknown dimension.
Shape: TypeAlias = tuple[Any, ...]
Config: TypeAlias = dict[str, Any]
PathLike: TypeAlias = str | os.PathLike[str]
# A `tf.data.Dataset`. TensorFlow is not imported just for a type.
Dataset: TypeAlias = Any
# One text or many: str, bytes, a list, an array, a pandas Series or a string tensor.
Texts: TypeAlias = Any
# What `fit` and `predict` take as `x`: texts, pairs, words, tokens, the rows of a reader, or a data set.
Rows: TypeAlias = Any
# What `fit` takes as `y`: names, numbers, spans or answers, one for each row.
Labels: TypeAlias = Any
