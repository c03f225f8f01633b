"""Fingerprints of data, to check that a resumed `fit` gets the same data as before."""

import dataclasses
import hashlib

import keras
import numpy as np


def fingerprint(*values):
    """A hash of the content of the arguments that `fit` was given.

    Args:
        *values: texts, labels, arrays, and sequences, dicts and dataclasses of these. For a
            `tf.data.Dataset`, only the types and the number of its elements count; for any other object, only
            its class.

    Returns:
        str of 32 hexadecimal digits.

    Example:

    >>> fingerprint(["good", "bad"], [1, 0]) == fingerprint(np.array(["good", "bad"]), [1, 0])
    True
    >>> fingerprint(["good", "bad"], [1, 0]) == fingerprint(["good", "bad"], [0, 1])
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        _add(digest, value)
    return digest.hexdigest()


def _add(digest, value):
    if keras.ops.is_tensor(value):
        value = value if hasattr(value, "row_splits") else keras.ops.convert_to_numpy(value)
    if dataclasses.is_dataclass(value):
        value = vars(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        digest.update(f"{value.shape} {value.dtype}".encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, np.ndarray):
        _add(digest, value.tolist())
    elif isinstance(value, bytes):
        digest.update(value + b"\0")
    elif isinstance(value, str):
        digest.update(value.encode("utf-8", "surrogatepass") + b"\0")
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            _add(digest, str(key))
            _add(digest, value[key])
    elif hasattr(value, "element_spec"):
        _add(digest, f"{value.element_spec} {int(value.cardinality())}")
    elif hasattr(value, "__len__") and hasattr(value, "__getitem__"):
        digest.update(b"[")
        for item in np.asarray(value) if hasattr(value, "__array__") else value:
            _add(digest, item)
        digest.update(b"]")
    elif value is None or np.isscalar(value):
        digest.update(repr(value).encode() + b"\0")
    else:
        digest.update(type(value).__name__.encode())
