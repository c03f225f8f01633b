"""Tables of pandas, of Hugging Face, and lists of dicts."""

import numpy as np
import pandas
import pytest

from kerasbert.data import read_table

ROWS = [{"s": "a", "t": "b", "label": "x"}, {"s": "c", "t": "", "label": "y"}]
PAIRS = [(("a", "b"), "x"), (("c", ""), "y")]


def huggingface(columns, **kinds):
    datasets = pytest.importorskip("datasets")
    features = {name: datasets.Value("string") for name in columns} | {
        name: kind(datasets) for name, kind in kinds.items()
    }
    return datasets.Dataset.from_dict(columns, features=datasets.Features(features))


@pytest.mark.parametrize("form", ["list", "pandas", "pandas with numbers", "dataset", "streaming dataset"])
def test_every_table_gives_the_same_rows(form):
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    if form == "list":
        table = ROWS
    elif form.startswith("pandas"):
        table = pandas.DataFrame(columns | ({"n": [1, 2]} if "numbers" in form else {}), index=[7, 3])
    else:
        table = huggingface(columns)
        table = table.to_iterable_dataset() if "streaming" in form else table
    rows = read_table(table, text="s", text_pair="t")
    assert list(rows) == PAIRS
    assert list(rows) == PAIRS
    assert list(read_table(table, text="t", label=None)) == ["b", ""]
    with pytest.raises(ValueError, match="text"):
        list(read_table(table))


def test_class_numbers_of_hugging_face_become_names():
    numbers = {"text": ["a", "b", "c"], "label": [1, 0, -1]}
    table = huggingface(numbers, label=lambda d: d.ClassLabel(names=["neg", "pos"]))
    for one in (table, table.to_iterable_dataset()):
        assert list(read_table(one)) == [("a", "pos"), ("b", "neg"), ("c", -1)]


def test_words_answers_choices_and_several_labels_of_hugging_face():
    table = huggingface(
        {"tokens": [["In", "Bonn"]], "ner_tags": [[0, 1]]},
        tokens=lambda d: d.List(d.Value("string")),
        ner_tags=lambda d: d.List(d.ClassLabel(names=["O", "B-LOC"])),
    )
    assert list(read_table(table, words="tokens", label="ner_tags")) == [(["In", "Bonn"], ["O", "B-LOC"])]
    answers = {"text": ["Bonn"], "answer_start": [3]}
    table = huggingface(
        {"question": ["Where?"], "context": ["In Bonn."], "answers": [answers]},
        answers=lambda d: {"text": d.List(d.Value("string")), "answer_start": d.List(d.Value("int32"))},
    )
    rows = read_table(table, text="question", text_pair="context", label="answers")
    assert list(rows) == [(("Where?", "In Bonn."), answers)]
    table = huggingface(
        {"text": ["a"], "ends": [["b", "c"]], "label": [[0.0, 1.0]]},
        ends=lambda d: d.List(d.Value("string")),
        label=lambda d: d.List(d.Value("float32")),
    )
    assert list(read_table(table, choices="ends")) == [(("a", ["b", "c"]), [0.0, 1.0])]


MISSING = [None, float("nan"), np.nan, pandas.NA, pandas.NaT]


@pytest.mark.parametrize("column", ["text", "label"])
def test_missing_values_of_pandas_stop_or_are_left_out(column):
    good = {"text": "a", "label": 1}
    for dtype, missing in [(object, value) for value in MISSING] + [("string", None)] * (column == "text"):
        table = pandas.DataFrame([good, good | {column: missing}, good])
        table[column] = table[column].astype(dtype)
        with pytest.raises(ValueError, match=rf"A row must have a value in `{column}`.*row 1"):
            list(read_table(table))
        with pytest.warns(UserWarning, match="1 of 3 rows"):
            assert list(read_table(table, on_bad="skip")) == [("a", 1)] * 2


@pytest.mark.parametrize(
    ("table", "kind", "message"),
    [
        (
            ({"text": "a", "label": 1} for _ in range(2)),
            TypeError,
            "iterated over more than once.*generator.*RowStream",
        ),
        ({"train": ROWS}, TypeError, r"dataset\[\"train\"\]"),
        (3, TypeError, "table='int'"),
        (pandas.DataFrame({"s": ["a"]}), ValueError, r"missing=\['text', 'label'\], columns=\['s'\]"),
        (["a"], ValueError, "must be a dict.*row 0"),
        ([{"text": 3, "label": 1}], ValueError, "`text` must be a str.*row 0"),
    ],
    ids=range(6),
)
def test_what_is_no_table_is_an_error(table, kind, message):
    with pytest.raises(kind, match=message):
        list(read_table(table))
