"""Writers that are killed at any moment, and many at once: what stands at a path is always whole."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from kerasbert import atomic
from kerasbert.atomic import MARK, replacing

NAMES = [f"part-{number}" for number in range(8)]
# Without the package itself, which would import Keras.
WRITER = """
import sys, types
sys.modules["kerasbert"] = types.ModuleType("kerasbert")
sys.modules["kerasbert"].__path__ = [sys.argv[1]]
from kerasbert.atomic import replacing
names = sys.argv[4:]
print("ready", flush=True)
for turn in range(10**9):
    with replacing(sys.argv[2], "preset") as folder:
        folder.mkdir()
        for name in names:
            (folder / name).write_text(str(turn % 10) * 5000)
    with replacing(sys.argv[3]) as file:
        file.write_text(str(turn % 10) * 50000)
"""


def damage(folder, file):
    """What is not whole: files of several turns in one folder, or of half a length."""
    found = []
    if folder.exists():
        if {path.name for path in folder.iterdir()} != {MARK, *NAMES}:
            found.append(sorted(path.name for path in folder.iterdir()))
        texts = {path.read_text() for path in folder.iterdir() if path.name != MARK}
        if len(texts) != 1 or len(texts.pop()) != 5000:
            found.append("files of several turns")
    if file.exists() and len(file.read_text()) != 50000:
        found.append("half a file")
    return found


def kill_writers(tmp_path, times):
    choice = random.Random(0)
    folder, file = tmp_path / "folder", tmp_path / "file"
    failed = []
    for _ in range(times):
        command = [sys.executable, "-c", WRITER, os.path.dirname(atomic.__file__), folder, file, *NAMES]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        time.sleep(choice.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        failed += damage(folder, file)
    with replacing(file) as temporary:
        temporary.write_text("9" * 50000)
    failed += [path.name for path in tmp_path.iterdir() if path not in (folder, file)]
    return failed


def write_in_threads(tmp_path, threads, turns):
    failed = []

    def write(number):
        try:
            for _ in range(turns):
                with replacing(tmp_path / "folder", "preset") as temporary:
                    temporary.mkdir()
                    for name in NAMES:
                        (temporary / name).write_text(str(number % 10) * 5000)
                with replacing(tmp_path / "file") as temporary:
                    temporary.write_text(str(number % 10) * 50000)
        except Exception as error:
            failed.append(repr(error))

    running = [threading.Thread(target=write, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return failed + damage(tmp_path / "folder", tmp_path / "file")


@pytest.mark.slow
def test_killed_writers(tmp_path):
    assert kill_writers(tmp_path, 10) == []


def test_many_writers(tmp_path):
    assert write_in_threads(tmp_path, 8, 10) == []


@pytest.mark.slow
def test_killed_writers_for_long(tmp_path):
    failed = kill_writers(tmp_path, 1000)
    print(f"kills: 1000 tried, {len(failed)} failures")
    assert failed == []


@pytest.mark.slow
def test_many_writers_for_long(tmp_path):
    failed = write_in_threads(tmp_path, 8, 500)
    print(f"writes by 8 threads to one file and one folder: 8000 tried, {len(failed)} failures")
    assert failed == []
