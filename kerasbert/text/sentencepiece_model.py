"""Reads the model files of SentencePiece: `sentencepiece.bpe.model`, `spiece.model`."""

import dataclasses
import pathlib
import struct

from kerasbert import checks

_MOST_BYTES = 1 << 28
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5  # wire types of protocol buffers
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)  # types of pieces
UNIGRAM, BPE = 1, 2  # types of models


@dataclasses.dataclass(frozen=True)
class ModelFile:
    """What a SentencePiece model file says.

    Args:
        pieces: list of str.
        scores: list of float.
        types: list of int, `NORMAL` and so on.
        charsmap: bytes, empty if texts are not normalised.
        settings: dict, the other settings that decide how texts are split, by their names in SentencePiece.
    """

    pieces: list[str]
    scores: list[float]
    types: list[int]
    charsmap: bytes
    settings: dict[str, int]


def read_model_file(path):
    """Reads a model file, a `ModelProto` of sentencepiece_model.proto.

    Args:
        path: str or path.

    Returns:
        `ModelFile`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a SentencePiece model.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise checks.invalid(
            "The SentencePiece model file must exist.",
            fix="Check the path; it is called sentencepiece.bpe.model, spiece.model or tokenizer.model.",
            kind=FileNotFoundError,
            path=str(path),
        )
    if path.stat().st_size > _MOST_BYTES:
        raise _damaged(path, "it is larger than 256 MB")
    content = path.read_bytes()
    pieces, scores, types = [], [], []
    trainer, normalizer = {}, {}
    try:
        for number, value in _fields(content):
            if number == 1:
                piece = dict(_fields(value))
                pieces.append(piece[1].decode())
                scores.append(struct.unpack("<f", piece.get(2, bytes(4)))[0])
                types.append(piece.get(3, NORMAL))
            elif number == 2:
                trainer |= dict(_fields(value))
            elif number == 3:
                normalizer |= dict(_fields(value))
        settings = {
            "model_type": trainer.get(3, UNIGRAM),
            "treat_whitespace_as_suffix": trainer.get(24, 0),
            "byte_fallback": trainer.get(35, 0),
            "add_dummy_prefix": normalizer.get(3, 1),
            "remove_extra_whitespaces": normalizer.get(4, 1),
            "escape_whitespaces": normalizer.get(5, 1),
        }
        charsmap = normalizer.get(2, b"")
        good = all(isinstance(value, int) for value in (*settings.values(), *types))
        if not good or not isinstance(charsmap, bytes) or not pieces:
            raise ValueError("a field has another type, or there are no pieces")
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, struct.error) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    return ModelFile(pieces, scores, types, charsmap, settings)


def _fields(content):
    """Yields the (number, value) of each field of a message: int, or bytes for strings, messages, floats."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, place = _varint(content, place)
        else:
            if kind == _BYTES:
                size, place = _varint(content, place)
            elif kind in (_FOUR_BYTES, _EIGHT_BYTES):
                size = 4 if kind == _FOUR_BYTES else 8
            else:
                raise ValueError(f"wire type {kind}")
            value, place = content[place : place + size], place + size
            if place > len(content):
                raise ValueError("the file ends within a field")
        yield number, value


def _varint(content, place):
    value = 0
    for shift in range(0, 70, 7):
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("a number has more than ten bytes")


def _damaged(path, reason):
    return checks.invalid(
        "The file must be a SentencePiece model.",
        fix="Download it again, or pass another file.",
        where=str(path),
        reason=reason,
    )
