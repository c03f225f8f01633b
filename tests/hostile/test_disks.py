"""Full disks: a writer raises OSError, what stood there stays as it was, and nothing else is left behind."""

import contextlib
import pathlib

import numpy as np
import pytest

from kerasbert import export
from kerasbert.data import write_tfrecord

resource = pytest.importorskip("resource")
pytestmark = pytest.mark.tensorflow
FAST = {
    "it.keras": lambda task, path: task.save(path),
    "preset": lambda task, path: task.save_to_preset(path),
    "vocab.txt": lambda task, path: task.tokenizer.save_vocabulary(path),
    "rows.tfrecord": lambda task, path: write_tfrecord(path, [("a film", "good")] * 200),
}
SLOW = {
    "it.onnx": lambda task, path: export.to_onnx(task, path, verify=False),
    "it.tflite": lambda task, path: export.to_tflite(task, path, verify=False),
    "saved_model": lambda task, path: export.to_saved_model(task, path, verify=False),
}
PARTS = (0.0, 0.02, 0.3, 0.7, 0.98)  # of the largest file: where the disk is full


@contextlib.contextmanager
def no_file_beyond(size):
    """The operating system refuses to write a file beyond this size, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def content(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_a_full_disk(name, trained, tmp_path):
    write = (FAST | SLOW)[name]
    write(trained, tmp_path / name)
    before = content(tmp_path)
    largest = max(map(len, before.values()))
    sizes = np.unique([int(part * largest) for part in PARTS])
    for size in sizes:
        with no_file_beyond(int(size)), pytest.raises(OSError, match=r"."):
            write(trained, tmp_path / name)
        assert content(tmp_path) == before
        assert [path.name for path in pathlib.Path(tmp_path).iterdir()] == [name]
    print(f"{name}: {len(sizes)} full disks, 0 files changed")
