import collections
import pickle
import zipfile

import numpy as np
import pytest

from kerasbert import BertEncoder
from kerasbert.checkpoints.torch_files import TorchFile

# PyTorch is no dependency, so the pickle of a file of tensors is written by hand: stand-ins that pickle
# as torch's own names do.


class _Global:
    def __init__(self, module, name):
        self.module, self.name = module, name


class _Storage:
    def __init__(self, kind, key, size):
        self.pid = ("storage", _Global("torch", kind), key, "cpu", size)


class _Tensor:
    def __init__(self, storage, offset, shape, strides):
        self.arguments = (storage, offset, shape, strides, False, {})


class _Pickler(pickle._Pickler):
    def persistent_id(self, value):
        return value.pid if isinstance(value, _Storage) else None

    def save(self, value, *rest, **options):
        if isinstance(value, _Global):
            self.write(pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode())
        elif isinstance(value, _Tensor):
            self.save(_Global("torch._utils", "_rebuild_tensor_v2"))
            self.save(value.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(value, *rest, **options)


def write(path, value, storages):
    with zipfile.ZipFile(path, "w") as file:
        if isinstance(value, dict):  # as torch.nn.Module.state_dict() makes it
            value = collections.OrderedDict(value)
            value._metadata = collections.OrderedDict(version=1)
        with file.open("archive/data.pkl", "w") as data:
            _Pickler(data, protocol=2).dump(value)
        for key, content in storages.items():
            file.writestr(f"archive/data/{key}", content)


def test_tensors_are_read_with_strides_and_offsets(tmp_path):
    numbers = np.arange(12, dtype="float32")
    halves = np.array([1, 2], "float16")
    storage = _Storage("FloatStorage", "0", 12)
    state = {
        "plain": _Tensor(storage, 0, (3, 4), (4, 1)),
        "transposed": _Tensor(storage, 0, (4, 3), (1, 4)),
        "later": _Tensor(storage, 5, (2,), (1,)),
        "half": _Tensor(_Storage("HalfStorage", "1", 2), 0, (2,), (1,)),
    }
    path = tmp_path / "pytorch_model.bin"
    write(path, state, {"0": numbers.tobytes(), "1": halves.tobytes()})
    file = TorchFile(path)
    assert file.shapes == {"plain": (3, 4), "transposed": (4, 3), "later": (2,), "half": (2,)}
    np.testing.assert_array_equal(file.read("plain"), numbers.reshape(3, 4))
    np.testing.assert_array_equal(file.read("transposed"), numbers.reshape(3, 4).T)
    np.testing.assert_array_equal(file.read("later"), [5, 6])
    assert file.read("half").dtype == np.float32


def test_a_folder_with_a_torch_file_loads(write_folder):
    folder, tensors = write_folder("bert.")
    expected = [np.asarray(weight) for weight in BertEncoder.from_preset(folder).weights]
    (folder / "model.safetensors").unlink()
    state = {
        name: _Tensor(
            _Storage("FloatStorage", name, value.size),
            0,
            value.shape,
            tuple(stride // 4 for stride in np.ascontiguousarray(value).strides),
        )
        for name, value in tensors.items()
    }
    write(folder / "pytorch_model.bin", state, {n: v.tobytes() for n, v in tensors.items()})
    for weight, value in zip(BertEncoder.from_preset(folder).weights, expected, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_a_tensor_outside_of_its_storage_is_none(tmp_path):
    path = tmp_path / "pytorch_model.bin"
    storage = _Storage("FloatStorage", "0", 4)
    state = {
        "good": _Tensor(storage, 0, (4,), (1,)),
        "before": _Tensor(storage, -2, (1,), (1,)),
        "backwards": _Tensor(storage, 3, (4,), (-100,)),
        "crooked": _Tensor(storage, 0, (2, 2), (1,)),
    }
    write(path, state, {"0": np.arange(4, dtype="float32").tobytes()})
    assert list(TorchFile(path).shapes) == ["good"]


class _Evil:
    def __reduce__(self):
        return print, ("this code ran",)


def test_code_in_a_pickle_is_refused_and_not_run(tmp_path, capsys):
    path = tmp_path / "pytorch_model.bin"
    write(path, {"weights": _Evil()}, {})
    with pytest.raises(ValueError, match=r"tensors only.*print"):
        TorchFile(path)
    assert capsys.readouterr().out == ""


def test_damaged_files_are_errors(tmp_path):
    path = tmp_path / "pytorch_model.bin"
    for content in (b"", b"not a zip", pickle.dumps({}), b"PK\3\4"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="complete PyTorch"):
            TorchFile(path)
    tensor = _Tensor(_Storage("FloatStorage", "0", 12), 0, (3, 4), (4, 1))
    write(path, {"cut": tensor}, {"0": b"\0" * 40})
    with pytest.raises(ValueError, match="storage is too short"):
        TorchFile(path).read("cut")
    write(path, {"gone": tensor}, {})
    with pytest.raises(ValueError, match="'gone'"):
        TorchFile(path).read("gone")


@pytest.fixture(params=[True, False], ids=["zip", "before 1.6"])
def torch_folder(request, write_folder):
    """A folder whose weights PyTorch itself wrote, and the same weights."""
    torch = pytest.importorskip("torch")
    folder, tensors = write_folder("bert.")
    (folder / "model.safetensors").unlink()
    state = {name: torch.tensor(value) for name, value in tensors.items()}
    name = "bert.encoder.layer.0.output.dense.weight"
    state[name] = state[name].T.contiguous().T  # strides of its own
    torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=request.param)
    return folder, tensors


def test_what_torch_itself_wrote(torch_folder):
    folder, tensors = torch_folder
    encoder = BertEncoder.from_preset(folder)
    for path, weight in encoder.named_weights().items():
        theirs = tensors[encoder.load_report.loaded[path]]
        np.testing.assert_array_equal(weight, theirs.T if path.endswith("/kernel") else theirs)
