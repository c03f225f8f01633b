"""Fewer blocks: those that are asked for, with their weights."""

import dataclasses

import numpy as np
import pytest
from conformance_cases import TASKS, make_task

from kerasbert.compression import drop_layers


@pytest.fixture
def config(config):
    return dataclasses.replace(config, num_layers=4)


def random_task(name, config, tokenizer):
    task = make_task(name, config, tokenizer)
    for i, weight in enumerate(task.weights):
        weight.assign(weight + np.random.default_rng(i).normal(size=weight.shape) * 0.3)
    return task


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", TASKS)
def test_the_blocks_that_stay_have_their_weights(name, config, tokenizer):
    task = random_task(name, config, tokenizer)
    old = {path: np.asarray(weight) for path, weight in task.named_weights().items()}
    smaller = drop_layers(task, [1, 2])
    new = {path: np.asarray(weight) for path, weight in smaller.named_weights().items()}
    assert len(new) == len(old) - 2 * 16
    for path, value in new.items():
        path = path.replace("block_1", "block_2").replace("block_0", "block_1")
        np.testing.assert_array_equal(value, old[path])
    parts = ("encoder", "tokenizer")
    same, other = ({k: v for k, v in t.get_config().items() if k not in parts} for t in (task, smaller))
    assert (type(smaller), other) == (type(task), same)
    assert smaller.tokenizer is task.tokenizer
    assert {path: np.asarray(w).tolist() for path, w in task.named_weights().items()} == {
        path: value.tolist() for path, value in old.items()
    }


def test_blocks_that_do_nothing_are_not_missed(config, tokenizer, texts):
    task = random_task("BertTextClassifier", config, tokenizer)
    for block in (task.encoder.blocks[1], task.encoder.blocks[3]):
        for dense in (block.attention.output_dense, block.feed_forward.output_dense):
            dense.kernel.assign(np.zeros(dense.kernel.shape))
            dense.bias.assign(np.zeros(dense.bias.shape))
    for block in task.encoder.blocks:  # normalizing what is normalized changes nothing
        for norm in (block.attention_norm, block.feed_forward_norm):
            norm.gamma.assign(np.ones(norm.gamma.shape))
            norm.beta.assign(np.zeros(norm.beta.shape))
    smaller, others = drop_layers(task, [0, 2]), drop_layers(task, [1, 3])
    expected = task(task.tokenizer(texts))
    np.testing.assert_allclose(smaller(task.tokenizer(texts)), expected, atol=1e-5)
    assert np.abs(others(task.tokenizer(texts)) - expected).max() > 1e-2


@pytest.mark.parametrize(
    ("num_layers", "keep", "kept"),
    [
        (12, None, [0, 2, 4, 7, 9, 11]),  # DistilBERT's
        (12, 3, [0, 6, 11]),
        (6, None, [0, 2, 5]),
        (5, None, [0, 4]),
        (1, None, [0]),
        (4, 4, [0, 1, 2, 3]),
        (4, 1, [0]),
        (4, (3,), [3]),
    ],
)
def test_half_of_the_blocks_or_as_many_as_are_asked_for(config, tokenizer, num_layers, keep, kept):
    config = dataclasses.replace(config, num_layers=num_layers)
    task = make_task("BertTextEmbedder", config, tokenizer)
    for i, block in enumerate(task.encoder.blocks):
        block.attention_norm.beta.assign(np.full(config.hidden_dim, i))
    found = drop_layers(task, keep).encoder
    assert [int(block.attention_norm.beta[0]) for block in found.blocks] == kept
    assert found.config.num_layers == len(kept)


def test_a_pruned_model_keeps_what_is_left_in_each_block(config, tokenizer):
    config = dataclasses.replace(config, heads_by_layer=(1, 2, 2, 1), units_by_layer=(8, 16, 3, 5))
    found = drop_layers(make_task("BertTextEmbedder", config, tokenizer), [1, 3]).encoder.config
    assert (found.heads_by_layer, found.units_by_layer) == ((2, 1), (16, 5))


@pytest.mark.parametrize("keep", [0, 5, [], [4], [1, 0], [1, 1], [-1]])
def test_blocks_that_are_not_there_are_an_error(config, tokenizer, keep):
    task = make_task("BertTextEmbedder", config, tokenizer)
    with pytest.raises(ValueError, match=r"`keep` must be some of the blocks 0 to 3"):
        drop_layers(task, keep)
