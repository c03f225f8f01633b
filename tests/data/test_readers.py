import pytest

from kerasbert.data import read_csv


def write(tmp_path, text):
    path = tmp_path / "rows.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_quoted_fields_columns_in_any_order_and_a_byte_order_mark(tmp_path):
    path = write(tmp_path, '\ufefflabel,id,text\r\ngood,1,"a, b\nc"\r\nbad,2,""\r\n')
    assert list(read_csv(path).as_numpy_iterator()) == [(b"a, b\nc", b"good"), (b"", b"bad")]


def test_tsv_without_quoting(tmp_path):
    path = write(tmp_path, 'text\tlabel\n"so it goes\tgood\n')
    rows = read_csv(path, separator="\t", quoted=False)
    assert list(rows.as_numpy_iterator()) == [(b'"so it goes', b"good")]


def test_pairs_and_texts_alone(tmp_path):
    path = write(tmp_path, "question,sentence,label\nq,s,yes\n")
    pairs = read_csv(path, text="question", text_pair="sentence")
    assert list(pairs.as_numpy_iterator()) == [((b"q", b"s"), b"yes")]
    assert list(read_csv(path, text="question", label=None).as_numpy_iterator()) == [b"q"]


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"missing=\['label'\].*header=\['text', 'y'\]"):
        read_csv(write(tmp_path, "text,y\na,b\n"))
    with pytest.raises(ValueError, match="missing"):
        read_csv(write(tmp_path, ""))
    with pytest.raises(FileNotFoundError):
        read_csv(tmp_path / "absent.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("text,label\na,b\na,b,c\n", r"rows\.csv, line 3.*"),
        ("text,label\na\n", "line 2"),
        (b"text,label\na,b\n\xff\xfe,b\n", "UTF-8"),
    ],
)
def test_a_bad_row_is_an_error_that_names_the_line(tmp_path, text, message):
    with pytest.raises(Exception, match=message):
        list(read_csv(write(tmp_path, text)))
