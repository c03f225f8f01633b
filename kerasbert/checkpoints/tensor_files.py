"""Reads tensors by name from safetensors and PyTorch files, one at a time."""

import io
import math
import pathlib
import pickle
import zipfile

import numpy as np
import safetensors

from kerasbert import checks

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


class SafetensorsFile:
    """A safetensors file, opened by memory map: shapes cost nothing, tensors are read when asked for."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        try:
            self._file = safetensors.safe_open(self.path, framework="numpy")
        except (OSError, safetensors.SafetensorError) as error:
            raise unreadable(self.path, "safetensors", error) from error
        names = list(self._file.keys())  # not a dict: it does not iterate
        self.shapes = {name: tuple(self._file.get_slice(name).get_shape()) for name in names}

    def read(self, name):
        """Returns the tensor called `name` as a float32 (or integer) numpy array."""
        return _plain(self._file.get_tensor(name))


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
        return _plain(view.copy())


def unreadable(path, kind, error):
    """The exception for a weights file that cannot be read."""
    return checks.invalid(
        f"The weights must be a complete {kind} file.",
        fix="The file is damaged, truncated or of another format: fetch it again.",
        where=str(path),
        reason=str(error),
    )


def _plain(array):
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
