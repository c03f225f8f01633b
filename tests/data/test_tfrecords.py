import numpy as np
import pytest
import tensorflow as tf

from kerasbert.data import read_csv, read_tfrecord, write_tfrecord

TOKENS = {"token_ids": [2, 7, 3], "segment_ids": [0, 0, 0], "padding_mask": [1, 1, 1]}
NAMES = tuple(TOKENS)


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        ([("a film", "good"), ("", "bad"), ("漢🎉\0", "good")], {}),
        ([("a", 1), ("b", -2)], {}),
        ([("a", 0.5), ("b", -2.25)], {}),
        ([(("a", "b"), "x")], {"text_pair": "text_pair"}),
        ([("a", ["x", "y"]), ("b", []), ("c", ["x"])], {"label_list": True}),
        ([("a", [0.5, 1.5])], {"label_list": True}),
        ([(["In", "Bonn"], ["O", "B-LOC"]), ([], [])], {"words": "words"}),
        ([(("a", ["b", "c"]), 1)], {"choices": "choices"}),
        ([(TOKENS, 1)], {"tokens": NAMES}),
        ([("x" * 100_000, "y")], {}),
        ([], {}),
    ],
    ids=range(11),
)
@pytest.mark.parametrize("name", ["rows.tfrecord", "rows.tfrecord.gz"])
def test_what_is_written_is_read(tmp_path, rows, options, name):
    assert write_tfrecord(tmp_path / name, iter(rows)) == len(rows)
    stream = read_tfrecord(tmp_path / name, **options)
    assert list(stream) == rows
    assert list(stream) == rows


def test_another_readers_rows_with_and_without_labels(tmp_path):
    (tmp_path / "rows.csv").write_text("text,label\na,b\n")
    for label in ("label", None):
        rows = read_csv(tmp_path / "rows.csv", label=label)
        write_tfrecord(tmp_path / "rows", rows)
        assert list(read_tfrecord(tmp_path / "rows", label=label)) == list(rows)


def test_arrays_are_written_too(tmp_path):
    x = {name: np.array(value) for name, value in TOKENS.items()}
    write_tfrecord(tmp_path / "rows", [(x, np.int64(3)), (x, np.float32(0.5))])
    assert list(read_tfrecord(tmp_path / "rows", tokens=NAMES)) == [(TOKENS, 3), (TOKENS, 0.5)]


def example(**features):
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def strings(*values):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


BAD = [
    (b"no example", "tf.train.Example"),
    (example(text=strings(b"a")), "a value in `label`"),
    (example(label=strings(b"a")), "a value in `text`"),
    (example(text=strings(b"\xff"), label=strings(b"x")), "UTF-8"),
    (example(text=strings(b"a", b"b"), label=strings(b"x")), "`text` must have one value"),
    (example(text=strings(b"a"), label=strings(b"x", b"y")), "`label` must have one value"),
    (example(text=strings(b"a"), label=strings()), "`label` must have one value"),
    (
        example(text=tf.train.Feature(int64_list=tf.train.Int64List(value=[1])), label=strings(b"x")),
        "must be a str",
    ),
]


@pytest.mark.parametrize(("record", "message"), BAD, ids=range(len(BAD)))
def test_a_bad_record_stops_or_is_left_out(tmp_path, record, message):
    path, good = str(tmp_path / "rows"), example(text=strings(b"a"), label=strings(b"x"))
    with tf.io.TFRecordWriter(path) as file:
        for one in (good, record, good):
            file.write(one)
    with pytest.raises(ValueError, match=f"{message}.*record 1"):
        list(read_tfrecord(path))
    with pytest.warns(UserWarning, match="1 of 3 rows were left out.*record 1"):
        assert list(read_tfrecord(path, on_bad="skip")) == [("a", "x")] * 2


def test_a_damaged_file_is_an_error(tmp_path):
    path = tmp_path / "rows"
    write_tfrecord(path, [("a", "b")] * 3)
    whole = path.read_bytes()
    for content in (whole[:-1], whole[:20] + b"?" + whole[21:], b"text,label\na,b\n" * 9):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"must be whole.*rows"):
            list(read_tfrecord(path, on_bad="skip"))
    with pytest.raises(FileNotFoundError):
        read_tfrecord(tmp_path / "absent")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("a", None), "str, a number, or a list.*row 1: label"),
        (("a", [1, "b"]), "row 1: label"),
        (("a", [("Bonn", 3)]), "row 1: label"),
        (("a", "b", 1.0), "`x` and its label.*row 1"),
        ("a", "`x` and its label.*row 1"),
    ],
)
def test_what_cannot_be_written_leaves_the_old_file(tmp_path, row, message):
    path = tmp_path / "rows"
    write_tfrecord(path, [("a", "b")])
    with pytest.raises(TypeError, match=message):
        write_tfrecord(path, [("a", "b"), row])
    assert list(read_tfrecord(path)) == [("a", "b")]
    assert [file.name for file in tmp_path.iterdir()] == ["rows"]
