import numpy as np
import pytest
import tensorflow as tf

from kerasbert.data import check_labels, class_numbers, label_lookup

LABELS = ("negative", "positive")


@pytest.mark.parametrize(
    "values",
    [
        ["positive", "negative"],
        [b"positive", b"negative"],
        np.array(["positive", "negative"]),
        np.array(["positive", "negative"], object),
        [1, 0],
        np.array([[1], [0]]),
        np.array([1.0, 0.0]),
    ],
)
def test_names_and_numbers(values):
    assert class_numbers(values, LABELS).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["positive", "postive"], r"row 1.*Did you mean 'positive'"),
        ([0, 1, 2], r"from 0 to 1.*number=2.*row 2"),
        ([-1], "number=-1"),
        (["positive", None], "class names or whole class numbers"),
        ([0.5], "whole class numbers"),
        ([float("nan")], "whole class numbers"),
        ([[0, 1]], "one label in each row"),
    ],
)
def test_a_bad_label_is_named_with_its_row(values, message):
    with pytest.raises((ValueError, TypeError), match=message):
        class_numbers(values, LABELS)


@pytest.mark.parametrize("labels", ["ab", [], ["one"], ["a", "a"], ["a", ""], [1, 2], None])
def test_class_names_must_be_names(labels):
    with pytest.raises((ValueError, TypeError)):
        check_labels(labels)


def test_in_the_graph_names_and_numbers_give_the_same():
    lookup = label_lookup(LABELS)
    assert lookup(tf.constant(["positive", "negative"])).numpy().tolist() == [1, 0]
    assert lookup(tf.constant([1, 0], tf.int64)).numpy().tolist() == [1, 0]
    for bad in (tf.constant(["other"]), tf.constant([2]), tf.constant([-1])):
        with pytest.raises(tf.errors.InvalidArgumentError, match="A label must be one of negative, positive"):
            lookup(bad)
