"""CSV and JSON lines: what is read, and what becomes of every kind of bad row."""

import bz2
import csv
import gzip
import json
import lzma
import re
import warnings

import pytest

from kerasbert.data import read_conll, read_csv, read_json_lines, read_squad

GIANT = "x" * 100_000


def write(tmp_path, content, name="rows"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def silently(rows):
    """All rows, if there is no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return list(rows)


# === What is read ===

TABLES = [
    ('\ufefflabel,id,text\r\ngood,1,"a, b\nc"\r\nbad,2,""\r\n', {}, [("a, b\nc", "good"), ("", "bad")]),
    ('text\tlabel\n"so it goes\tgood\n', {"separator": "\t", "quoted": False}, [('"so it goes', "good")]),
    ("q,s,label\na,b,yes\n", {"text": "q", "text_pair": "s"}, [(("a", "b"), "yes")]),
    ("text,label\na,b\n", {"label": None}, ["a"]),
    ("text,x,y,label\na,b,c,1\n", {"choices": ["x", "y"], "parse_label": int}, [(("a", ["b", "c"]), 1)]),
    ("text,label\na,-1.5\n", {"parse_label": float}, [("a", -1.5)]),
    ("text,label\na,x;y\nb,z\n", {"parse_label": lambda s: s.split(";")}, [("a", ["x", "y"]), ("b", ["z"])]),
    ("text,x,y\na,1,0\n", {"label": ["x", "y"], "parse_label": float}, [("a", [1.0, 0.0])]),
    ("\n\ntext,label\n\na,b\n\r\n\n", {}, [("a", "b")]),  # blank lines
    ('text,label\n"a\rb",c\n"d\r\ne",f', {}, [("a\rb", "c"), ("d\r\ne", "f")]),
    ('text,label\n5" film,"say ""no"""\n', {}, [('5" film', 'say "no"')]),
    ("text,label\n\u2028\x85\x0b\x1c,漢🎉\n", {}, [("\u2028\x85\x0b\x1c", "漢🎉")]),  # no line ends
    (f"text,label\n{GIANT},b\n", {}, [(GIANT, "b")]),
    ("text,label\n", {}, []),
]  # fmt: skip
OBJECTS = [
    ('{"text": "a", "label": "b"}\n', {}, [("a", "b")]),
    ('\ufeff{"text": "a", "label": 1.5}\r\n\n  \n', {}, [("a", 1.5)]),
    ('{"text": "a", "label": ["x", "y"], "more": null}', {}, [("a", ["x", "y"])]),
    ('{"q": "a", "s": "b", "label": 0}', {"text": "q", "text_pair": "s"}, [(("a", "b"), 0)]),
    ('{"text": "\\u0000\\r\\n\\ud83c\\udf89"}', {"label": None}, ["\0\r\n🎉"]),
    ('{"tokens": ["a", "b"], "label": [0, 1]}', {"words": "tokens"}, [(["a", "b"], [0, 1])]),
    ('{"text": "a", "ends": ["b", "c"], "label": 1}', {"choices": "ends"}, [(("a", ["b", "c"]), 1)]),
    ('{"text": "a", "e0": "b", "e1": "c", "label": 1}', {"choices": ["e0", "e1"]}, [(("a", ["b", "c"]), 1)]),
    ('{"text": "a", "x": 1, "y": 2.5}', {"label": ["x", "y"]}, [("a", [1, 2.5])]),
    (json.dumps({"text": GIANT, "label": 1}), {}, [(GIANT, 1)]),
    ("", {}, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("read", "content", "options", "rows"),
    [(read_csv, *case) for case in TABLES] + [(read_json_lines, *case) for case in OBJECTS],
    ids=lambda v: None,
)
def test_rows_are_read_again_and_again(tmp_path, read, content, options, rows):
    stream = read(write(tmp_path, content), **options)
    assert silently(stream) == rows
    assert silently(stream) == rows
    assert stream.labelled == (options.get("label", "") is not None)


# === Bad rows ===

# Each stands after line 2 of a file, between two good rows.
BAD_ROWS = [
    (b"c", {}, "must have 2 fields.*fields=1.*line 3"),
    (b"c,d,e", {}, "fields=3.*line 3"),
    (b"12\xff,c", {}, r"UTF-8.*byte=2, value=b'\\xff'.*line 3"),
    (b'"c\n\xe6",d', {}, "byte=0.*line 4"),  # in the second line of a row
    (b"c\0,d", {}, "NUL.*character=1.*line 3"),
    (b"c\rd,e", {}, "must be valid CSV.*new-line character.*line 3"),
    (b'"c"d,e', {}, "must be valid CSV.*line 3.*Close its quotes"),
    (b"b,?", {"parse_label": float}, r"`parse_label`.*value='\?'.*could not convert.*line 3"),
    (b"b,", {"parse_label": float}, "`parse_label`.*line 3"),
]
BAD_OBJECTS = [
    ("{", {}, "one JSON object.*line 3"),
    ('["a", "b"]', {}, "one JSON object.*line 3"),
    ("3", {}, "one JSON object"),
    ("[" * 100_000, {}, "one JSON object.*line 3"),
    ('{"text": "a"}', {}, r"value in `label`.*fields=\['text'\].*line 3"),
    ('{"label": "a"}', {}, "value in `text`.*line 3"),
    ('{"text": null, "label": 1}', {}, "value in `text`.*line 3"),
    ('{"text": "a", "label": null}', {}, "value in `label`.*line 3"),
    ('{"text": "a", "label": NaN}', {}, "value in `label`.*value=nan.*line 3"),
    ('{"text": 7, "label": 1}', {}, "`text` must be a str.*value=7.*line 3"),
    ('{"text": "a", "label": 1}\0', {}, "NUL.*line 3"),
    (b'{"text": "\xff"}', {}, "byte=10.*line 3"),
    ('{"text": "a b", "label": [1]}', {"words": "text"}, "`text` must be a list of str.*line 3"),
    ('{"text": ["a", 1], "label": [1, 1]}', {"words": "text"}, "must be a list of str.*line 3"),
]


def check_bad(read, path, options, message, left):
    with pytest.raises(ValueError, match=message):
        list(read(path, **options))
    stream = read(path, on_bad="skip", **options)
    with pytest.warns(
        UserWarning, match=rf"^1 of {len(left) + 1} rows were left out\. The first: "
    ) as caught:
        assert list(stream) == left
    assert len(caught) == 1
    assert re.search(message, str(caught[0].message))
    assert silently(stream) == left  # said once


@pytest.mark.parametrize(("row", "options", "message"), BAD_ROWS, ids=range(len(BAD_ROWS)))
def test_a_bad_row_stops_or_is_left_out(tmp_path, row, options, message):
    path = write(tmp_path, b"text,label\na,1\n" + row + b"\nz,2\n")
    labels = [1.0, 2.0] if options else ["1", "2"]
    check_bad(read_csv, path, options, message, list(zip("az", labels, strict=True)))


@pytest.mark.parametrize(("line", "options", "message"), BAD_OBJECTS, ids=range(len(BAD_OBJECTS)))
def test_a_bad_line_stops_or_is_left_out(tmp_path, line, options, message):
    row = (["a"], ["b"]) if options else ("a", "b")
    good = json.dumps(dict(zip(("text", "label"), row, strict=True))).encode() + b"\n"
    line = line if isinstance(line, bytes) else line.encode()
    path = write(tmp_path, good + b"\n" + line + b"\n" + good)
    check_bad(read_json_lines, path, options, message, [row] * 2)


def test_a_quote_that_is_never_closed_swallows_no_rows_silently(tmp_path):
    path = write(tmp_path, 'text,label\na,1\n"b,2\nc,3\n')
    check_bad(read_csv, path, {}, "unexpected end of data.*line 3", [("a", "1")])
    limit = csv.field_size_limit(20)
    try:  # beyond the limit, reading goes on
        path = write(tmp_path, 'text,label\na,1\n"b,2\n' + "c,3\n" * 7)
        with pytest.warns(UserWarning, match=r"1 of 4 rows.*limit \(20\)', read_up_to_line=8.*line 3"):
            assert list(read_csv(path, on_bad="skip")) == [("a", "1"), ("c", "3"), ("c", "3")]
    finally:
        csv.field_size_limit(limit)


def test_the_header_must_be_right_whatever_becomes_of_rows(tmp_path):
    for content, message in (
        ("text,y\na,b\n", r"missing=\['label'\].*header=\['text', 'y'\].*line 1"),
        ("text,label,text\n", r"once.*missing=\['text'\]"),
        ("", r"missing=\['text', 'label'\], header=\[\]"),
        ("\n\n", "missing"),
        (b"\xff\xfet\0e\0", "UTF-8.*byte=0.*line 1"),
        ('"text', "Close its quotes"),
    ):
        with pytest.raises(ValueError, match=message):
            read_csv(write(tmp_path, content), on_bad="skip")


@pytest.mark.parametrize("read", [read_csv, read_json_lines, read_conll, read_squad])
def test_arguments(tmp_path, read):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "absent")
    with pytest.raises(ValueError, match="`on_bad` must be one of 'stop', 'skip'"):
        read(write(tmp_path, "text,label\n"), on_bad="warn")


# === Compressed files ===

PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
CONTENTS = {
    read_csv: "text,label\na,b\n",
    read_json_lines: '{"text": "a", "label": "b"}\n',
    read_conll: "a b\n\n",
    read_squad: '{"data": []}',
}


@pytest.mark.parametrize("ending", PACKERS)
def test_compressed_files(tmp_path, ending):
    for read, content in CONTENTS.items():
        packed = PACKERS[ending](content.encode())
        rows = read(write(tmp_path, packed, f"rows.{ending}"))
        assert len(rows) == 0 if read is read_squad else len(silently(rows)) == 1
        for damaged in (packed[:-9], b"plain"):
            with pytest.raises(ValueError, match=rf"rows\.{ending}"):
                list(read(write(tmp_path, damaged, f"rows.{ending}"), on_bad="skip"))
