"""Reads tensors by name from PyTorch files, without PyTorch and without running what a pickle can hold."""

import io
import math
import pathlib
import pickle
import struct
import zipfile

import numpy as np

from kerasbert import checks
from kerasbert.checkpoints.tensor_files import numpy_type, plain, unreadable

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
# With what a file of a version before 1.6 begins, pickled.
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


class TorchFile:
    """A `pytorch_model.bin`, of any version since 0.4: a zip file, or a row of pickles and numbers.

    Only the few names that a file of plain tensors needs are let through the unpickler.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        try:
            opened = _Zip if zipfile.is_zipfile(self.path) else _Legacy
            self._file = opened(self.path)
            tensors = dict(self._file.state)
        except _NoTensor as error:
            raise checks.invalid(
                "A `pytorch_model.bin` may hold tensors only: anything else could run code.",
                fix="Convert the file to safetensors where you trust it.",
                where=str(self.path),
                found=str(error),
            ) from error
        except Exception as error:  # a damaged pickle can raise anything
            raise unreadable(self.path, "PyTorch", repr(error)) from error
        self._tensors = {k: v for k, v in tensors.items() if isinstance(v, _Tensor) and v.is_sound()}
        self.shapes = {name: tensor.shape for name, tensor in self._tensors.items()}

    def read(self, name):
        """Returns the tensor called `name` as a float32 (or integer) numpy array."""
        tensor = self._tensors[name]
        dtype = numpy_type(tensor.storage.dtype)
        try:
            data = np.frombuffer(self._file.numbers(tensor.storage.key), dtype)
        except Exception as error:  # a damaged zip file too
            raise unreadable(self.path, f"PyTorch (tensor {name!r})", repr(error)) from error
        last = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
        if math.prod(tensor.shape) and last >= data.size:
            raise unreadable(self.path, f"PyTorch (tensor {name!r})", "its storage is too short")
        strides = [s * dtype.itemsize for s in tensor.strides]
        view = np.lib.stride_tricks.as_strided(data[tensor.offset :], tensor.shape, strides)
        return plain(view.copy())

    def check(self, name):
        """Raises ValueError if the tensor cannot be read."""
        self.read(name)


class _Zip:
    """Since version 1.6: a pickle, and a member for each storage."""

    def __init__(self, path):
        self._zip = zipfile.ZipFile(path)
        pickled = next(n for n in self._zip.namelist() if n.endswith("/data.pkl"))
        self._root = pickled.removesuffix("data.pkl")
        self.state = _TensorsOnly(io.BytesIO(self._zip.read(pickled))).load()

    def numbers(self, key):
        """The bytes of a storage."""
        return self._zip.read(f"{self._root}data/{key}")


class _Legacy:
    """Before: pickles of a magic number, a version, the machine, the tensors, the keys of their storages; and
    these one after the other."""

    def __init__(self, path):
        self._path = path
        with open(path, "rb") as file:
            if _TensorsOnly(file).load() != _LEGACY_MAGIC:
                raise ValueError("it does not begin as a PyTorch file")
            _TensorsOnly(file).load()
            _TensorsOnly(file).load()
            unpickler = _TensorsOnly(file)
            self.state = unpickler.load()
            keys = _TensorsOnly(file).load()
            self._places = {}
            for key in keys:  # each is a count and as many numbers
                (count,) = struct.unpack("<q", file.read(8))
                size = count * numpy_type(unpickler.types[key]).itemsize
                self._places[key] = (file.tell(), size)
                file.seek(size, 1)

    def numbers(self, key):
        """The bytes of a storage."""
        start, size = self._places[key]
        with open(self._path, "rb") as file:
            file.seek(start)
            return file.read(size)


class _Storage:
    def __init__(self, dtype, key):
        self.dtype, self.key = dtype, key


class _Tensor:
    def __init__(self, storage, offset, shape, strides, *_):
        self.storage, self.offset, self.shape, self.strides = storage, offset, tuple(shape), tuple(strides)

    def is_sound(self):
        """Whether its numbers are what they ought to be: nothing before or beside its storage."""
        numbers = (self.offset, *self.shape, *self.strides)
        return (
            isinstance(self.storage, _Storage)
            and all(isinstance(n, int) and n >= 0 for n in numbers)
            and len(self.shape) == len(self.strides)
        )


class _StateDict(dict):
    """PyTorch sets an attribute, `_metadata`, which a plain dict would refuse."""


class _NoTensor(pickle.UnpicklingError):
    """The pickle names something that a file of tensors does not need."""


class _TensorsOnly(pickle.Unpickler):
    def __init__(self, file):
        super().__init__(file)
        self.types = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return _StateDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise _NoTensor(f"{module}.{name}")

    def persistent_load(self, pid):
        kind, dtype, key, *_ = pid
        if kind != "storage":
            raise _NoTensor(f"a persistent {kind!r}")
        self.types[key] = dtype
        return _Storage(dtype, key)
