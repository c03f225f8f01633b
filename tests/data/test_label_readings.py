"""One rule for labels, whatever they come in; where two readings fit, an error, and an argument decides."""

import numpy as np
import pandas
import pytest

from kerasbert.data import check_labels, class_numbers, multi_hot, row_numbers, row_weights, scheme_labels

STARS = ("1", "2", "3", "4", "5")
TWO, THREE = ("cheap", "loud"), ("cheap", "loud", "long")


def containers(rows):
    """The same labels as users hold them."""
    column = np.empty(len(rows), object)
    column[:] = rows
    return [rows, tuple(map(tuple, rows)), np.array(rows), np.array(rows, float), column, pandas.Series(rows)]


def test_indicators_of_three_classes_are_read_alike_from_every_container():
    for y in containers([[0, 1, 1], [0, 0, 0], [1, 0, 0]]):
        assert multi_hot(y, THREE).tolist() == [[0, 1, 1], [0, 0, 0], [1, 0, 0]], type(y)


def test_zeros_and_ones_of_two_classes_are_refused_in_every_container_until_the_argument_decides():
    for y in containers([[0, 1], [1, 0]]):
        with pytest.raises(ValueError, match=r"read in two ways.*indicators"):
            multi_hot(y, TWO)
        assert multi_hot(y, TWO, numeric_labels="indicators").tolist() == [[0, 1], [1, 0]]
        assert multi_hot(y, TWO, numeric_labels="class_numbers").tolist() == [[1, 1], [1, 1]]
    assert multi_hot([[True, False]], TWO).tolist() == multi_hot(np.array([[True, False]]), TWO).tolist()


def test_lists_of_class_numbers_need_the_argument():
    with pytest.raises(ValueError, match=r"3 zeros and ones.*class_numbers"):
        multi_hot([[0, 2], [1]], THREE)
    assert multi_hot([[0, 2], [1], []], THREE, numeric_labels="class_numbers").tolist() == [
        [1, 0, 1],
        [0, 1, 0],
        [0, 0, 0],
    ]


@pytest.mark.parametrize("form", [list, np.array, pandas.Series, lambda y: np.array(y, float)])
def test_numbers_where_names_are_numbers_are_refused_until_the_argument_decides(form):
    with pytest.raises(ValueError, match=r"class_number=0, its_name='1'.*numeric_labels=\"names\""):
        class_numbers(form([1, 2, 3, 4]), STARS)
    assert class_numbers(form([1, 2, 5]), STARS, numeric_labels="names").tolist() == [0, 1, 4]
    assert class_numbers(form([1, 2, 4]), STARS, numeric_labels="class_numbers").tolist() == [1, 2, 4]
    with pytest.raises(ValueError, match=r"label='0'"):
        class_numbers(form([0, 1]), STARS, numeric_labels="names")


def test_names_that_are_numbers_are_clear_as_str_or_where_both_readings_agree():
    assert class_numbers(["1", "5"], STARS).tolist() == [0, 4]
    assert class_numbers([1, 0], ("0", "1")).tolist() == [1, 0]
    for labels in (("1", "0"), ("01", "02"), ("1.0", "2.0"), ("-1", "0", "1")):
        with pytest.raises(ValueError, match=r"two ways"):
            class_numbers([1], labels)
    with pytest.raises(ValueError, match=r"parse_label=int"):
        class_numbers(["0", "1"], ("negative", "positive"))


@pytest.mark.parametrize("values", [[1, "a"], ["a", 1], [True, 0], [None], [0.9], [float("nan")], [{0}, {1}]])
def test_labels_of_mixed_kinds_are_errors(values):
    """numpy makes str of `[1, "a"]`, and 1 of True."""
    with pytest.raises((TypeError, ValueError)):
        class_numbers(values, ("a", "1"))
    with pytest.raises((TypeError, ValueError)):
        class_numbers(values, ("a", "b"))


def test_huge_labels_and_bad_weights_are_errors_that_name_the_row():
    with pytest.raises(ValueError, match=r"number=1e\+38.*row 1"):
        class_numbers([0, 1e38], TWO)
    for bad in (1e38, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=r"y, row 1"):
            row_numbers([0.0, bad], ("score",))
        with pytest.raises(ValueError, match=r"sample_weight, row 1"):
            row_weights([1.0, bad])
    with pytest.raises(ValueError, match=r"weight=-1.0"):
        row_weights([-1.0])
    with pytest.raises(TypeError, match=r"needs numbers"):
        row_numbers([1.5, True], ("score",))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"negative", "positive"}, "another number in each process"),
        (frozenset(["a", "b"]), "another number in each process"),
        ({"pos": 1, "neg": 0}, "names alone"),
        (3, r"str\(i\) for i in range\(3\)"),
        ([0, 1], "Write the names as str"),
    ],
)
def test_labels_without_an_order_or_names_are_refused_with_what_to_write(labels, message):
    for check in (check_labels, scheme_labels):
        with pytest.raises(TypeError, match=message):
            check(labels)


def test_names_in_an_order_are_taken_from_any_container():
    expected = ("b", "a")
    for labels in (["b", "a"], np.array(["b", "a"]), {"b": 1, "a": 0}.keys(), pandas.Series(["b", "a"])):
        assert check_labels(labels) == expected
        assert all(type(name) is str for name in check_labels(labels))
