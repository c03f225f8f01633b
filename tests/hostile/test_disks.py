"""Every writer on disks that are too small: an `OSError` that says so, and what was there before stays.

The long run tries many sizes, and the exports too. Disks are of memory (`tmpfs`), which takes a Linux system
and its superuser; elsewhere these tests are skipped.
"""

import errno
import subprocess

import pytest

import kerasbert
from kerasbert import export
from kerasbert.data import write_tfrecord
from kerasbert.pretraining import Corpus, write_examples
from kerasbert.training.snapshots import save_snapshot

PAGE = 4096  # what such a disk gives at least to each file


@pytest.fixture
def disk(tmp_path):
    """A function that mounts an empty disk of so many bytes in place of the one before."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = False

    def unmount():
        if mounted:
            # Lazily: LiteRT may not have closed a file that it was reading.
            subprocess.run(["umount", "--lazy", folder], check=True)

    def mount(size):
        nonlocal mounted
        unmount()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
        try:
            mounted = not subprocess.run(command, capture_output=True).returncode
        except FileNotFoundError:
            mounted = False
        if not mounted:
            pytest.skip("disks of memory cannot be mounted here")
        return folder

    yield mount
    unmount()


@pytest.fixture(scope="module")
def task(tokenizer):
    config = kerasbert.BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=1,
        num_heads=2,
        hidden_dim=64,
        intermediate_dim=128,
        max_sequence_length=16,
        activation="gelu_tanh",  # as KerasHub wants it
    )
    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
    task.compile()
    task.optimizer.build(task.trainable_variables)
    return task


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    path.write_text("good film the was what\nvery good .\n\n" * 400)
    return Corpus(path)


def writers(task, corpus):
    """What each writes into a folder: several pages."""
    return {
        "save": lambda folder: task.save(folder / "film.keras"),
        "save_to_preset": lambda folder: task.save_to_preset(folder / "preset"),
        "to_google": lambda folder: export.to_google(task, folder / "google"),
        "to_keras_hub": lambda folder: export.to_keras_hub(task, folder / "keras_hub"),
        "save_snapshot": lambda folder: save_snapshot(folder / "snapshots", task, 1),
        "write_examples": lambda folder: write_examples(corpus, folder / "examples", task.tokenizer),
        "write_tfrecord": lambda folder: write_tfrecord(folder / "rows", [("good film " * 20, "good")] * 300),
    }


def exporters(task):
    return {
        "to_tflite": lambda folder: export.to_tflite(task, folder / "film.tflite", verify=False),
        "to_onnx": lambda folder: export.to_onnx(task, folder / "film.onnx", verify=False),
        "to_saved_model": lambda folder: export.to_saved_model(task, folder / "film" / "1", verify=False),
    }


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pages(contents):
    return sum(-(-len(content) // PAGE) for content in contents.values()) * PAGE


def try_disks(write, disk, parts):
    """Writes to an empty disk and over what is there, with room for a part of what it takes; counts tries."""
    folder = disk("256m")
    write(folder)
    whole = pages(files(folder))
    for part in parts:
        for old in (False, True):
            folder = disk("256m")
            if old:
                write(folder)
            size = max(whole * old + int(whole * part), PAGE)
            subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)
            before = files(folder)
            with pytest.raises(OSError, match="must have room") as raised:
                write(folder)
            assert raised.value.errno == errno.ENOSPC
            assert files(folder) == before
            assert not list(folder.rglob(".kerasbert-writing-*"))
    return 2 * len(parts)


def test_writers_on_full_disks(task, corpus, disk):
    tried = sum(try_disks(write, disk, [0.5]) for write in writers(task, corpus).values())
    assert tried == 14


@pytest.mark.slow
def test_writers_on_disks_of_many_sizes(task, corpus, disk):
    parts = [number / 20 for number in range(1, 19)]
    tried = {name: try_disks(write, disk, parts) for name, write in writers(task, corpus).items()}
    tried |= {name: try_disks(write, disk, parts[::6]) for name, write in exporters(task).items()}
    print(f"full disks: {sum(tried.values())} tried, 0 failures: {tried}")
