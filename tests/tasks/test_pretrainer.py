import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasbert
from kerasbert import BertEncoder
from kerasbert.training import WarmupPolynomialDecay

RNG = np.random.default_rng(0)
B, S, M = 4, 10, 3


@pytest.fixture
def batch():
    """A batch as `pretraining_batches` makes them; the last row has a place less to predict."""
    positions = np.stack([RNG.choice(np.arange(1, 8), M, replace=False) for _ in range(B)])
    weights = np.ones((B, M), "float32")
    weights[-1, -1] = 0
    return {
        "token_ids": RNG.integers(5, 19, (B, S)).astype("int32"),
        "segment_ids": (np.arange(S) > 4).astype("int32") * np.ones((B, 1), "int32"),
        "padding_mask": (np.arange(S) < 8).astype("int32") * np.ones((B, 1), "int32"),
        "mask_positions": positions.astype("int32"),
        "mask_ids": RNG.integers(5, 19, (B, M)).astype("int32"),
        "mask_weights": weights,
        "next_sentence": np.array([0, 1, 1, 0], "int32"),
    }


def dense_labels(batch):
    """The labels of all positions."""
    labels = np.full((B, S), -100)
    for row in range(B):
        for place, token, weight in zip(
            *(batch[f"mask_{x}"][row] for x in ("positions", "ids", "weights")), strict=True
        ):
            labels[row, place] = token if weight else -100
    return labels


def test_masked_positions_alone_have_the_scores_that_all_have(config, tokenizer, batch):
    model = kerasbert.BertPretrainer(BertEncoder(config), tokenizer)
    tokens = {name: batch[name] for name in ("token_ids", "segment_ids", "padding_mask")}
    everywhere = np.asarray(model(tokens)["masked_lm"])
    masked = model(tokens | {"mask_positions": batch["mask_positions"]})["masked_lm"]
    np.testing.assert_allclose(
        masked, np.take_along_axis(everywhere, batch["mask_positions"][..., None], 1), atol=1e-6
    )
    one = {name: value[0] for name, value in (tokens | {"mask_positions": batch["mask_positions"]}).items()}
    np.testing.assert_allclose(model(one)["masked_lm"], masked[0], atol=1e-5)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("pairs", ["next_sentence", "sentence_order", "none"])
def test_losses_and_accuracies_are_those_of_all_positions(config, tokenizer, batch, pairs):
    keras.utils.set_random_seed(0)
    model = kerasbert.BertPretrainer(BertEncoder(config, pooler=pairs != "none"), tokenizer, pairs=pairs)
    model.compile()
    found = model.evaluate(tf.data.Dataset.from_tensors(batch), verbose=0, return_dict=True)
    tokens = {name: batch[name] for name in ("token_ids", "segment_ids", "padding_mask")}
    labels = {"masked_lm": dense_labels(batch)}
    if pairs != "none":
        labels["next_sentence"] = batch["next_sentence"]
    expected = model.evaluate(tokens, labels, verbose=0, return_dict=True)
    assert found == pytest.approx(expected, abs=1e-5)
    logits = np.asarray(model(tokens)["masked_lm"], "float64")
    scores = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    by_hand = [
        -scores[row, place, labels["masked_lm"][row, place]]
        for row, place in np.argwhere(labels["masked_lm"] >= 0)
    ]
    assert len(by_hand) == B * M - 1
    assert found.get("masked_lm_loss", found["loss"]) == pytest.approx(np.mean(by_hand), abs=1e-5)
    assert ("next_sentence_accuracy" in found) == (pairs != "none")


def test_presets_keep_what_pairs_are_for(config, tokenizer, tmp_path):
    for pairs in ("sentence_order", "none"):
        model = kerasbert.BertPretrainer(BertEncoder(config, pooler=pairs != "none"), tokenizer, pairs=pairs)
        model.save_to_preset(tmp_path / pairs)
        again = kerasbert.BertPretrainer.from_preset(tmp_path / pairs)
        assert again.pairs == pairs
        assert (again.encoder.pooler is None) == (pairs == "none")
        for one, two in zip(model.weights, again.weights, strict=True):
            np.testing.assert_array_equal(one, two)


def test_batches_without_pairs_are_refused_where_pairs_are_learned(config, tokenizer, batch):
    del batch["next_sentence"]
    model = kerasbert.BertPretrainer(BertEncoder(config), tokenizer)
    model.compile()
    with pytest.raises(ValueError, match=r"missing=\['next_sentence'\]"):
        model.fit(tf.data.Dataset.from_tensors(batch), verbose=0)
    with pytest.raises(ValueError, match="pairs='all'"):
        kerasbert.BertPretrainer(BertEncoder(config), tokenizer, pairs="all")


def test_the_schedule_is_refused_if_its_warm_up_never_ends():
    with pytest.raises(ValueError, match="less than `total_steps`"):
        WarmupPolynomialDecay(1e-3, warmup_steps=10, total_steps=10)
