"""Reads files of raw text document by document."""

import dataclasses
import json
import lzma
import os
import zlib
from collections.abc import Iterator, Sequence

from kerasbert import checks
from kerasbert.data.lines import LONGEST, OPENERS
from kerasbert.optional import tensorflow as tf
from kerasbert.types import PathLike

LAYOUTS = ("blank_lines", "lines", "json")
_BLOCK = 1 << 20  # how many bytes are read at a time, and the longest piece of a line that is kept in memory


@dataclasses.dataclass(frozen=True)
class Corpus:
    """Text files, and how documents are separated in them.

    Files are streamed as UTF-8, and decompressed if their name ends in `.gz`, `.bz2` or `.xz`. They may be on
    any file system that TensorFlow supports. A line that is longer than 1 MiB is split into pieces, at a
    space if possible.

    Args:
        files: str or path, which may contain the wildcards `*` and `?`; or a sequence of these.
        layout: str. `"blank_lines"`: lines of text, and a blank line between documents, as for the original
            `create_pretraining_data`. `"lines"`: one document per line. `"json"`: one JSON object per line.
        field: str, the name of the text in a JSON object; line breaks in the text separate lines.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if an argument is not valid; while reading, if a file is not text or is damaged. The
            message names the file and the line.

    Example:

    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "corpus.txt"
    >>> _ = file.write_text("It rained.\\nWe stayed.\\n\\nA ring was found.\\n")
    >>> list(Corpus(file))
    [['It rained.', 'We stayed.'], ['A ring was found.']]
    """

    files: PathLike | Sequence[PathLike]
    layout: str = "blank_lines"
    field: str = "text"
    paths: tuple[str, ...] = dataclasses.field(init=False, repr=False)

    def __post_init__(self):
        checks.one_of("Corpus", LAYOUTS, layout=self.layout)
        one = isinstance(self.files, (str, os.PathLike))
        patterns = [os.fspath(file) for file in ([self.files] if one else self.files)]
        paths = []
        for pattern in patterns:
            found = [path for path in tf.io.gfile.glob(pattern) if not tf.io.gfile.isdir(path)]
            if not found:
                raise checks.invalid(
                    "Every item of `files` must be the name of a file, or a pattern that matches one.",
                    fix='Check the path; for the files of a folder, write "folder/*.txt".',
                    where="Corpus",
                    kind=FileNotFoundError,
                    files=pattern,
                )
            paths += found
        if not paths:
            raise checks.invalid(
                "`files` must name at least one file.", fix="Pass one.", where="Corpus", files=self.files
            )
        object.__setattr__(self, "paths", tuple(sorted(set(paths))))

    def __iter__(self) -> Iterator[list[str]]:
        """Yields the documents of all files, each a list of lines (str) that are not blank."""
        for path in self.paths:
            yield from self.documents(path)

    def documents(self, path: str) -> Iterator[list[str]]:
        """Yields the documents of one of `paths`, each a list of lines (str) that are not blank."""
        read = {"blank_lines": self._between_blanks, "lines": self._one_a_line, "json": self._json}
        return read[self.layout](path)

    @property
    def size_bytes(self) -> int:
        """int, the approximate size of the text; a compressed file counts as four times its size."""
        sizes = [(tf.io.gfile.stat(path).length, path) for path in self.paths]
        return sum(size * (4 if os.path.splitext(path)[1] in OPENERS else 1) for size, path in sizes)

    def _between_blanks(self, path):
        lines, blank = [], True
        for _, text, ends_line in _pieces(path, _BLOCK):
            if text.strip():
                lines.append(text)
                blank = False
            if ends_line:
                if blank and lines:
                    yield lines
                    lines = []
                blank = True
        if lines:
            yield lines

    def _one_a_line(self, path):
        lines = []
        for _, text, ends_line in _pieces(path, _BLOCK):
            if text.strip():
                lines.append(text)
            if ends_line and lines:
                yield lines
                lines = []

    def _json(self, path):
        for number, line, _ in _pieces(path, LONGEST):
            if not line.strip():
                continue
            try:
                text = json.loads(line)[self.field]
                if not isinstance(text, str):
                    raise TypeError(f"{self.field} is {type(text).__name__}")
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise checks.invalid(
                    f"Every line must be a JSON object with the text under {self.field!r}.",
                    fix="Pass the name of the text as `field`, or drop the line.",
                    where=f"{path}, line {number}",
                    line=line,
                    reason=repr(error),
                ) from error
            # JSON can contain half a surrogate pair, which UTF-8 cannot, and NUL, which no tokenizer keeps.
            text = text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if lines := [line for line in text.split("\n") if line.strip()]:
                yield lines


def _pieces(path, longest):
    """Yields the lines of a file; lines of more than `longest` bytes are yielded in pieces.

    Yields:
        Triples: the number of the line, from 1; a line or piece, a str; and whether it ends the line.
    """
    number, begins = 1, True
    for piece, ends_line in _cut(_blocks(path), longest):
        if begins:
            piece = piece.removeprefix(b"\xef\xbb\xbf")
            begins = False
        try:
            if b"\0" in piece:
                raise ValueError("a NUL byte")
            text = piece.decode("utf-8").removesuffix("\r")
        except ValueError as error:  # UnicodeDecodeError is a ValueError
            raise checks.invalid(
                "A corpus must be UTF-8 text.",
                fix="Leave out binary files; convert other encodings to UTF-8; decompress other formats "
                "than .gz, .bz2 and .xz.",
                where=f"{path}, line {number}",
                reason=str(error),
            ) from error
        yield number, text, ends_line
        number += ends_line


def _cut(blocks, longest):
    """Yields the lines of blocks of bytes without their ends, in pieces if they are longer than `longest`."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield line, True
        while longest is not None and len(rest) > longest:
            at = rest.rfind(b" ", 1, longest)
            if at < 0:
                at = longest
                while rest[at] & 0xC0 == 0x80 and at > longest - 4:  # inside a UTF-8 character
                    at -= 1
            yield rest[:at], False
            rest = rest[at:]
    if rest:
        yield rest, True


def _blocks(path):
    """Yields the bytes of a file, decompressed."""
    opener = OPENERS.get(os.path.splitext(path)[1])
    with tf.io.gfile.GFile(path, "rb") as file:
        stream = opener(file) if opener else file
        try:
            while block := stream.read(_BLOCK):
                yield block
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            raise checks.invalid(
                "A compressed file must be whole, and have the format that its name says.",
                fix="Download it again, or rename it.",
                where=path,
                reason=str(error),
            ) from error
