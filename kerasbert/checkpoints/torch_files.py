"""Reads tensors by name from PyTorch files, without PyTorch and without running code from a pickle."""

import io
import math
import mmap
import pathlib
import struct
import zipfile

import numpy as np

from kerasbert import checks
from kerasbert.checkpoints.tensor_files import numpy_type, plain, unreadable
from kerasbert.checkpoints.torch_pickles import NotTensorsError, Tensor, load_pickle

# The pickled number with which files of versions before 1.6 begin.
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


class TorchFile:
    """A `pytorch_model.bin` of any version since 0.4: a zip file, or a sequence of pickles and numbers.

    The pickle may only use the few names that a file of plain tensors needs.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        try:
            opened = _Zip if zipfile.is_zipfile(self.path) else _Legacy
            self._file = opened(self.path)
            tensors = dict(self._file.state)
        except NotTensorsError as error:
            raise checks.invalid(
                "A `pytorch_model.bin` may hold tensors only: anything else could run code.",
                fix="If you trust the file, convert it to safetensors.",
                where=str(self.path),
                found=str(error),
            ) from error
        except Exception as error:  # a damaged pickle can raise anything
            raise unreadable(self.path, "PyTorch", repr(error)) from error
        self._tensors = {k: v for k, v in tensors.items() if isinstance(v, Tensor) and v.is_sound()}
        self.shapes = {name: tensor.shape for name, tensor in self._tensors.items()}

    def read(self, name):
        """Returns the tensor called `name` as a float32 (or integer) numpy array."""
        tensor = self._tensors[name]
        dtype = numpy_type(tensor.storage.dtype)
        try:
            data = np.frombuffer(self._file.numbers(tensor.storage.key), dtype)
        except Exception as error:  # a damaged zip file can also raise anything
            raise unreadable(self.path, f"PyTorch (tensor {name!r})", repr(error)) from error
        last = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
        if math.prod(tensor.shape) and (last >= data.size or math.prod(tensor.shape) > data.size):
            raise unreadable(self.path, f"PyTorch (tensor {name!r})", "its storage is too short")
        strides = [s * dtype.itemsize for s in tensor.strides]
        view = np.lib.stride_tricks.as_strided(data[tensor.offset :], tensor.shape, strides)
        return plain(view.copy())


class _Zip:
    """The format since version 1.6: a zip file with a pickle and a member for each storage."""

    def __init__(self, path):
        self._zip = zipfile.ZipFile(path)
        pickled = next(n for n in self._zip.namelist() if n.endswith("/data.pkl"))
        self._root = pickled.removesuffix("data.pkl")
        self.state, _ = load_pickle(io.BytesIO(self._read(pickled)))

    def numbers(self, key):
        """The bytes of a storage."""
        return self._read(f"{self._root}data/{key}")

    def _read(self, name):
        # A compressed member could expand to a thousand times its size.
        if self._zip.getinfo(name).compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{name} is compressed, which PyTorch does not do: save the model again")
        return self._zip.read(name)


class _Legacy:
    """The format before version 1.6: pickles of a magic number, a version, the machine, the tensors and the
    keys of their storages, followed by the storages."""

    def __init__(self, path):
        self._path = path
        # A memory map never reads beyond the end of the file, whatever lengths the file claims.
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            if load_pickle(mapped)[0] != _LEGACY_MAGIC:
                raise ValueError("it does not begin as a PyTorch file")
            load_pickle(mapped)
            load_pickle(mapped)
            self.state, storages = load_pickle(mapped)
            keys, _ = load_pickle(mapped)
            self._places = {}
            for key in keys:  # each storage is a count, followed by as many numbers
                (count,) = struct.unpack("<q", mapped.read(8))
                size = count * numpy_type(storages[key].dtype).itemsize
                self._places[key] = (mapped.tell(), size)
                mapped.seek(size, 1)

    def numbers(self, key):
        """The bytes of a storage."""
        start, size = self._places[key]
        with open(self._path, "rb") as file:
            file.seek(start)
            return file.read(size)
