"""Reads tensors by name from safetensors and PyTorch files, one at a time.

An open file has a `path`, `shapes` by name, `read(name)`, and `check(name)`, which raises what `read` would.
"""

import io
import json
import math
import pathlib
import pickle
import struct
import zipfile

import numpy as np
import safetensors

from kerasbert import checks

# Bytes; what TensorFlow's own allocator gives.
ALIGNMENT = 64
_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "BoolStorage": "bool",
    "ByteStorage": "uint8",
}
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


def open_weights(folder):
    """Opens the weights of a Hugging Face folder: safetensors before PyTorch, whole before in shards."""
    folder = pathlib.Path(folder)
    for name, kind in (("model.safetensors", SafetensorsFile), ("pytorch_model.bin", TorchFile)):
        if (folder / name).exists():
            return kind(folder / name)
        if (folder / f"{name}.index.json").exists():
            return ShardedFile(folder / f"{name}.index.json", kind)
    raise checks.invalid(
        "A preset folder must hold `model.safetensors` or `pytorch_model.bin`.",
        fix="Save the model with `save_pretrained`.",
        kind=FileNotFoundError,
        folder=str(folder),
    )


class ShardedFile:
    """A model in several files, with an index that says which tensor is where."""

    def __init__(self, path, kind):
        self.path = path
        try:
            self._shard_of = dict(json.loads(path.read_text("utf-8"))["weight_map"])
            names = sorted(set(self._shard_of.values()))
            outside = [name for name in names if pathlib.Path(name).name != name]
        except (ValueError, KeyError, TypeError) as error:
            raise unreadable(path, "JSON index", repr(error)) from error
        absent = [name for name in names if outside or not (path.parent / name).exists()]
        if absent:
            raise checks.invalid(
                "Every shard that the index names must stand beside it.",
                fix="Fetch the missing files.",
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

    def check(self, name):
        """Raises ValueError if the tensor cannot be read."""
        self._shards[self._shard_of[name]].check(name)


class SafetensorsFile:
    """A safetensors file; only its header is read until a tensor is asked for."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        try:
            # The library checks the header, and every tensor's place against the length of the file. It
            # reads through a memory map, though, whose pages count as memory used: so only the header here.
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
        array = aligned_empty(entry["shape"], _dtype(_SAFETENSORS_TYPES[entry["dtype"]]))
        with open(self.path, "rb") as file:
            file.seek(self._start + entry["data_offsets"][0])
            file.readinto(array.reshape(-1).view("uint8"))
        return plain(array)

    def check(self, name):
        """Raises ValueError if the tensor cannot be read; that the file is complete is known already."""
        if self._entries[name]["dtype"] not in _SAFETENSORS_TYPES:
            self.read(name)


class TorchFile:
    """A `pytorch_model.bin`, read without PyTorch and without running the code that a pickle can hold.

    Only the few names that a file of plain tensors needs are let through the unpickler.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        try:
            self._zip = zipfile.ZipFile(self.path)
            pickled = next(n for n in self._zip.namelist() if n.endswith("/data.pkl"))
            self._root = pickled.removesuffix("data.pkl")
            tensors = _TensorsOnly(io.BytesIO(self._zip.read(pickled))).load()
            self._tensors = {k: v for k, v in tensors.items() if isinstance(v, _Tensor)}
        except (OSError, zipfile.BadZipFile, StopIteration, AttributeError, EOFError) as error:
            raise unreadable(self.path, "PyTorch (zip format, version 1.6 or later)", error) from error
        except pickle.UnpicklingError as error:
            raise checks.invalid(
                "A `pytorch_model.bin` may hold tensors only: anything else could run code.",
                fix="Convert the file to safetensors where you trust it.",
                where=str(self.path),
                found=str(error),
            ) from error
        self.shapes = {name: tensor.shape for name, tensor in self._tensors.items()}

    def read(self, name):
        """Returns the tensor called `name` as a float32 (or integer) numpy array."""
        tensor = self._tensors[name]
        dtype = _dtype(tensor.storage.dtype)
        try:
            data = np.frombuffer(self._zip.read(f"{self._root}data/{tensor.storage.key}"), dtype)
        except (KeyError, zipfile.BadZipFile, ValueError) as error:
            raise unreadable(self.path, f"PyTorch (tensor {name!r})", error) from error
        last = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
        if math.prod(tensor.shape) and last >= data.size:
            raise unreadable(self.path, f"PyTorch (tensor {name!r})", "its storage is too short")
        strides = [s * dtype.itemsize for s in tensor.strides]
        view = np.lib.stride_tricks.as_strided(data[tensor.offset :], tensor.shape, strides)
        return plain(view.copy())

    def check(self, name):
        """Raises ValueError if the tensor cannot be read."""
        self.read(name)


def unreadable(path, kind, error):
    """The exception for a weights file that cannot be read."""
    return checks.invalid(
        f"The weights must be a complete {kind} file.",
        fix="The file is damaged, truncated or of another format: fetch it again.",
        where=str(path),
        reason=str(error),
    )


def aligned_empty(shape, dtype="float32"):
    """Returns an array, not filled, that starts where a tensor may start without a copy."""
    count = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(count + ALIGNMENT, "uint8")
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + count].view(dtype).reshape(shape)


def plain(array):
    """float16, bfloat16 and float64 become float32, the dtype of our variables."""
    return array if array.dtype.kind in "iub" else np.asarray(array, "float32")


def _dtype(name):
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


class _Storage:
    def __init__(self, dtype, key):
        self.dtype, self.key = dtype, key


class _Tensor:
    def __init__(self, storage, offset, shape, strides, *_):
        self.storage, self.offset, self.shape, self.strides = storage, offset, tuple(shape), tuple(strides)


class _StateDict(dict):
    """PyTorch sets an attribute, `_metadata`, which a plain dict would refuse."""


class _TensorsOnly(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return _StateDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, pid):
        kind, dtype, key, *_ = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"a persistent {kind!r}")
        return _Storage(dtype, key)
