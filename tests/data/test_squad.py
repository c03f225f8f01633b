import json

import pytest

from kerasbert.data import QuestionRows, answer_spans, read_squad


def write(tmp_path, content):
    path = tmp_path / "rows.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def question(text, start, name="q", **fields):
    return {"id": name, "question": "where?", "answers": [{"text": text, "answer_start": start}], **fields}


def file(*questions, context="In Bonn."):
    return {
        "version": "1.1",
        "data": [{"title": "t", "paragraphs": [{"context": context, "qas": questions}]}],
    }


def test_both_versions(tmp_path):
    impossible = {
        "id": "n",
        "question": "who?",
        "answers": [],
        "is_impossible": True,
        "plausible_answers": [{"text": "Bonn", "answer_start": 3}],
    }
    content = file(question("Bonn", 3), impossible)
    content["data"].append(file(question("🎉", 1, "e"), context="a🎉")["data"][0])
    rows = read_squad(write(tmp_path, "\ufeff" + json.dumps(content)))
    assert rows == QuestionRows(
        questions=("where?", "who?", "where?"),
        contexts=("In Bonn.", "In Bonn.", "a🎉"),
        answers=([("Bonn", 3)], [], [("🎉", 1)]),
        ids=("q", "n", "e"),
        articles=(0, 0, 1),
    )
    assert len(rows) == 3
    assert rows.take([2, 0]).ids == ("e", "q")
    assert len(read_squad(write(tmp_path, {"data": []}))) == 0


def test_a_wrong_offset_stops_or_is_left_out_and_named(tmp_path):
    both = question("Bonn.", 4, "second")
    both["answers"].append({"text": "Bonn", "answer_start": 3})
    path = write(tmp_path, file(question("Bonn", 2, "first"), both, question("Bonn", -5, "third")))
    with pytest.raises(
        ValueError, match=r"'Bonn', start=2, found=' Bon'.*article 0, paragraph 0, question first"
    ):
        read_squad(path)
    with pytest.warns(UserWarning, match=r"2 of 3 rows were left out.*question first"):
        rows = read_squad(path, on_bad="skip")
    assert rows.ids == ("second",)
    assert rows.answers == ([("Bonn.", 4), ("Bonn", 3)],)  # right as a text, so it counts in scores
    assert [name in text for name, text in zip(("first", "third"), rows.skipped, strict=True)] == [True] * 2
    with pytest.raises(ValueError, match="one of 'stop', 'skip'"):
        read_squad(path, on_bad="keep")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"JSON in UTF-8.*rows\.json"),
        ("", "JSON in UTF-8"),
        ("[" * 100_000, "JSON in UTF-8"),
        ([], "must hold one JSON object"),
        ({"data": [{}]}, "`paragraphs` here.*article 0"),
        ({"data": [{"paragraphs": [{"qas": []}]}]}, "`context` here.*paragraph 0"),
        (file({"id": "x", "answers": []}), "`question` here.*question x"),
        (file({"question": "x", "answers": []}), "`id` here.*question 0"),
        (file({"id": "x", "question": "x"}), "`answers` here.*question x"),
        (file(question("Bonn", "3")), "`answer_start` here.*question q"),
    ],
    ids=range(10),
)
def test_what_is_missing_is_named(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read_squad(write(tmp_path, content))


def test_real_files(shared_data):
    for language in ("en", "zh", "de", "ar"):
        rows = read_squad(shared_data / f"xquad/xquad.{language}.json")
        assert (len(rows), len(set(rows.articles))) == (1190, 48)
        spans = answer_spans(rows.answers, rows.contexts)
        for (start, end), context, answers in zip(spans, rows.contexts, rows.answers, strict=True):
            assert context[start:end] == answers[0][0]


def test_a_real_file_with_wrong_offsets(shared_data):
    found = []
    for name in ("dev", "trial"):
        path = shared_data / f"cmrc2018/cmrc2018_{name}.json"
        with pytest.raises(ValueError, match="occur in its context"):
            read_squad(path)
        with pytest.warns(UserWarning, match="left out"):
            rows = read_squad(path, on_bad="skip")
        found.append((len(rows), len(rows.skipped)))
    assert found == [(3219 - 3, 3), (1002 - 5, 5)]
    assert "question TRIAL_210_QUERY_0" in rows.skipped[0]


# === Answers in memory ===


def test_the_first_answer_that_stands_counts():
    assert answer_spans([[("bonn", 3), ("Bonn", 3), ("In", 0)]], ["In Bonn"]).tolist() == [[3, 7]]


@pytest.mark.parametrize(
    ("answers", "kind", "message"),
    [
        ([("Bonn", 2)], ValueError, r"found=' Bon'.*y, row 1"),
        ([("", 0)], ValueError, "row 1"),
        ([("nn", -2)], ValueError, "row 1"),
        (("Bonn", 3), TypeError, r"list of pairs.*row 1"),
        ("Bonn", TypeError, r"row 1"),
        (None, TypeError, r"row 1"),
        ([("Bonn", 3.0)], TypeError, r"row 1"),
        ([("Bonn", True)], TypeError, r"row 1"),
    ],
)
def test_a_wrong_answer_names_its_row(answers, kind, message):
    with pytest.raises(kind, match=message):
        answer_spans([[], answers], ["In Bonn"] * 2)
