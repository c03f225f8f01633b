"""Files and folders that appear whole or not at all."""

import contextlib
import os
import pathlib
import tempfile


@contextlib.contextmanager
def replacing(path):
    """Yields a temporary path beside `path`, and moves it there if all went well.

    Whatever stood at `path` stays until the new file or folder is complete, so a failure, or a full disk,
    costs nothing that was already saved.

    Args:
        path: str or path, of a file or a folder. Missing parent folders are made.

    Yields:
        `pathlib.Path` with the same file ending; nothing exists there yet.

    Example:

    >>> import tempfile
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "numbers.txt"
    >>> with replacing(target) as temporary:
    ...     _ = temporary.write_text("1 2 3")
    >>> target.read_text()
    '1 2 3'
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        temporary = pathlib.Path(folder) / path.name
        yield temporary
        previous = pathlib.Path(folder) / f"{path.name}.previous"
        if path.is_dir():
            # A folder cannot be replaced in one step: the old one is moved aside, and back on failure.
            os.replace(path, previous)
        try:
            os.replace(temporary, path)
        except OSError:
            if previous.exists():
                os.replace(previous, path)
            raise
