"""Files and folders that appear whole or not at all, and never replace what kerasbert did not write."""

import contextlib
import ctypes
import errno
import json
import os
import pathlib
import shutil
import stat
import tempfile

from kerasbert import checks

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# The file in each of our folders that says what kind of folder it is, and which files were written to it.
MARK = ".kerasbert"
_TEMPORARY = ".kerasbert-writing-"
_FULL = [getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)]
_RENAME_EXCHANGE, _AT_FDCWD = 2, -100  # constants of Linux, from <linux/fs.h> and <fcntl.h>


@contextlib.contextmanager
def replacing(path, kind=None):
    """Yields a temporary path in the same folder, and moves what was written there to `path` on success.

    Whatever was at `path` stays there until the new file or folder is complete, so an error or a full disk
    never loses what was already saved. A file only replaces a file. A folder only replaces an empty folder,
    or a folder of the same kind that kerasbert wrote and that has not been changed since. The new file gets
    the permissions of the old one. If `path` is a symbolic link, its target is replaced, not the link.
    Several processes and threads may write to the same path: the last one wins. Temporary files that a killed
    process left in the same folder are removed.

    Args:
        path: str or path of a file or a folder. Missing parent folders are created.
        kind: str or None. None if a file is written; otherwise the kind of folder, such as `"SavedModel"`.

    Yields:
        `pathlib.Path` with the same name, where nothing exists yet.

    Raises:
        FileExistsError: if something at `path` must not be replaced.
        OSError: if the disk is full, whatever exception the writer raised.

    Example:

    >>> import tempfile
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "numbers.txt"
    >>> with replacing(target) as temporary:
    ...     _ = temporary.write_text("1 2 3")
    >>> target.read_text()
    '1 2 3'
    """
    given, path = path, pathlib.Path(os.path.realpath(path))
    _check_replaceable(path, kind, given)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise _refused("A folder must not take the place of a file.", path.parent) from error
    _remove_left_behind(path.parent)
    with _temporary_folder(path.parent) as folder:
        temporary = folder / path.name
        try:
            yield temporary
            if kind is not None and temporary.is_dir():
                content = {"kind": kind, "files": _files(temporary)}
                (temporary / MARK).write_text(json.dumps(content, indent=1) + "\n", "utf-8")
            _keep_permissions(path, temporary)
        except Exception as error:
            number = _full_disk(error)
            if number is None:
                raise
            raise checks.invalid(
                "The disk must have room for the new file or folder.",
                fix="Free some space, or write to another disk; what was there before has not been changed.",
                where=os.fspath(given),
                kind=lambda message: OSError(number, message),
                reason=str(error),
            ) from error
        if kind is None:
            os.replace(temporary, path)
        else:
            _replace_folder(temporary, path, kind, given)


def _refused(rule, where, **received):
    return checks.invalid(rule, fix="Choose another path.", where=where, kind=FileExistsError, **received)


def _check_replaceable(path, kind, where):
    """Raises FileExistsError unless nothing exists at `path`, or it may be replaced."""
    while True:
        try:
            before = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return
        try:
            return _check_found(path, before.st_mode, kind, os.fspath(where))
        except FileNotFoundError:
            continue
        except FileExistsError:
            # Another writer may have replaced the folder while it was being read.
            with contextlib.suppress(FileNotFoundError):
                if _same(before, os.stat(path)):
                    raise


def _same(one, other):
    # The inode number of a removed file is soon reused for another file, so the times must be equal too.
    return os.path.samestat(one, other) and one.st_mtime_ns == other.st_mtime_ns


def _check_found(path, mode, kind, where):
    if kind is None:
        if not stat.S_ISREG(mode):
            found = "a folder" if stat.S_ISDIR(mode) else "a device, pipe or socket"
            raise _refused("A file must not take the place of anything except a file.", where, found=found)
        return
    if not stat.S_ISDIR(mode):
        raise _refused("A folder must not take the place of a file.", where)
    if _is_working_folder(path):
        raise _refused("Neither the working folder nor a folder that contains it may be replaced.", where)
    found = _files(path)
    if not found:
        return
    written = _mark(path)
    known = written["files"] if written["kind"] == kind else {}
    others = [name for name, size in found.items() if name not in known or known[name] != size]
    if others or written["kind"] != kind:
        raise _refused(
            f"A folder is only replaced if kerasbert wrote it as a {kind}, and it still contains that and "
            "nothing else.",
            where,
            kind_found=written["kind"],
            others=others,
        )


