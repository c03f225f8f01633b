import numpy as np
import pytest
import tensorflow as tf

from kerasbert.text import BertTokenizer


@pytest.fixture(scope="module")
def tokenizer(tokens):
    return BertTokenizer(tokens)


def packed_slowly(first, second, max_length):
    """The loop of the original, one token at a time; (ids, segments)."""
    first, second = list(first), None if second is None else list(second)
    specials = 2 if second is None else 3
    while max_length is not None and len(first) + len(second or []) + specials > max_length:
        if second is None or len(first) > len(second):
            first.pop()
        else:
            second.pop()
    ids, segments = [2, *first, 3], [0] * (len(first) + 2)
    if second is not None:
        ids, segments = [*ids, *second, 3], segments + [1] * (len(second) + 1)
    return ids, segments


@pytest.mark.parametrize("max_length", [None, 3, 4, 5, 6, 7, 8, 13, 50])
@pytest.mark.parametrize("pairs", [True, False])
def test_like_the_loop_of_the_original(tokenizer, pairs, max_length):
    first = [list(range(5, 5 + n)) for n in range(10) for _ in range(10)]
    second = [list(range(15, 15 + n)) for _ in range(10) for n in range(10)] if pairs else None
    packed = tokenizer.pack(
        tf.ragged.constant(first, tf.int32),
        tf.ragged.constant(second, tf.int32) if pairs else None,
        max_length,
    )
    slow = [packed_slowly(a, second and second[i], max_length) for i, a in enumerate(first)]
    longest = max(len(ids) for ids, _ in slow)
    assert {name: (value.dtype, value.shape) for name, value in packed.items()} == dict.fromkeys(
        ("token_ids", "segment_ids", "padding_mask"), (tf.int32, (100, longest))
    )
    for row, (ids, segments) in enumerate(slow):
        padding = [0] * (longest - len(ids))
        assert packed["token_ids"][row].numpy().tolist() == ids + padding
        assert packed["segment_ids"][row].numpy().tolist() == segments + padding
        assert packed["padding_mask"][row].numpy().tolist() == [1] * len(ids) + padding


def test_max_length_two_leaves_the_special_tokens(tokenizer):
    assert tokenizer(["a b", ""], max_length=2)["token_ids"].numpy().tolist() == [[2, 3], [2, 3]]
    assert tokenizer(["a b"], ["a"], max_length=3)["token_ids"].numpy().tolist() == [[2, 3, 3]]


@pytest.mark.parametrize(
    ("second", "max_length"), [(None, 1), (["b"], 2), (None, 0), (None, 2.5), (None, True)]
)
def test_no_room_for_special_tokens(tokenizer, second, max_length):
    with pytest.raises(ValueError, match="`max_length` must be"):
        tokenizer(["a"], second, max_length=max_length)


@pytest.mark.parametrize(("first", "second"), [(["a", "b"], ["a"]), ("a", ["a"]), (["a"], "a")])
def test_pairs_must_match(tokenizer, first, second):
    with pytest.raises(ValueError, match="as many"):
        tokenizer(first, second)


def test_no_texts(tokenizer):
    for packed in tokenizer([]), tokenizer([], []):
        assert {value.shape[0] for value in packed.values()} == {0}


def test_one_text(tokenizer):
    packed = tokenizer("a b", "film")
    assert (
        packed["token_ids"].numpy().tolist() == tokenizer(["a b"], ["film"])["token_ids"][0].numpy().tolist()
    )
    assert packed["token_ids"].shape == (6,)


def test_packed_lengths(tokenizer):
    first, second = tokenizer.tokenize(["a b", "", "film"]), tokenizer.tokenize(["a", "", "a a"])
    assert tokenizer.packed_lengths(first).numpy().tolist() == [4, 2, 3]
    lengths = tokenizer.packed_lengths(first, second)
    assert (lengths.dtype, lengths.numpy().tolist()) == (tf.int32, [6, 3, 6])
    assert tokenizer.packed_lengths(tokenizer.tokenize("a b")).numpy() == 4
    mask = tokenizer.pack(first, second)["padding_mask"]
    assert np.sum(mask, axis=1).tolist() == lengths.numpy().tolist()


def test_in_tf_data(tokenizer):
    pairs = [("a b", "film"), ("", "a"), ("a", "b b b b")]
    data = tf.data.Dataset.from_tensor_slices(([a for a, _ in pairs], [b for _, b in pairs]))
    whole = tokenizer([a for a, _ in pairs], [b for _, b in pairs], max_length=6)
    batch = next(iter(data.batch(3).map(lambda a, b: tokenizer(a, b, max_length=6))))
    for name, value in whole.items():
        np.testing.assert_array_equal(batch[name], value)
    rows = list(data.map(lambda a, b: tokenizer(a, b, max_length=6)))
    assert rows[1]["token_ids"].numpy().tolist() == whole["token_ids"][1].numpy().tolist()[:4]
