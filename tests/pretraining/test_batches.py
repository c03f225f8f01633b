import collections
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from pretraining_corpus import TOKENS, digests, read

import kerasbert
from kerasbert.pretraining import ExampleSettings, Manifest, Masking, pretraining_batches, write_examples

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def batches(folder, random_words):
    def batches(batch_size=8, shuffle_buffer=50, **arguments):
        return pretraining_batches(
            folder, random_words, batch_size, shuffle_buffer=shuffle_buffer, **arguments
        )

    return batches


def restored(batch):
    """The examples of a batch as they were before masking, as tuples."""
    ids = batch["token_ids"].numpy()
    for row, at, true, weight in zip(
        ids, *(batch[f"mask_{name}"].numpy() for name in ("positions", "ids", "weights")), strict=True
    ):
        row[at[weight > 0]] = true[weight > 0]
    starts = (batch["segment_ids"].numpy() == 0) & (batch["padding_mask"].numpy() == 1)
    return [
        (tuple(row[:length]), start, label)
        for row, length, start, label in zip(
            ids,
            batch["padding_mask"].numpy().sum(1),
            starts.sum(1),
            batch["next_sentence"].numpy(),
            strict=True,
        )
    ]


def written(folder):
    rows = read(Manifest.load(folder))
    return collections.Counter(
        (tuple(ids), start, label)
        for ids, start, label in zip(
            rows["token_ids"].to_list(),
            rows["second_start"].numpy(),
            rows["next_sentence"].numpy(),
            strict=True,
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize("shuffle_buffer", [1, 50, 10_000])
def test_every_epoch_has_every_example_once(folder, batches, shuffle_buffer):
    examples = written(folder)
    count = sum(examples.values())
    assert count % 8  # so that epochs end within a batch
    for epochs in (1, 3):
        dataset = batches(epochs=epochs, shuffle_buffer=shuffle_buffer)
        found = [example for batch in dataset for example in restored(batch)]
        assert len(dataset) == -(-count * epochs // 8)
        assert collections.Counter(found) == collections.Counter({k: v * epochs for k, v in examples.items()})


@pytest.mark.slow
def test_the_order_differs_between_epochs_and_seeds(folder, batches):
    count = Manifest.load(folder).num_examples
    orders = []
    for seed in (0, 1):
        found = [example for batch in batches(epochs=2, seed=seed) for example in restored(batch)]
        orders += [found[:count], found[count:]]
    for i, order in enumerate(orders):
        for other in orders[:i]:
            assert np.mean([a == b for a, b in zip(order, other, strict=True)]) < 0.1


@pytest.mark.slow
def test_the_stream_can_be_entered_at_any_step(batches):
    whole = digests(batches(epochs=2))
    assert len(set(whole)) == len(whole)
    for step in [1, 6, 13, len(whole) // 2, len(whole) - 1, len(whole) + 9]:
        dataset = batches(epochs=2, step=step)
        assert digests(dataset) == whole[step:]
        assert len(dataset) == max(0, len(whole) - step)
    assert batches().cardinality() == tf.data.INFINITE_CARDINALITY  # so `fit` asks for `steps_per_epoch`
    step = 20 * len(whole) + 3  # many epochs on
    assert digests(batches(step=step).take(2)) == digests(batches().skip(step).take(2))


@pytest.mark.slow
def test_another_process_makes_the_same_batches(folder, batches):
    code = (
        "import sys, kerasbert\n"
        "from kerasbert.pretraining import pretraining_batches\n"
        "from pretraining_corpus import TOKENS, digests\n"
        "tokenizer = kerasbert.BertTokenizer(TOKENS)\n"
        "stream = pretraining_batches(sys.argv[1], tokenizer, 8, shuffle_buffer=50, step=5)\n"
        "print(*digests(stream.take(20)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PYTHONHASHSEED": "7"},
    )
    assert done.stdout.split() == digests(batches(step=5).take(20)), done.stderr


@pytest.mark.slow
def test_hosts_share_each_batch(batches):
    whole = list(batches(epochs=1))
    parts = [list(batches(epochs=1, host=host, num_hosts=2)) for host in range(2)]
    for i, batch in enumerate(whole):
        for name, values in batch.items():
            for host in range(2):
                np.testing.assert_array_equal(parts[host][i][name], values[host::2])


@pytest.mark.slow
def test_masks_change_from_epoch_to_epoch(folder, batches):
    places = collections.defaultdict(set)
    for batch in batches(epochs=6):
        for example, at in zip(restored(batch), batch["mask_positions"].numpy(), strict=True):
            places[example].add(tuple(at))
    long = [len(found) for (ids, _, _), found in places.items() if len(ids) > 20]
    assert np.mean(long) > 5


@pytest.mark.slow
def test_shapes(folder, batches):
    spec = batches().element_spec
    assert {name: tuple(one.shape) for name, one in spec.items()} == {
        **dict.fromkeys(("token_ids", "segment_ids", "padding_mask"), (8, None)),
        **dict.fromkeys(("mask_positions", "mask_ids", "mask_weights"), (8, 5)),  # 0.15 of 32
        "next_sentence": (8,),
    }
    static = batches(length_multiple=32, masking=Masking(max_predictions=7)).element_spec
    assert tuple(static["token_ids"].shape) == (8, 32)
    assert tuple(static["mask_ids"].shape) == (8, 7)
    widths = [batch["token_ids"].shape[1] for batch in batches(epochs=1, length_multiple=4)]
    assert set(widths) <= set(range(4, 33, 4))
    tokens = sum(float(tf.reduce_sum(batch["padding_mask"])) for batch in batches(epochs=1))
    cells = sum(tf.size(batch["token_ids"]).numpy() for batch in batches(epochs=1))
    assert tokens / cells > 0.85  # batches hold examples of about one length


def test_sequences_without_pairs_have_no_label(corpus, random_words, tmp_path):
    write_examples(corpus, tmp_path / "x", random_words, ExampleSettings(pairs="none", max_length=16))
    (batch,) = pretraining_batches(tmp_path / "x", random_words, 4).take(1)
    assert "next_sentence" not in batch
    assert not batch["segment_ids"].numpy().any()


@pytest.mark.slow
def test_a_pretrainer_learns_from_the_stream(batches, random_words):
    config = kerasbert.BertConfig(
        vocabulary_size=len(TOKENS),
        num_layers=1,
        num_heads=2,
        hidden_dim=16,
        intermediate_dim=32,
        max_sequence_length=32,
    )
    task = kerasbert.BertPretrainer(kerasbert.BertEncoder(config), random_words)
    task.compile(optimizer="adam")

    def rows(batch):
        places = tf.where(batch["mask_weights"] > 0)
        at = tf.gather_nd(batch["mask_positions"], places)
        labels = tf.fill(tf.shape(batch["token_ids"]), -100)
        labels = tf.tensor_scatter_nd_update(
            labels,
            tf.stack([tf.cast(places[:, 0], tf.int32), at], 1),
            tf.gather_nd(batch["mask_ids"], places),
        )
        inputs = {name: batch[name] for name in ("token_ids", "segment_ids", "padding_mask")}
        return inputs, {"masked_lm": labels, "next_sentence": batch["next_sentence"]}

    history = task.fit(
        batches(length_multiple=32).map(rows), epochs=3, steps_per_epoch=15, shuffle=False, verbose=0
    )
    losses = history.history["loss"]
    assert losses[-1] < losses[0]


def test_wrong_arguments_are_refused(folder, batches, random_words, tmp_path):
    with pytest.raises(ValueError, match=r"as many examples as a batch has.*smaller `batch_size`"):
        batches(batch_size=10_000)
    with pytest.raises(ValueError, match="the one that the examples were written with"):
        pretraining_batches(folder, kerasbert.BertTokenizer([*TOKENS, "more"]), 4)
    with pytest.raises(FileNotFoundError, match=r"examples\.json"):
        pretraining_batches(tmp_path, random_words, 4)
    with pytest.raises(ValueError, match="`num_hosts` must divide"):
        batches(num_hosts=3)
    with pytest.raises(ValueError, match="`host` must be less"):
        batches(num_hosts=2, host=2)
    for name, value in {"step": -1, "epochs": 0, "shuffle_buffer": 0, "length_multiple": 0}.items():
        with pytest.raises(ValueError, match=f"`{name}` must be"):
            batches(**{name: value})
