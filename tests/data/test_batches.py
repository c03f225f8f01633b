import numpy as np
import pytest
import tensorflow as tf

from kerasbert.data import ordered_batches, text_batches

TEXTS = ["good " * (i % 13) for i in range(100)]


def rows():
    return tf.data.Dataset.from_tensor_slices({"text": TEXTS, "label": np.arange(100, dtype="int32")})


def seen(batches):
    """Ids, masks and labels of every batch."""
    found = []
    for tokens, rest in batches:
        found.append([x.numpy() for x in (tokens["token_ids"], tokens["padding_mask"], rest["label"])])
    return found


@pytest.mark.parametrize("shuffle", [False, True])
def test_every_row_comes_once_with_its_label_padded_to_the_longest(tokenizer, shuffle):
    batches = text_batches(rows(), tokenizer, 8, 16, shuffle=shuffle)
    assert int(batches.cardinality()) == 13
    found = seen(batches)
    assert len(found) == 13
    labels = np.concatenate([label for *_, label in found])
    assert sorted(labels) == list(range(100))
    for ids, mask, label in found:
        assert mask.sum(-1).max() == ids.shape[1]
        assert mask.sum(-1).tolist() == [i % 13 + 2 for i in label]


def test_lengths_in_a_batch_are_alike(tokenizer):
    spread = [np.ptp(mask.sum(-1)) for _, mask, _ in seen(text_batches(rows(), tokenizer, 8, 16))]
    assert max(spread) <= 2


def test_shuffling_gives_another_order_each_time(tokenizer):
    batches = text_batches(rows(), tokenizer, 8, 16, shuffle=True)
    orders = [np.concatenate([label for *_, label in seen(batches)]).tolist() for _ in range(2)]
    assert orders[0] != orders[1]


def test_a_batch_is_no_fixed_group(tokenizer):
    short = rows().map(lambda row: row | {"text": "good"})
    batches = text_batches(short, tokenizer, 8, 16, shuffle=True)
    groups = [{frozenset(label.tolist()) for *_, label in seen(batches)} for _ in range(2)]
    assert len(groups[0] & groups[1]) <= 2


def test_order_is_kept_where_it_must_be(tokenizer):
    found = seen(ordered_batches(rows(), tokenizer, 8, 16))
    assert np.concatenate([label for *_, label in found]).tolist() == list(range(100))


@pytest.mark.parametrize("size", [8, 100, 200])
def test_columns_in_memory_are_batched_like_a_data_set(tokenizer, size):
    columns = {"ids": tokenizer.tokenize(TEXTS), "label": np.arange(100, dtype="int32")}
    lengths = []
    expected = []
    for start in range(0, 100, size):
        tokens = tokenizer(TEXTS[start : start + size], max_length=10)
        labels = np.arange(start, min(start + size, 100))
        expected.append([tokens["token_ids"].numpy(), tokens["padding_mask"].numpy(), labels])
    ones = ordered_batches(columns, tokenizer, size, 10, on_lengths=lengths.append)
    for batches in ones, ordered_batches(rows(), tokenizer, size, 10):
        for one, other in zip(seen(batches), expected, strict=True):
            for found, wanted in zip(one, other, strict=True):
                np.testing.assert_array_equal(found, wanted)
    if size >= 100:  # packed at once
        assert lengths[0].numpy().tolist() == [i % 13 + 2 for i in range(100)]
    finished = ordered_batches(columns, tokenizer, size, 10, finish=lambda tokens, rest: rest["label"])
    assert np.concatenate([*finished.as_numpy_iterator()]).tolist() == list(range(100))


def test_truncated_rows_can_be_counted(tokenizer):
    lengths = tf.Variable(0)

    def count(n):
        lengths.assign_add(tf.reduce_sum(tf.cast(n > 10, tf.int32)))

    batches = text_batches(rows(), tokenizer, 8, 10, on_lengths=count)
    longest = max(ids.shape[1] for ids, *_ in seen(batches))
    assert longest == 10
    assert int(lengths) == sum(i % 13 + 2 > 10 for i in range(100))
