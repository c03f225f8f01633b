import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasbert.text import BertTokenizer, as_text_tensor


@pytest.mark.parametrize(
    "texts",
    [
        ["a", "é", ""],
        ("a", "é", ""),
        [b"a", "é".encode(), b""],
        ["a", "é".encode(), ""],
        np.array(["a", "é", ""]),
        np.array(["a", "é", ""], object),
        pd.Series(["a", "é", ""]),
        pd.Series(["a", "é", ""], dtype=object, index=[5, 6, 7]),
        tf.constant(["a", "é", ""]),
    ],
)
def test_texts_become_a_string_tensor(texts):
    tensor = as_text_tensor(texts, "texts")
    assert (tensor.dtype, tensor.shape) == (tf.string, (3,))
    assert tensor.numpy().tolist() == [b"a", "é".encode(), b""]


@pytest.mark.parametrize("text", ["é", "é".encode(), np.str_("é"), np.array("é"), tf.constant("é")])
def test_one_text_is_a_scalar(text):
    tensor = as_text_tensor(text, "texts")
    assert (tensor.shape, tensor.numpy()) == ((), "é".encode())


@pytest.mark.parametrize("texts", [[], (), np.array([], "U1"), np.array([]), pd.Series([], dtype=object)])
def test_no_texts(texts):
    tensor = as_text_tensor(texts, "texts")
    assert (tensor.dtype, tensor.shape) == (tf.string, (0,))


@pytest.mark.parametrize("missing", [None, float("nan"), 3, np.nan, ["a"], pd.NA])
def test_a_row_without_text_is_named(missing):
    with pytest.raises(TypeError, match=r"`second` must be text.*row=1, value=.*empty string"):
        as_text_tensor(["a", missing], "second")


def test_a_pandas_row_without_text_is_named():
    with pytest.raises(TypeError, match="row=1"):
        as_text_tensor(pd.Series(["a", None]), "texts")


@pytest.mark.parametrize(
    "texts", [3, None, {"a": 1}, tf.constant([1]), np.array([1.0]), tf.ragged.constant([["a"]])]
)
def test_what_is_no_text(texts):
    with pytest.raises(TypeError, match="`texts` must be text"):
        as_text_tensor(texts, "texts")


@pytest.mark.parametrize("texts", [np.array([["a"]]), tf.constant([["a"]])])
def test_wrong_rank(texts):
    with pytest.raises(ValueError, match=r"shape=.*1, 1"):
        as_text_tensor(texts, "texts")


def test_a_lone_surrogate_is_dropped_and_counts_as_a_character(tokens):
    tokenizer = BertTokenizer(tokens)
    ids, starts, ends = tokenizer.tokenize_with_offsets(["a\ud800b film", "a"])
    assert [tokenizer.to_tokens(row) for row in ids.to_list()] == [["a", "##b", "film"], ["a"]]
    assert (starts.to_list()[0], ends.to_list()[0]) == ([0, 2, 4], [1, 3, 8])
    assert tokenizer.tokenize("a\udfff").numpy().tolist() == [tokenizer.vocabulary.id_of("a")]
