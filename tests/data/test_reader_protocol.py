"""All readers have a length once it is known, iteration, slices, label names and a repr."""

import json

import pytest

from kerasbert.data import QuestionRows, RowStream, read_conll, read_csv, read_json_lines, read_table

COUNT = 5


def readers(folder):
    (folder / "a.csv").write_text("text,label\n" + "".join(f"film {i},{'ab'[i % 2]}\n" for i in range(COUNT)))
    rows = [{"text": f"film {i}", "label": "ab"[i % 2]} for i in range(COUNT)]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "a.conll").write_text("".join(f"film {'ab'[i % 2]}\n\n" for i in range(COUNT)))
    return {
        "read_csv": read_csv(folder / "a.csv"),
        "read_json_lines": read_json_lines(folder / "a.jsonl"),
        "read_table": read_table(rows),
        "read_conll": read_conll(folder / "a.conll"),
        "a function": RowStream(lambda: [(row["text"], row["label"]) for row in rows]),
    }


def test_one_protocol(tmp_path):
    for name, rows in readers(tmp_path).items():
        assert name in repr(rows)
        assert "not counted" in repr(rows)
        with pytest.raises(TypeError, match=r"rows\.count\(\)"):
            len(rows)
        assert rows  # a stream is no empty list
        every = list(rows)
        assert len(rows) == rows.count() == len(every) == COUNT
        assert f"{COUNT} rows" in repr(rows)
        for which in (
            slice(2),
            slice(1, 3),
            slice(3, None),
            slice(None, None, 2),
            slice(-2, None),
            slice(0, 0),
        ):
            part = rows[which]
            assert list(part) == list(part) == every[which], (name, which)
            assert list(part[1:]) == every[which][1:]
        assert (rows[0], rows[-1]) == (every[0], every[-1])
        assert rows.label_names() == ("a", "b")
        for outside in (COUNT, -COUNT - 1):
            with pytest.raises(IndexError, match="no row"):
                rows[outside]
        with pytest.raises(ValueError, match="must be positive"):
            rows[::-1]


def test_label_names_are_of_names_alone():
    with pytest.raises(TypeError, match=r"lists of names.*row 1"):
        RowStream(lambda: [("a", "x"), ("b", 1)]).label_names()
    with pytest.raises(ValueError, match="without labels"):
        RowStream(lambda: ["a"], labelled=False).label_names()
    assert RowStream(lambda: [("a", ["x", "y"]), ("b", [])]).label_names() == ("x", "y")


def test_questions_have_it_too():
    rows = QuestionRows(("a", "b", "c"), ("x",) * 3, ([], [("x", 0)], []), ("1", "2", "3"), (0, 0, 1))
    assert len(rows) == len(list(rows)) == 3
    assert list(rows)[1] == rows[1] == (("b", "x"), [("x", 0)])
    assert rows[1:].questions == ("b", "c")
    assert repr(rows) == "<QuestionRows: 3 rows of 2 articles>"


@pytest.mark.parametrize("name", ["label", "choices"])
def test_names_of_several_fields_are_no_set(tmp_path, name):
    with pytest.raises(TypeError, match="which a set does not have"):
        read_json_lines(__file__, **{name: {"a", "b"}})


# === Comments of CoNLL ===


def sentences(tmp_path, text, **kwargs):
    path = tmp_path / "it.conll"
    path.write_text(text)
    return list(read_conll(path, **kwargs))


@pytest.mark.parametrize("comment", ["# id = 1", "# sent_id = a b", "# newdoc", "# newdoc id = 7"])
def test_comments_of_conll_u_are_no_words(tmp_path, comment):
    for columns in ("In O", "In X Y O", "In\tO"):
        row = columns.replace(" ", "\t") if "\t" in columns else columns
        assert sentences(tmp_path, f"{comment}\n{row}\n\n{comment}\n{row}\n") == [(["In"], ["O"])] * 2


def test_a_line_that_could_be_either_is_an_error_until_told(tmp_path):
    text = "# id 7 domain=en\nIn X Y O\n"
    with pytest.raises(ValueError, match="either a comment or a word"):
        sentences(tmp_path, text)
    assert sentences(tmp_path, text, comment="# ") == [(["In"], ["O"])]
    words = sentences(tmp_path, "# id 7 domain=en\nIn X Y B\n", comment=False)
    assert words == [(["#", "In"], ["domain=en", "B"])]
    with pytest.raises(ValueError, match="either a comment or a word"):
        sentences(tmp_path, "In O\n# id = 1\n")  # within a sentence


def test_words_that_begin_with_a_hash_stay(tmp_path):
    text = "# O\n#bonn B-LOC\n#x=y O\n"
    assert sentences(tmp_path, text) == [(["#", "#bonn", "#x=y"], ["O", "B-LOC", "O"])]
