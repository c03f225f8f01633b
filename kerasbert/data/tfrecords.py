"""Reads and writes TFRecord files of `tf.train.Example`s."""

import itertools
import numbers
import pathlib
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf import message

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.data.fields import Fields
from kerasbert.data.lines import DAMAGED, LONGEST, open_bytes
from kerasbert.data.streams import RowStream, SourceStream
from kerasbert.optional import tensorflow as tf
from kerasbert.text import TOKEN_INPUTS
from kerasbert.types import PathLike

# How many records are taken out of tf.data together, because taking them one by one is slow.
AT_ONCE = 128
# Before the bytes of a record stand their number and the checksum of this number; after them, their checksum.
_HEADER = struct.Struct("<QI")
_FOOTER = 4


def write_tfrecord(path: PathLike, rows: Iterable[Any]) -> int:
    """Writes rows to a TFRecord file, which `read_tfrecord` reads.

    Each row becomes a `tf.train.Example` with the features `label` and `text`, `text_pair`, `words`,
    `choices` or those of tokens: bytes for str, int64 for ints, and float for floats, which are stored in 32
        bits.

    Args:
        path: str or path; a file that ends in `.gz` is compressed.
        rows: `RowStream`, such as `read_csv` returns; or another iterable of pairs `(x, label)`. `x` is a
            str, a pair, a list of words, a text and a list of choices, or a dict of lists of ints:
            `token_ids`, `segment_ids` and `padding_mask`. A label is a str, a number, or a list of either.

    Returns:
        int, the number of rows that were written.

    Raises:
        FileExistsError: if `path` is a folder.
        OSError: if the disk is full; a file that was there before stays as it was.
        TypeError: if a row cannot be written; the message names the row, and no file is written.

    Example:

    >>> import tempfile
    >>> path = f"{tempfile.mkdtemp()}/films.tfrecord"
    >>> write_tfrecord(path, [("what a film", "good")]), list(read_tfrecord(path))
    (1, [('what a film', 'good')])
    """
    path, count = pathlib.Path(path), 0
    stream = rows if isinstance(rows, RowStream) else RowStream(lambda: rows)
    with (
        replacing(path) as temporary,
        tf.io.TFRecordWriter(str(temporary), _compression(path)) as file,
    ):
        for where, row in stream.placed():
            columns = _columns(row if stream.labelled else (row,), where)
            features = {name: _feature(value, name, where) for name, value in columns.items()}
            example = tf.train.Example(features=tf.train.Features(feature=features))
            file.write(example.SerializeToString())
            count += 1
    return count


def _compression(path):
    return "GZIP" if path.suffix == ".gz" else ""


def _columns(row, where):
    """The features of a row, `(x, label)` or `(x,)`, by name."""
    if not isinstance(row, tuple) or len(row) > 2:
        raise checks.invalid(
            "A row must be a pair of `x` and its label.",
            fix="Pass `(x, label)`; sample weights cannot be stored.",
            where=where,
            kind=TypeError,
            row=row,
        )
    x, label = row[0], {"label": row[1]} if len(row) == 2 else {}
    if isinstance(x, dict):
        return x | label
    if isinstance(x, tuple) and len(x) == 2:
        return {"text": x[0], "text_pair" if isinstance(x[1], str) else "choices": x[1]} | label
    return {"text" if isinstance(x, str) else "words": x} | label


