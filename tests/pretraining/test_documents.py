import bz2
import gzip
import json
import lzma

import pytest

from kerasbert.pretraining import Corpus, documents

TEXT = "Rain fell.\nIt was late.\n\n\n  \nA ring lay there.\n"
DOCUMENTS = [["Rain fell.", "It was late."], ["A ring lay there."]]


def written(folder, content, name="corpus.txt"):
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / name


@pytest.mark.parametrize(
    ("layout", "content"),
    [
        ("blank_lines", TEXT),
        ("blank_lines", "\ufeff" + TEXT.replace("\n", "\r\n").rstrip("\r\n")),
        ("json", '{"text": "Rain fell.\\nIt was late."}\n\n{"id": 3, "text": "A ring lay there."}'),
        (
            "json",
            '{"text": ""}\n{"text": "Rain fell.\\n\\nIt was late.\\n"}\n{"text": "A ring lay there."}\n',
        ),
    ],
)
def test_documents_of_each_layout(tmp_path, layout, content):
    assert list(Corpus(written(tmp_path, content), layout)) == DOCUMENTS


def test_a_document_a_line(tmp_path):
    assert list(Corpus(written(tmp_path, TEXT), "lines")) == [
        [line] for document in DOCUMENTS for line in document
    ]


@pytest.mark.parametrize(("ending", "compress"), [(".gz", gzip), (".bz2", bz2), (".xz", lzma)])
def test_compressed_files(tmp_path, ending, compress):
    data = compress.compress((TEXT + "\n").encode() * 5000)  # more than one block
    assert list(Corpus(written(tmp_path, data, "corpus.txt" + ending))) == DOCUMENTS * 5000


def test_files_come_in_the_order_of_their_names(tmp_path):
    for name in ("b.txt", "a.txt", "c.json"):
        written(tmp_path, name, name)
    assert list(Corpus(tmp_path / "*.txt")) == [["a.txt"], ["b.txt"]]
    assert list(Corpus([tmp_path / "b.txt", str(tmp_path / "a*"), tmp_path / "b.txt"])) == [
        ["a.txt"],
        ["b.txt"],
    ]


def test_other_file_systems():
    from tensorflow.io import gfile

    with gfile.GFile("ram://corpus.txt", "w") as file:
        file.write(TEXT)
    assert list(Corpus("ram://corpus.txt")) == DOCUMENTS


@pytest.mark.parametrize("word", ["rain ", "雨", "x"])
def test_a_line_of_any_length_comes_in_pieces_and_whole(tmp_path, monkeypatch, word):
    monkeypatch.setattr(documents, "_BLOCK", 100)
    line = (word * 1000).strip()
    first, second = Corpus(written(tmp_path, f"before\n{line}\n\nafter\n"))
    assert first[0] == "before"
    assert "".join(first[1:]) == line
    assert max(len(piece.encode()) for piece in first) <= 100
    assert second == ["after"]
    if word == "rain ":
        assert {piece.strip().split(" ")[0] for piece in first[1:]} == {"rain"}


def test_a_long_line_of_blanks_does_not_end_a_document_early(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "_BLOCK", 100)
    blanks = " " * 1000
    (document,) = Corpus(written(tmp_path, f"one{blanks}two{blanks}\nthree"))
    assert " ".join(document).split() == ["one", "two", "three"]


def test_json_spells_what_utf8_cannot(tmp_path):
    line = json.dumps({"text": "half \ud800 a pair, whole \U0001f642, nul \0."})
    assert list(Corpus(written(tmp_path, line), "json")) == [["half \ufffd a pair, whole \U0001f642, nul ."]]


CUT_GZIP = gzip.compress(b"text\n" * 9999, mtime=0)[:-20]  # the same name for the test each time


@pytest.mark.parametrize(
    ("content", "name", "layout", "message"),
    [
        (b"text\n\xff\xfe\x00binary", "corpus.bin", "blank_lines", r"UTF-8 text.*corpus.bin, line 2"),
        (b"fine\n\ntext \xe9\n", "latin1.txt", "lines", r"UTF-8 text.*latin1.txt, line 3"),
        ("text".encode("utf-16-le"), "utf16.txt", "blank_lines", r"NUL.*convert other encodings"),
        (CUT_GZIP, "cut.txt.gz", "blank_lines", r"must be whole.*cut.txt.gz"),
        (b"plain text", "plain.gz", "blank_lines", r"must be whole.*plain.gz"),
        (b"plain text", "plain.xz", "blank_lines", r"must be whole.*plain.xz"),
        (b'{"text": "a"}\n{"body": "b"}\n', "a.jsonl", "json", r"text under 'text'.*KeyError.*line 2"),
        (b'{"text": 3}', "a.jsonl", "json", r"text under 'text'.*int.*line 1"),
        (b"not json", "a.jsonl", "json", r"JSON object"),
        (b'["text"]', "a.jsonl", "json", r"JSON object"),
    ],
)
def test_what_is_not_text_is_refused_with_its_place(tmp_path, content, name, layout, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        list(Corpus(written(tmp_path, content, name), layout))


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="must be the name of a file"):
        Corpus(tmp_path / "*.txt")
    with pytest.raises(FileNotFoundError, match=r"folder/\*.txt"):
        Corpus(tmp_path)
    with pytest.raises(ValueError, match="must name at least one file"):
        Corpus([])
    with pytest.raises(ValueError, match="`layout` must be one of"):
        Corpus(tmp_path, layout="xml")
