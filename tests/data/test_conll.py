import itertools

import pytest

from kerasbert.data import detect, entities, read_conll


def write(tmp_path, text):
    path = tmp_path / "rows.conll"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_tabs_windows_lines_a_byte_order_mark_documents_and_blank_rows(tmp_path):
    path = write(
        tmp_path, "\ufeff-DOCSTART-\tO\r\n\r\n# is\tO\r\nBonn\tB-LOC\r\n\t\r\n\r\n-DOCSTART-\tO\r\nHi\tO"
    )
    assert list(read_conll(path)) == [(["# is", "Bonn"], ["O", "B-LOC"]), (["Hi"], ["O"])]


def test_columns_of_blanks_and_any_order(tmp_path):
    path = write(tmp_path, "I-NP  EU NNP I-ORG \nO rejects VBZ O\n\nO . . O\n")
    assert list(read_conll(path, word=1)) == [(["EU", "rejects"], ["I-ORG", "O"]), (["."], ["O"])]
    assert next(iter(read_conll(path, word=1, label=0))) == (["EU", "rejects"], ["I-NP", "O"])
    # A blank inside a word, where a TAB separates.
    assert list(read_conll(write(tmp_path, "New York\tB\n"))) == [(["New York"], ["B"])]


def test_comments_are_words_unless_told_otherwise(tmp_path):
    path = write(tmp_path, "# O\n#x O\na O\n")
    assert next(iter(read_conll(path)))[0] == ["#", "#x", "a"]
    assert next(iter(read_conll(path, comment="#")))[0] == ["a"]


def test_odd_words_stay(tmp_path):
    odd = ["\u00a0", "\u3000", "\u200b", "\x85", "👩‍🚀", "\u2028", "a\rb", "x" * 100_000]
    path = write(tmp_path, "".join(f"{word}\tO\n" for word in odd))
    assert next(iter(read_conll(path)))[0] == odd


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("Bonn", "as many columns as the first row, 2.*line='Bonn'.*line 4"),
        ("Bonn\tB\tx", "line 4"),
        ("Bonn\t", "may be empty.*line 4"),
        ("\tB", "may be empty.*line 4"),
        (b"\xff\tO", "UTF-8.*byte=0.*line 4"),
        ("Bonn\0\tO", "NUL.*line 4"),
        ("\tB\n\tC", "may be empty.*line 4"),  # the first of a sentence is named
    ],
)
def test_bad_rows_are_named_or_their_sentences_left_out(tmp_path, bad, message):
    bad = bad if isinstance(bad, bytes) else bad.encode()
    path = write(tmp_path, b"a\tO\n\nb\tO\n" + bad + b"\nc\tO\n\nd\tO\n")
    with pytest.raises(ValueError, match=message):
        list(read_conll(path))
    with pytest.warns(UserWarning, match=rf"^1 of 3 rows were left out.*{message}") as caught:
        rows = list(read_conll(path, on_bad="skip"))
    assert len(caught) == 1
    assert [words for words, _ in rows] == [["a"], ["d"]]


def test_errors_say_what_is_wrong(tmp_path):
    with pytest.raises(ValueError, match="a column for the word and another for its label"):
        list(read_conll(write(tmp_path, "a\tO\n"), label=2))


def test_it_streams(tmp_path):
    path = write(tmp_path, "a\tO\n\nb\n")
    rows = iter(read_conll(path))
    assert next(rows) == (["a"], ["O"])
    with pytest.raises(ValueError, match="line 3"):
        next(rows)
    assert list(read_conll(write(tmp_path, "\n\n"))) == []


@pytest.mark.parametrize(
    ("name", "sentences", "scheme", "types"),
    [
        ("wnut17/train.conll", 3394, "BIO", 6),
        ("wikigold/wikigold.conll.txt", 1696, "IOB1", 4),
        ("bc5cdr/devel.tsv", 4581, "BIO", 2),
        ("ncbi_disease/test.tsv", 940, "BIO", 1),
    ],
)
def test_public_sets(shared_data, name, sentences, scheme, types):
    words, labels = zip(*read_conll(shared_data / name), strict=True)
    assert len(words) == sentences
    assert detect(labels) == scheme
    assert len({type_ for *_, type_ in itertools.chain(*map(entities, labels))}) == types
