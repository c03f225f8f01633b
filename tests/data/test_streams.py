"""Rows that are read anew each time, as parts and as `tf.data`."""

import numpy as np
import pytest
import tensorflow as tf

from kerasbert.data import RowStream, stream_datasets, stream_of, streamed_rows, streams


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(streams, "PART", 2)


def test_it_is_read_anew_each_time_and_only_as_far_as_needed():
    started = []

    def read():
        started.append(0)
        for i in range(10):
            started[-1] = i
            yield f"text {i}", i

    rows = RowStream(read)
    assert len(list(rows)) == len(list(rows)) == 10
    next(iter(rows))
    assert started == [9, 9, 0]
    with pytest.raises(TypeError, match="`read` must be a function"):
        RowStream(read())
    rows = RowStream(read().__iter__)  # the same generator each time
    list(rows)
    with pytest.raises(TypeError, match="must start anew"):
        list(rows)


def test_parts_are_rows_in_memory(small_parts):
    def parts(*rows, labelled=True):
        return [(part.x, part.y, part.places) for part in RowStream(lambda: rows, labelled).parts()]

    assert parts(("a", 1), ("b", 2), ("c", 3)) == [
        (["a", "b"], [1, 2], ("row 0", "row 1")),
        (["c"], [3], ("row 2",)),
    ]
    assert parts(("a", "b"), ("c", "d"), labelled=False)[0][:2] == ((["a", "c"], ["b", "d"]), None)
    assert parts((["a"], ["O"]), ([], []))[0][:2] == ([["a"], []], [["O"], []])
    assert parts(({"text": "a", "text_pair": "b"}, 1))[0][0] == {"text": ["a"], "text_pair": ["b"]}
    assert parts() == []
    (part,) = RowStream(lambda: [("a", 1, 0.5)]).parts()
    assert part.sample_weight.tolist() == [0.5]
    x = [{"token_ids": ids, "padding_mask": [1] * len(ids)} for ids in ([2, 3], [2, 4, 3])]
    (part,) = RowStream(lambda: [(row, 0) for row in x]).parts()
    assert part.x["token_ids"].tolist() == [[2, 3, 0], [2, 4, 3]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", 1), "ab"], r"Each row must be.*row='ab'.*row 1"),
        ([("a", 1), ("b",)], "Each row must be.*row 1"),
        ([("a", 1, 1.0, 2)], "Each row must be.*row 0"),
        ([("a", 1), (("b", "c"), 1)], r"same form.*row 1"),
        ([("a", 1), ({"text": "b"}, 1)], r"same form.*row 1"),
        ([(("a", "b"), 1), (("a", "b", "c"), 1)], r"same form.*row 1"),
        ([(("a", ["b", "c"]), 1), (("a", ["b"]), 1)], r"as many choices.*row 1"),
    ],
)
def test_rows_of_another_form_are_errors(rows, message):
    with pytest.raises(TypeError, match=message):
        list(part.x for part in RowStream(lambda: rows).parts())


# === tf.data ===


def prepare(x, y, sample_weight, where):
    if "bad" in x:
        raise ValueError(f"a bad row in {where}")
    words = tf.ragged.constant([text.split() for text in x], ragged_rank=1, dtype=tf.string)
    return {"words": words, "label": np.array(y, "float32")}


def test_a_data_set_of_prepared_rows(small_parts):
    rows = streamed_rows(RowStream(lambda: [("a b", 1), ("", 2), ("c", 3)]), prepare)
    assert int(rows.cardinality()) == 3
    for _ in range(2):
        found = [(row["words"].tolist(), row["label"]) for row in rows.as_numpy_iterator()]
        assert found == [([b"a", b"b"], 1), ([], 2), ([b"c"], 3)]
    batch = next(iter(rows.batch(3)))
    assert batch["words"].row_lengths().numpy().tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", 1), ("b", 2), ("c", 3), ("bad", 4)], "a bad row in row 3"),
        ([("a", [1, 2]), ("b", [2, 3]), ("c", [3])], "must have the same form.*row 2 and after"),
        ([], "at least one row"),
    ],
)
def test_all_rows_are_checked_at_once(small_parts, rows, message):
    with pytest.raises(ValueError, match=message):
        streamed_rows(RowStream(lambda: rows), prepare)


def test_rows_without_an_end_are_told_of(small_parts, monkeypatch):
    class StoppedError(Exception):
        pass

    def read():
        yield from [("a", 1)] * 9
        raise StoppedError

    monkeypatch.setattr(stream_datasets, "MANY", 5)
    with pytest.warns(UserWarning, match="x: 6 rows were read so far") as said, pytest.raises(StoppedError):
        streamed_rows(RowStream(read), prepare)
    assert len(said) == 1


def slices(*columns):
    return tf.data.Dataset.from_tensor_slices(columns if len(columns) > 1 else columns[0])


WORDS = tf.ragged.constant([["a", "b"], ["c"]])
ANSWERS = {
    "text": tf.ragged.constant([["x"], []]),
    "answer_start": tf.ragged.constant([[3], []], dtype="int32"),
}


@pytest.mark.parametrize(
    ("dataset", "labelled", "first"),
    [
        (slices(WORDS, tf.ragged.constant([[1, 0], [1]])), True, (["a", "b"], [1, 0])),
        (slices(WORDS), False, ["a", "b"]),
        (slices(["a", "b"], [1.5, 2.5], [1.0, 0.0]), True, ("a", 1.5, 1.0)),
        (slices(["a", "b"], ANSWERS), True, ("a", {"text": ["x"], "answer_start": [3]})),
        (slices({"text": ["q", "r"], "choices": [["a", "b"], ["c", "d"]]}, [1, 0]), True,
         ({"text": "q", "choices": ["a", "b"]}, 1)),
        (slices((["q", "r"], ["c", "d"]), [1, 0]), True, (("q", "c"), 1)),
    ],
    ids=range(6),
)  # fmt: skip
def test_data_sets_become_streams_row_by_row_or_in_batches(dataset, labelled, first):
    # Texts alone come one by one: a row of strings is one of words.
    texts = isinstance(first, tuple) and isinstance(first[0], str)
    for one in (dataset, dataset if texts else dataset.ragged_batch(2)):
        stream = stream_of(one)
        assert stream.labelled is labelled
        assert next(iter(stream)) == first
        assert len(list(stream)) == 2
