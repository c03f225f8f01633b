"""Reads text files line by line, compressed or not."""

import bz2
import gzip
import lzma
import zlib

from kerasbert import checks

# The limit on a line, in bytes. No text is that long, but a compressed line can be a thousand times as long
# as its file.
LONGEST = 2**26
# How many times larger than its file the content of a compressed file may be: for text it is about 10 times.
MOST_INFLATED = 100
OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
# The exceptions that a damaged or truncated compressed file raises.
DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError)


def open_bytes(path):
    """Opens a `pathlib.Path` to read bytes; `.gz`, `.bz2` and `.xz` are decompressed."""
    return OPENERS.get(path.suffix, open)(path, "rb")


def read_whole(path):
    """Reads all bytes of a `pathlib.Path`; ValueError if the file is damaged or its content is too large."""
    most = max(MOST_INFLATED * path.stat().st_size, LONGEST)
    with open_bytes(path) as file:
        try:
            content = file.read(most + 1)
        except DAMAGED as error:
            raise checks.invalid(
                "A compressed file must be whole.",
                fix="Download it again.",
                where=str(path),
                reason=str(error),
            ) from error
    if len(content) > most:
        raise checks.invalid(
            f"A compressed file must hold at most {MOST_INFLATED} times its size, as text files do.",
            fix="If the file is correct, decompress it first.",
            where=str(path),
            more_than_bytes=most,
        )
    return content


def read_lines(path):
    """Streams the lines of a file. Only a line feed ends a line.

    Args:
        path: `pathlib.Path`, UTF-8, with or without a byte order mark.

    Yields:
        Triples: the place of a line, a str for error messages; the line, a str with its line end; and the
        error in the line, or None.

    Raises:
        ValueError: if a compressed file is damaged, or a line is longer than `LONGEST`.
    """
    number = 0
    with open_bytes(path) as file:
        try:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST + 1), b""), 1):
                if len(line) > LONGEST:
                    raise checks.invalid(
                        f"A line must have at most {LONGEST >> 20} MiB.",
                        fix="Write one row per line; check that this is the right file.",
                        where=f"{path}, line {number}",
                        begins=line[:80],
                    )
                yield _decoded(line, number, f"{path}, line {number}")
        except DAMAGED as error:
            raise checks.invalid(
                "A compressed file must be whole.",
                fix="Download it again.",
                where=f"{path}, after line {number}",
                reason=str(error),
            ) from error


def _decoded(line, number, where):
    error = None
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as problem:
        text = line.decode("utf-8", "replace")
        error = checks.invalid(
            "A line must be UTF-8.",
            fix='Convert the file to UTF-8, or pass on_bad="skip".',
            where=where,
            byte=problem.start,
            value=line[problem.start : problem.end],
        )
    if error is None and "\0" in text:
        error = checks.invalid(
            "A line must not contain the character NUL.",
            fix='If the file is UTF-16, convert it to UTF-8; or pass on_bad="skip".',
            where=where,
            character=text.index("\0"),
        )
    return where, text, error
