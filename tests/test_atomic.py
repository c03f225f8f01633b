import errno
import os
import pathlib
import signal
import stat
import subprocess
import sys
import threading

import pytest

from kerasbert import atomic
from kerasbert.atomic import MARK, replacing

KIND = "preset"


def write_folder(path, *names, kind=KIND):
    with replacing(path, kind) as temporary:
        temporary.mkdir()
        for name in names:
            (temporary / name).parent.mkdir(exist_ok=True)
            (temporary / name).write_text(name)


def content(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")} - {MARK}


@pytest.fixture(params=["exchanged", "moved aside"])
def each_way(request, monkeypatch):
    """The system exchanges folders in one step, or it cannot."""
    if request.param == "moved aside":
        monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)


def test_a_file_is_replaced_when_complete(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    for text in ("one", "two"):
        with replacing(path) as temporary:
            temporary.write_text(text)
    assert path.read_text() == "two"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_a_folder_is_replaced_when_complete(tmp_path, each_way):
    path = tmp_path / "folder"
    path.mkdir()
    for name in ("one", "deep/two"):
        write_folder(path, name)
    assert content(path) == {"deep", "deep/two"}
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("kind", [None, KIND])
def test_a_failure_leaves_what_was_there(tmp_path, kind):
    path = tmp_path / "it"
    if kind is None:
        path.write_text("old")
    else:
        write_folder(path, "old")

    def fail():
        with replacing(path, kind) as temporary:
            temporary.mkdir()
            raise OSError("the cable was pulled")

    with pytest.raises(OSError, match="the cable was pulled"):
        fail()
    assert path.read_text() == "old" if kind is None else content(path) == {"old"}
    assert [p.name for p in tmp_path.iterdir()] == ["it"]


@pytest.mark.parametrize("kind", [None, KIND])
def test_writing_nothing_leaves_what_was_there(tmp_path, kind):
    path = tmp_path / "folder"
    if kind is None:
        path.write_text("old")
    else:
        write_folder(path, "old")

    def nothing():
        with replacing(path, kind):
            pass

    with pytest.raises(FileNotFoundError):
        nothing()
    assert path.exists()


def add_a_file(folder):
    (folder / "notes.txt").write_text("mine")


def change_a_file(folder):
    (folder / "one").write_text("tuned by hand")


def add_a_folder(folder):
    (folder / "mine").mkdir()


def remove_the_mark(folder):
    (folder / MARK).unlink()


def write_a_mark_of_nonsense(folder):
    (folder / MARK).write_text('{"kind": [1], "files": {"one": {}}}')


@pytest.mark.parametrize(
    "change", [add_a_file, change_a_file, add_a_folder, remove_the_mark, write_a_mark_of_nonsense]
)
def test_a_folder_with_anything_of_others_stays(tmp_path, change):
    path = tmp_path / "folder"
    write_folder(path, "one")
    change(path)
    before = {p: p.is_file() and p.read_bytes() for p in path.rglob("*")}
    with pytest.raises(FileExistsError, match=r"nothing else.*others="):
        write_folder(path, "one")
    assert {p: p.is_file() and p.read_bytes() for p in path.rglob("*")} == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_of_another_kind_stays(tmp_path):
    write_folder(tmp_path / "folder", "one", kind="SavedModel")
    with pytest.raises(FileExistsError, match="kind_found='SavedModel'"):
        write_folder(tmp_path / "folder", "two")


def test_folders_above_those_of_ours_stay(tmp_path):
    for version in ("1", "2"):
        write_folder(tmp_path / "film" / version, "one")
    with pytest.raises(FileExistsError, match="nothing else"):
        write_folder(tmp_path / "film", "one")
    assert (tmp_path / "film/1/one").exists()
    assert (tmp_path / "film/2/one").exists()


def test_what_comes_into_a_folder_while_it_is_written_stays(tmp_path, each_way):
    path = tmp_path / "folder"
    write_folder(path, "one")

    def write_slowly():
        with replacing(path, KIND) as temporary:
            temporary.mkdir()
            add_a_file(path)

    with pytest.raises(FileExistsError, match=r"notes\.txt"):
        write_slowly()
    assert content(path) == {"one", "notes.txt"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_takes_the_place_of_files_alone(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(FileExistsError, match="must not take the place"), replacing(tmp_path / name):
            pass
    assert (tmp_path / "folder").is_dir()
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)


def test_a_folder_takes_no_files_place(tmp_path):
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "folder", tmp_path / "file" / "deep" / "folder"):
        with pytest.raises(FileExistsError, match="must not take the place of a file"):
            write_folder(path, "one")
    assert (tmp_path / "file").read_text() == "mine"


def test_the_working_folder_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileExistsError, match="working folder"):
        write_folder(pathlib.Path("."), "one")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_permissions_are_those_of_the_old_file(tmp_path, mode):
    (tmp_path / "file").write_text("old")
    write_folder(tmp_path / "folder", "one")
    for path in (tmp_path / "file", tmp_path / "folder/one"):
        path.chmod(mode)
    (tmp_path / "folder").chmod(0o750)
    with replacing(tmp_path / "file") as temporary:
        temporary.write_text("new")
    write_folder(tmp_path / "folder", "one", "two")
    for path in (tmp_path / "file", tmp_path / "folder/one"):
        assert stat.S_IMODE(path.stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o750
    usual = tmp_path / "usual"
    usual.touch()
    assert (tmp_path / "folder/two").stat().st_mode == usual.stat().st_mode


def test_links_stay_and_their_targets_are_replaced(tmp_path):
    (tmp_path / "file").write_text("old")
    write_folder(tmp_path / "1", "one")
    for link, target in (("file-link", "file"), ("current", "1"), ("dangling", "new/file")):
        (tmp_path / link).symlink_to(target)
    for link in ("file-link", "dangling"):
        with replacing(tmp_path / link) as temporary:
            temporary.write_text("new")
    write_folder(tmp_path / "current", "two")
    assert all((tmp_path / link).is_symlink() for link in ("file-link", "current", "dangling"))
    assert (tmp_path / "file").read_text() == (tmp_path / "new/file").read_text() == "new"
    assert content(tmp_path / "1") == {"two"}


@pytest.mark.parametrize("name", ["n" * 255, "漢" * 85], ids=["letters", "characters of three bytes"])
def test_names_can_be_as_long_as_the_file_system_takes_them(tmp_path, name):
    for text in ("old", "new"):
        with replacing(tmp_path / name) as temporary:
            temporary.write_text(text)
    assert (tmp_path / name).read_text() == "new"


# The package itself would import Keras.
KILLED = """
import sys, time, types
sys.modules["kerasbert"] = types.ModuleType("kerasbert")
sys.modules["kerasbert"].__path__ = [sys.argv[2]]
from kerasbert.atomic import replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
def test_what_a_killed_process_left_is_removed(tmp_path):
    path = tmp_path / "file"
    command = [sys.executable, "-c", KILLED, path, os.path.dirname(atomic.__file__)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "writing\n"
    with replacing(tmp_path / "other") as temporary:
        temporary.touch()
    assert len(list(tmp_path.iterdir())) == 2  # it still lives, and keeps what it has
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(list(tmp_path.iterdir())) == 2
    with replacing(path) as temporary:
        temporary.write_text("whole")
    assert {p.name for p in tmp_path.iterdir()} == {"file", "other"}
    assert path.read_text() == "whole"


def test_others_hidden_files_stay(tmp_path):
    for name in (".step-1", ".kerasbert-notes", ".file.txt.abc"):
        (tmp_path / name).mkdir()
    with replacing(tmp_path / "file") as temporary:
        temporary.touch()
    assert len(list(tmp_path.iterdir())) == 4


def test_threads_may_write_one_path_and_readers_always_find_it(tmp_path):
    write_folder(tmp_path / "folder", "one")
    (tmp_path / "file").touch()
    errors, done = [], threading.Event()

    def write(number):
        try:
            for turn in range(40):
                write_folder(tmp_path / "folder", "one", str(number), str(turn))
                with replacing(tmp_path / "file") as temporary:
                    temporary.write_text("whole")
        except Exception as error:
            errors.append(error)

    def read():
        while not done.is_set():
            for name in ("folder", "file"):
                if not (tmp_path / name).exists():
                    errors.append(name)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    reader = threading.Thread(target=read)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert not errors
    assert {p.name for p in tmp_path.iterdir()} == {"folder", "file"}


def test_threads_may_write_one_folder_where_none_can_be_exchanged(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)
    errors = []

    def write(number):
        try:
            for turn in range(40):
                write_folder(tmp_path / "folder", "one", str(number), str(turn))
        except Exception as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    assert not errors
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_an_os_error_whoever_tells_it(tmp_path, number):
    def fail(error):
        with replacing(tmp_path / "file") as temporary:
            temporary.write_text("half")
            try:
                raise error
            except RuntimeError as first:
                raise RuntimeError("report this") from first

    for error in (
        OSError(number, os.strerror(number)),
        RuntimeError(f"Rust says: {os.strerror(number)} (os error {number})"),
    ):
        with pytest.raises(OSError, match="must have room") as raised:
            fail(error)
        assert raised.value.errno == number
    assert not list(tmp_path.iterdir())


def test_other_errors_stay_what_they_are(tmp_path):
    def fail():
        with replacing(tmp_path / "file"):
            raise KeyError("none")

    with pytest.raises(KeyError):
        fail()