def _is_working_folder(path):
    try:
        here = pathlib.Path.cwd()
    except FileNotFoundError:  # the working folder was removed
        return False
    return path == here or path in here.parents


def _mark(folder):
    """The content of a folder's mark; for a folder that kerasbert did not write, an empty one."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        content = json.loads((folder / MARK).read_text("utf-8"))
        if isinstance(content, dict) and isinstance(content.get("files"), dict):
            return {"kind": content.get("kind"), "files": content["files"]}
    return {"kind": None, "files": {}}


def _files(folder):
    """Everything in a folder except its mark: path -> size in bytes, or None for folders."""
    found = {path.relative_to(folder).as_posix(): os.lstat(path) for path in sorted(folder.rglob("*"))}
    found.pop(MARK, None)
    return {name: None if stat.S_ISDIR(state.st_mode) else state.st_size for name, state in found.items()}


def _replace_folder(new, path, kind, where):
    """Moves a folder to `path`, although another writer may do the same between any two of these steps."""
    aside = None
    while True:
        try:
            os.rename(new, path)  # this replaces at most an empty folder
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                if aside is not None:
                    os.rename(aside, path)
                raise
        try:
            if _exchange(new, path):
                aside = new
            else:
                aside = pathlib.Path(tempfile.mkdtemp(dir=new.parent), path.name)
                os.rename(path, aside)
        except FileNotFoundError:  # another writer has just moved it
            aside = None
            continue
        try:
            _check_replaceable(aside, kind, where)  # again, as a file may have been added meanwhile
        except FileExistsError:
            if aside is not new or not _exchange(new, path):
                os.rename(aside, path)
            raise
        if aside is new:
            return


def _exchange(one, other):
    """Exchanges two paths in one step, so that readers always find one; returns False if not supported."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, TypeError, AttributeError):  # not Linux, or a C library before 2018
        return False
    if not renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE):
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):  # not supported by this file system
        return False
    raise OSError(number, os.strerror(number), os.fspath(other))


def _keep_permissions(old, new):
    """Gives a file, or each file of a folder, the permissions and owner of the file that it replaces."""
    for path in (new, *new.rglob("*")):
        try:
            state = os.lstat(old / path.relative_to(new))
        except (FileNotFoundError, NotADirectoryError):
            continue
        if hasattr(os, "chown"):
            with contextlib.suppress(PermissionError):
                os.chown(path, state.st_uid, state.st_gid)
        os.chmod(path, stat.S_IMODE(state.st_mode))


def _full_disk(error):
    """The system's error number if an exception was caused by a full disk, a quota or a limit; else None.

    Libraries in Rust and C++ raise other exceptions, which only contain the system's message.
    """
    while error is not None:
        for number in _FULL:
            if getattr(error, "errno", None) == number or os.strerror(number) in str(error):
                return number
        error = error.__cause__ or error.__context__
    return None


@contextlib.contextmanager
def _temporary_folder(parent):
    """Yields a new folder that is locked as long as this process lives, and removes it at the end."""
    while True:
        folder = pathlib.Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=parent))
        # Before it is locked, another process may remove it as one that was left behind.
        with contextlib.suppress(BlockingIOError):
            lock = _lock(folder)
            if folder.exists():
                break
            if lock is not None:
                os.close(lock)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _remove_left_behind(parent):
    """Removes the temporary folders that killed processes left behind, which are not locked."""
    for folder in parent.glob(f"{_TEMPORARY}*"):
        try:
            lock = _lock(folder)
        except BlockingIOError:
            continue
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock(folder):
    """Locks a folder and returns a handle to close later, or None if folders cannot be locked here.

    Raises:
        BlockingIOError: if another process or thread holds the lock.
    """
    if fcntl is None:
        return None
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise
        return None  # some network file systems do not support locks
    return handle
