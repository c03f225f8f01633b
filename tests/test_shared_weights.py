"""What all blocks share, relative positions or the whole block: freezing, LoRA, smaller models."""

import dataclasses
import itertools

import keras
import numpy as np
import pytest
from conformance_cases import ALBERT, CONFIG, MPNET, TOKENS

import kerasbert
from kerasbert import BertConfig, BertEncoder
from kerasbert.compression import drop_layers, prune
from kerasbert.layers import SelfAttention, padding_bias
from kerasbert.optional import tensorflow as tf


def task_of(config, tokenizer, **changes):
    sizes = {"vocabulary_size": tokenizer.vocabulary_size, "max_sequence_length": 16}
    config = dataclasses.replace(config, **sizes, **changes)
    return kerasbert.BertTextClassifier(BertEncoder(config), tokenizer, ["bad", "good"])


def test_a_shared_block_is_one_of_the_parts():
    encoder = BertEncoder(ALBERT)
    assert len(encoder.blocks) == ALBERT.num_layers
    assert [part.name for part in encoder.parts()] == ["embeddings", "block_0", "pooler"]
    assert len({id(weight) for weight in encoder.weights}) == len(encoder.weights)
    with pytest.raises(ValueError, match=r"blocks.*0.*3"):
        encoder.freeze(1)
    encoder.freeze(0)
    assert encoder.blocks[0].trainable_weights
    encoder.freeze(3)
    assert not encoder.blocks[0].trainable_weights
    encoder.freeze(None)
    encoder.enable_lora(2)
    before = np.asarray(encoder(TOKENS)["sequence_output"])
    for path, weight in kerasbert.checkpoints.own_weights(encoder, "encoder").items():
        if "lora_kernel_b" in path:
            weight.assign(weight + 0.3)
    changed = np.asarray(encoder(TOKENS)["sequence_output"])
    assert np.abs(changed - before).max() > 1e-3
    encoder.merge_lora()
    np.testing.assert_allclose(encoder(TOKENS)["sequence_output"], changed, atol=1e-5)


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=pytest.mark.tensorflow)])
def test_each_time_a_shared_block_drops_other_numbers(monkeypatch, compiled):
    encoder = BertEncoder(dataclasses.replace(ALBERT, hidden_dropout=0.5, attention_dropout=0.5))
    block, dropped = encoder.blocks[0], []
    for dropout in (block.dropout, block.attention.dropout):

        def call(x, training=False, plain=dropout.call):
            dropped.append(plain(x, training=training))
            return dropped[-1]

        monkeypatch.setattr(dropout, "call", call)

    def run():
        dropped.clear()
        encoder(TOKENS, training=True)
        return list(dropped)

    found = tf.function(run)() if compiled else run()
    zeros = [keras.ops.convert_to_numpy(x) == 0 for x in found]
    assert len(zeros) == 3 * ALBERT.num_layers  # the probabilities, and the outputs of both sublayers
    for one, other in itertools.combinations(zeros, 2):
        assert one.shape != other.shape or np.any(one != other)


def test_distances_count_from_the_query_to_the_key():
    encoder = BertEncoder(MPNET)
    table = encoder.embeddings.relative_position_embedding.embeddings
    table.assign(np.arange(16.0).reshape(8, 2))
    bias = np.asarray(encoder.embeddings.relative_positions(4))
    buckets = np.array([[0, 5, 6, 6], [1, 0, 5, 6], [2, 1, 0, 5], [2, 2, 1, 0]])
    np.testing.assert_array_equal(bias, np.stack([2.0 * buckets, 2.0 * buckets + 1]))
    ids, mask = np.ones((1, 4), "int32"), np.array([[1, 1, 1, 0]])
    whole = np.asarray(encoder.embeddings.attention_bias(ids, mask))
    np.testing.assert_array_equal(whole, bias + np.asarray(padding_bias(mask)))
    np.testing.assert_array_equal(encoder.embeddings.attention_bias(ids), bias)
    assert BertEncoder(CONFIG).embeddings.attention_bias(ids) is None
    x = np.random.default_rng(0).normal(size=(2, 4, 8)).astype("float32")
    layer = SelfAttention(num_heads=2)
    one, all_ = layer(x, bias=bias[:, :1], query=x[:, :1]), layer(x, bias=bias)
    np.testing.assert_allclose(one, np.asarray(all_)[:, :1], atol=1e-6)


@pytest.mark.parametrize("config", [MPNET, ALBERT], ids=["MPNet", "ALBERT"])
def test_the_first_token_alone(config):
    encoder = BertEncoder(config)
    whole, first = encoder(TOKENS), encoder(TOKENS, first_token_only=True)
    np.testing.assert_allclose(
        first["sequence_output"], np.asarray(whole["sequence_output"])[:, :1], atol=1e-6
    )
    np.testing.assert_allclose(first["pooled_output"], whole["pooled_output"], atol=1e-6)


@pytest.mark.tensorflow
def test_smaller_models(tokenizer, texts):
    albert = task_of(ALBERT, tokenizer)
    smaller = drop_layers(albert, 2)
    assert len(smaller.encoder.blocks) == 2
    expected = albert.encoder(tokenizer(texts), return_all=True)["hidden_states"][2]
    np.testing.assert_allclose(smaller.encoder(tokenizer(texts))["sequence_output"], expected, atol=1e-5)
    mpnet = task_of(MPNET, tokenizer)
    labels = (["bad", "good"] * len(texts))[: len(texts)]
    for task, heads, units in ((albert, 0.0, 0.5), (albert, 0.5, 0.0), (mpnet, 0.5, 0.0)):
        task.compile()
        with pytest.raises(ValueError, match="the same heads"):
            prune(task, texts, labels, heads=heads, units=units)
    pruned = prune(mpnet, texts, labels, heads=0.0, units=0.5)
    assert pruned.encoder.config.units_by_layer == (8, 8)
    assert pruned.encoder.config.heads_by_layer is None


@pytest.mark.parametrize(
    "fields",
    [
        {"relative_position_buckets": 8, "heads_by_layer": (1, 2)},
        {"shared_blocks": True, "heads_by_layer": (1, 2)},
        {"shared_blocks": True, "units_by_layer": (8, 16)},
        {"relative_position_buckets": 3},
        {"relative_position_buckets": True},
        {"shared_blocks": 1.5},
    ],
)
def test_configs_that_cannot_be(fields):
    with pytest.raises(ValueError, match="BertConfig"):
        BertConfig.from_dict(CONFIG.to_dict() | fields)


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_shared_block_begins_to_learn_at_once(tokenizer, texts):
    task = task_of(ALBERT, tokenizer)
    unfreezing = kerasbert.training.GradualUnfreezing()
    task.compile()
    block = task.encoder.blocks[0]
    before = np.asarray(block.attention.query_dense.kernel)
    labels = (["bad", "good"] * len(texts))[: len(texts)]
    task.fit(texts, labels, epochs=1, verbose=0, callbacks=[unfreezing])
    np.testing.assert_array_equal(block.attention.query_dense.kernel, before)
    task.fit(texts, labels, epochs=2, verbose=0, callbacks=[unfreezing])
    assert np.abs(np.asarray(block.attention.query_dense.kernel) - before).max() > 0
