"""Reads tensors by name from safetensors files, in a single file or in shards.

An open file has `path`, `shapes` by name, and `read(name)`.
"""

import json
import math
import pathlib
import struct

import numpy as np
import safetensors

from kerasbert import checks
from kerasbert.json_files import check_kind, json_field, read_json

# In bytes, the same as that of TensorFlow's own allocator.
ALIGNMENT = 64
_SAFETENSORS_TYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "BOOL": "bool",
    "U8": "uint8",
}


class ShardedFile:
    """A model in several files (shards), with an index that says which tensor is in which file."""

    def __init__(self, path, kind):
        self.path = path
        self._shard_of = json_field(read_json(path), "weight_map", dict, path)
        if not self._shard_of:
            raise unreadable(path, "JSON index", "it has no `weight_map`")
        for name in self._shard_of.values():
            check_kind(name, str, "weight_map", path)
        names = sorted(set(self._shard_of.values()))
        outside = [name for name in names if pathlib.Path(name).name != name]
        absent = [name for name in names if outside or not (path.parent / name).exists()]
        if absent:
            raise checks.invalid(
                "Every shard that the index names must be in the same folder.",
                fix="Download the missing files.",
                where=str(path),
                kind=FileNotFoundError,
                missing=absent,
            )
        self._shards = {name: kind(path.parent / name) for name in names}
        for tensor, shard in self._shard_of.items():
            if tensor not in self._shards[shard].shapes:
                raise unreadable(path.parent / shard, "shard", f"it lacks {tensor!r}")
        self.shapes = {name: self._shards[shard].shapes[name] for name, shard in self._shard_of.items()}

    def read(self, name):
        """Returns the tensor called `name` as a float32 (or integer) numpy array."""
        return self._shards[self._shard_of[name]].read(name)


class SafetensorsFile:
    """A safetensors file, of which only the header is read until a tensor is requested."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        try:
            # The library checks the header, and the position of every tensor against the length of the file.
            # But it reads tensors through a memory map, whose pages count as used memory, so it is only used
            # for the header.
            with safetensors.safe_open(self.path, framework="numpy"):
                pass
            with open(self.path, "rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                header = json.loads(file.read(length))
        except (OSError, safetensors.SafetensorError) as error:
            raise unreadable(self.path, "safetensors", error) from error
        header.pop("__metadata__", None)
        self._start = 8 + length
        self._entries = header
        self.shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}

    def read(self, name):
        """Returns the tensor called `name` as a float32 (or integer) numpy array."""
        entry = self._entries[name]
        if entry["dtype"] not in _SAFETENSORS_TYPES:
            raise unreadable(self.path, f"safetensors (tensor {name!r})", f"its type is {entry['dtype']}")
        array = aligned_empty(entry["shape"], numpy_type(_SAFETENSORS_TYPES[entry["dtype"]]))
        with open(self.path, "rb") as file:
            file.seek(self._start + entry["data_offsets"][0])
            file.readinto(array.reshape(-1).view("uint8"))
        return plain(array)


def unreadable(path, kind, error):
    """The exception for a weights file that cannot be read."""
    return checks.invalid(
        f"The weights must be a complete {kind} file.",
        fix="The file is damaged, truncated or has another format: download it again.",
        where=str(path),
        reason=str(error),
    )


def aligned_empty(shape, dtype="float32"):
    """Returns an uninitialized array with an alignment that lets TensorFlow use it without a copy."""
    count = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(count + ALIGNMENT, "uint8")
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + count].view(dtype).reshape(shape)


def plain(array):
    """Converts float16, bfloat16 and float64 to float32, the dtype of our variables."""
    return array if array.dtype.kind in "iub" else np.asarray(array, "float32")


def numpy_type(name):
    """The numpy dtype with this name, which may also be `bfloat16`."""
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)
