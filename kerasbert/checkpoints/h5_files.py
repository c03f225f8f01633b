"""Reads arrays by name from HDF5 files, with the same interface as the classes of `tensor_files`."""

import pathlib

import h5py
import ml_dtypes

from kerasbert import checks
from kerasbert.checkpoints.tensor_files import plain, unreadable

_DAMAGES = (OSError, KeyError, RuntimeError, ValueError, TypeError)


class H5File:
    """An HDF5 file, in which a name is the path of a dataset, such as `layers/dense/vars/0`.

    The file is not kept open between calls, so that it can be replaced in the meantime.

    Args:
        path: str or path.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        if not self.path.is_file():
            raise checks.invalid(
                f"The folder must hold `{self.path.name}`.",
                fix="Download the missing file.",
                where=str(self.path.parent),
                kind=FileNotFoundError,
                found=sorted(other.name for other in self.path.parent.glob("*")),
            )
        self.shapes, self.integers = {}, set()
        try:
            with h5py.File(self.path) as file:
                file.visititems(self._add)
        except _DAMAGES as error:
            raise unreadable(self.path, "HDF5", error) from error

    def _add(self, name, item):
        if isinstance(item, h5py.Dataset):
            self.shapes[name] = item.shape
            if item.dtype.kind in "iub":
                self.integers.add(name)

    def read(self, name):
        """Returns the dataset called `name` as a float32 (or integer) numpy array."""
        try:
            with h5py.File(self.path) as file:
                item = file[name]
                if item.external or item.is_virtual:
                    raise ValueError("its numbers are in another file")
                if item.id.get_storage_size() < item.nbytes:  # it could expand to a thousand times its size
                    raise ValueError("its numbers are compressed or incomplete: save it uncompressed")
                value = item[()]
                # HDF5 has no bfloat16, so Keras stores the bytes and names the dtype in an attribute.
                if item.attrs.get("dtype") == "bfloat16":
                    value = value.view(ml_dtypes.bfloat16)
            return plain(value)
        except _DAMAGES as error:
            raise unreadable(self.path, f"HDF5 (dataset {name!r})", error) from error


class H5Files:
    """Several HDF5 files of a folder, read as one.

    The names of datasets are prefixed with the name of their file, except those of the first file.

    Args:
        folder: `pathlib.Path`.
        names: sequence of str, the names of the files.

    Raises:
        FileNotFoundError, ValueError: as for `H5File`.
    """

    def __init__(self, folder, names):
        files = [H5File(folder / name) for name in names]
        self.path = files[0].path if len(files) == 1 else folder
        prefixes = ["", *(f"{name}/" for name in names[1:])]
        self._places = {
            prefix + name: (file, name)
            for prefix, file in zip(prefixes, files, strict=True)
            for name in file.shapes
        }
        self.shapes = {name: file.shapes[within] for name, (file, within) in self._places.items()}
        self.integers = {name for name, (file, within) in self._places.items() if within in file.integers}

    def read(self, name):
        """Returns the dataset called `name` as a float32 (or integer) numpy array."""
        file, within = self._places[name]
        return file.read(within)
