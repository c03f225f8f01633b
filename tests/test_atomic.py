import pytest

from kerasbert.atomic import replacing


def test_a_file_is_replaced_when_complete(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    for content in ("one", "two"):
        with replacing(path) as temporary:
            temporary.write_text(content)
    assert path.read_text() == "two"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_a_folder_is_replaced_when_complete(tmp_path):
    path = tmp_path / "folder"
    for name in ("one", "two"):
        with replacing(path) as temporary:
            temporary.mkdir()
            (temporary / name).touch()
    assert [p.name for p in path.iterdir()] == ["two"]
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_failure_leaves_what_was_there(tmp_path, kind):
    path = tmp_path / "it"
    if kind == "file":
        path.write_text("old")
    else:
        path.mkdir()
        (path / "old").touch()

    def fail():
        with replacing(path) as temporary:
            temporary.mkdir()
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert path.read_text() == "old" if kind == "file" else (path / "old").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["it"]


def test_writing_nothing_leaves_what_was_there(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").touch()

    def nothing():
        with replacing(path):
            pass

    with pytest.raises(FileNotFoundError):
        nothing()
    assert (path / "old").exists()