def _feature(value, name, where):
    values = [value] if isinstance(value, (str, numbers.Number)) else value
    values = list(values) if hasattr(values, "__iter__") else [values]
    if all(isinstance(value, str) for value in values):
        strings = [value.encode("utf-8", "replace") for value in values]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=strings))
    if all(isinstance(value, numbers.Integral) for value in values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    if all(isinstance(value, numbers.Real) for value in values):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    raise checks.invalid(
        "A feature must be a str, a number, or a list of str or of numbers.",
        fix="Convert the row.",
        where=f"{where}: {name}",
        kind=TypeError,
        value=value,
    )


def read_tfrecord(
    path: PathLike,
    text: str = "text",
    label: str | Sequence[str] | None = "label",
    text_pair: str | None = None,
    words: str | None = None,
    choices: str | None = None,
    tokens: Sequence[str] | None = None,
    label_list: bool = False,
    on_bad: str = "stop",
) -> RowStream:
    """Streams the `tf.train.Example`s of a TFRecord file.

    Args:
        path: str or path; a file that ends in `.gz` is decompressed.
        text, label, text_pair, words, choices: the names of features, as for `read_json_lines`.
        tokens: sequence of three str, the names of the features that hold `token_ids`, `segment_ids` and
            `padding_mask`, such as `("input_ids", "segment_ids", "input_mask")`, which are read instead of
            texts; or None.
        label_list: bool, whether each label is a list of several labels or numbers. With `words` it always
            is.
        on_bad: str, what to do with a record that is not an `Example` or lacks a feature: `"stop"` raises an
            error; `"skip"` leaves the record out, and a warning at the end gives the number of such records
            and the first error.

    Returns:
        `RowStream` of `(x, label)`, or of `x` if there are no labels, in the forms that `write_tfrecord`
        takes.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: while reading, if a row is invalid or the file is damaged. The message names the record.

    Example:

    >>> import tempfile
    >>> path = f"{tempfile.mkdtemp()}/tokens.tfrecord"
    >>> x = {"token_ids": [2, 7, 3], "segment_ids": [0, 0, 0], "padding_mask": [1, 1, 1]}
    >>> write_tfrecord(path, [(x, 1)])
    1
    >>> list(read_tfrecord(path, tokens=("token_ids", "segment_ids", "padding_mask"))) == [(x, 1)]
    True
    """
    path = pathlib.Path(path)
    path.open("rb").close()
    names = None if tokens is None else dict(zip(TOKEN_INPUTS, tokens, strict=True))
    fields = Fields(text, label, text_pair, words, choices, tokens=names)
    lists = {words, choices, *(tokens or ()), *((label,) if label_list or words else ())}
    source = f"read_tfrecord({str(path)!r})"
    return SourceStream(
        lambda: fields.rows(_examples(path, fields.names, lists)), fields.labelled, on_bad, source
    )


def _examples(path, names, lists):
    """For each record, yields its place, and its features or the error in it."""
    _check_lengths(path)
    records = tf.data.TFRecordDataset(str(path), _compression(path)).batch(AT_ONCE).as_numpy_iterator()
    number = None
    try:
        for number, record in enumerate(itertools.chain.from_iterable(records)):
            where = f"{path}, record {number}"
            yield where, _features(record, names, lists, where)
    except tf.errors.DataLossError as error:
        raise _not_whole(path, number, error.message) from error


def _check_lengths(path):
    """Raises ValueError if a record claims more than `LONGEST` bytes.

    TensorFlow allocates whatever length a record claims, and aborts the process if there is not enough
    memory.
    """
    number = 0
    with open_bytes(path) as file:
        try:
            while len(header := file.read(_HEADER.size)) == _HEADER.size:
                length, _ = _HEADER.unpack(header)
                if length > LONGEST:
                    raise ValueError(f"the next record claims {length} bytes, more than {LONGEST >> 20} MiB")
                file.seek(length + _FOOTER, 1)
                number += 1
        except (ValueError, *DAMAGED) as error:
            raise _not_whole(path, number, str(error)) from error


def _not_whole(path, number, reason):
    return checks.invalid(
        "A TFRecord file must be whole.",
        fix="Write the file again; the name of a compressed file must end in .gz.",
        where=f"{path}, after record {number}",
        reason=reason,
    )


def _features(record, names, lists, where):
    """The features of a record by name, as str, numbers or lists of these; or the error in the record."""
    try:
        features = tf.train.Example.FromString(record).features.feature
        found = {name: _values(features[name]) for name in names if name in features}
    except (ValueError, message.DecodeError) as error:
        return checks.invalid(
            "A record must be a `tf.train.Example`, with text in UTF-8.",
            fix='Write the file again, or pass on_bad="skip".',
            where=where,
            reason=str(error),
        )
    for name, values in found.items():
        if name not in lists and len(values) != 1:
            return checks.invalid(
                f"`{name}` must have one value.",
                fix='Pass `label_list=True` if labels are lists; or pass on_bad="skip".',
                where=where,
                values=values,
            )
    return {name: values if name in lists else values[0] for name, values in found.items()}


def _values(feature):
    values = getattr(feature, feature.WhichOneof("kind") or "bytes_list").value
    return [value.decode("utf-8") if isinstance(value, bytes) else value for value in values]
