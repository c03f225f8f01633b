"""Random literals of labels in every container: one result in all of them, or an error in all of them."""

import itertools
import json
import random

import numpy as np
import pandas
import pytest

from kerasbert.data import class_numbers, multi_hot, read_csv, read_json_lines, read_table

NAMES = [
    ("a", "b"),
    ("1", "2", "3"),
    ("0", "1", "2"),
    ("neg", "pos", "0"),
    ("a",),
    ("1.0", "2"),
    ("-1", "0", "1"),
]
CELLS = [
    0,
    1,
    2,
    -1,
    3,
    0.0,
    1.0,
    0.5,
    1e38,
    float("nan"),
    "a",
    "b",
    "1",
    "0",
    "neg",
    "1.0",
    "",
    "A",
    True,
    False,
]


def outcome(read, values, labels, numeric):
    try:
        return read(values, labels, "y", numeric_labels=numeric).tolist()
    except (TypeError, ValueError) as error:
        return "an error" if "Received: " in str(error) else f"a raw error: {error}"


def of_one_kind(values):
    """Whether numpy keeps the values as they are: it makes str of `[1, "a"]`, and 1 of True."""
    return len({"number" if type(value) in (int, float) else type(value) for value in values}) == 1


def columns(values, folder):
    """The same labels as users hold them in memory and in files."""
    table = [{"text": "x", "label": value} for value in values]
    path = folder / "it.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in table))
    column = np.empty(len(values), object)
    column[:] = values
    yield from (values, tuple(values), column, pandas.Series(values, dtype=object))
    flat = values if not isinstance(values[0], list) else list(itertools.chain(*values))
    missing = any(value != value for value in flat)
    if not missing:  # a reader says so by itself
        yield from ([label for _, label in rows] for rows in (read_json_lines(path), read_table(table)))
    same_lengths = not isinstance(values[0], list) or len(set(map(len, values))) == 1
    if flat and of_one_kind(flat) and same_lengths:
        yield np.array(values)


def tried(seed, count, folder):
    draw, results, errors = random.Random(seed), 0, 0
    for _ in range(count):
        labels = draw.choice(NAMES)
        kinds = draw.choice([CELLS, [0, 1], [0, 1, 2], [0.0, 1.0], [*labels], [True, False]])
        several = draw.random() < 0.5
        length = draw.choice([len(labels), 1, 2])
        cells = [draw.choice(kinds) for _ in range(4 * length)]
        values = [cells[i * length : (i + 1) * length] for i in range(4)] if several else cells
        read = multi_hot if several else class_numbers
        numeric = draw.choice([None, "names", "class_numbers", *(["indicators"] if several else [])])
        found = [outcome(read, column, labels, numeric) for column in columns(values, folder)]
        assert all(one == found[0] for one in found), (values, labels, numeric, found)
        results += found[0] != "an error"
        errors += found[0] == "an error"
    return results, errors


def test_labels_mean_the_same_in_every_container(tmp_path):
    results, errors = tried(0, 500, tmp_path)
    assert results > 50
    assert errors > 50


@pytest.mark.slow
def test_labels_mean_the_same_in_every_container_at_length(tmp_path):
    results, errors = tried(1, 30_000, tmp_path)
    assert results + errors == 30_000


def test_columns_of_csv_are_names_or_what_is_parsed(tmp_path):
    path = tmp_path / "it.csv"
    path.write_text("text,label\nx,1\nx,2\n")
    stars = ("1", "2", "3")
    assert class_numbers([label for _, label in read_csv(path)], stars).tolist() == [0, 1]
    parsed = [label for _, label in read_csv(path, parse_label=int)]
    with pytest.raises(ValueError, match="two ways"):
        class_numbers(parsed, stars)
    assert class_numbers(parsed, stars, numeric_labels="names").tolist() == [0, 1]
