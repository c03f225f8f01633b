import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasbert
from kerasbert.training import BertAdamW

TEXTS, LABELS = ["good film", "bad film", "good", "bad"] * 4, [1, 0, 1, 0] * 4


@pytest.fixture
def make(config, tokenizer):
    """Makes equal classifiers without dropout."""

    def make():
        keras.utils.set_random_seed(0)
        still = {"hidden_dropout": 0.0, "attention_dropout": 0.0}
        encoder = kerasbert.BertEncoder(kerasbert.BertConfig.from_dict(config.to_dict() | still))
        return kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"], dropout=0.0)

    return make


def changes(task, before):
    """How far each weight moved, by path."""
    return {path: np.abs(w - before[path]).max() for path, w in task.named_weights().items()}


def test_lower_blocks_learn_at_a_lower_rate(make):
    task = make()
    before = {path: np.array(weight) for path, weight in task.named_weights().items()}
    task.compile(
        optimizer=BertAdamW(keras.optimizers.schedules.ExponentialDecay(1e-3, 1, 1.0), layer_decay=0.5)
    )
    task.fit(TEXTS, LABELS, batch_size=16, verbose=0)  # one step: Adam moves each weight by the rate
    moved = changes(task, before)
    for path, rate in {
        "classification/logits/bias": 1e-3,
        "encoder/pooler/dense/bias": 1e-3,
        "encoder/block_1/feed_forward/output/bias": 5e-4,
        "encoder/block_0/feed_forward/output/bias": 2.5e-4,
        "encoder/embeddings/layer_norm/beta": 1.25e-4,
    }.items():
        assert moved[path] == pytest.approx(rate, rel=0.02), path
    again = keras.optimizers.deserialize(keras.optimizers.serialize(task.optimizer))
    assert again.layer_decay == 0.5


def test_a_share_above_one_is_refused():
    for value in (1.5, 0.0):
        with pytest.raises(ValueError, match=f"layer_decay={value}"):
            BertAdamW(layer_decay=value)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("blocks", [0, 1, 2, None])
def test_frozen_blocks_do_not_learn(make, blocks):
    task = make()
    before = {path: np.array(weight) for path, weight in task.named_weights().items()}
    task.encoder.freeze(blocks)
    task.compile(optimizer=keras.optimizers.Adam(1e-3))
    task.fit(TEXTS, LABELS, verbose=0)
    moved = {path for path, change in changes(task, before).items() if change > 0}
    assert any("embeddings" in path for path in moved) == (blocks is None)
    for number in range(2):
        assert any(f"block_{number}/" in path for path in moved) == (blocks is None or number >= blocks)
    assert "classification/logits/kernel" in moved


def test_freezing_more_blocks_than_there_are(make):
    with pytest.raises(ValueError, match="blocks=3"):
        make().encoder.freeze(3)


CONSTANT = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 1.0)


def after_steps(optimizer, gradients, start=((1.0, -2.0), (0.5, 3.0), (1.0, 1.0))):
    """What a table becomes by some gradients."""
    table = keras.Variable(np.array(start, "float32"), name="table")
    optimizer.build([table])
    for gradient in gradients:
        optimizer.apply([gradient], [table])
    return np.array(table)


@pytest.mark.parametrize("global_clipnorm", [None, 0.1])
def test_a_row_that_is_looked_up_twice_moves_by_the_sum_of_its_gradients(global_clipnorm):
    slices = [
        tf.IndexedSlices(scale * tf.constant([[0.1, 0.2], [0.3, -0.1], [0.1, 0.4]]), [0, 0, 2], [3, 2])
        for scale in (1.0, -3.0, 0.5)
    ]
    dense = [tf.constant(scale * np.array([[0.4, 0.1], [0, 0], [0.1, 0.4]], "f")) for scale in (1, -3, 0.5)]
    given, expected = (
        after_steps(BertAdamW(CONSTANT, global_clipnorm=global_clipnorm), gradients)
        for gradients in (slices, dense)
    )
    np.testing.assert_allclose(given, expected, rtol=1e-6)


GRADIENTS = np.random.default_rng(0).normal(size=(4, 3, 2)).astype("float32")
SETTINGS = {"weight_decay": 0.1, "epsilon": 1e-6, "global_clipnorm": 1.0}


@pytest.mark.parametrize(
    "more", [{}, {"gradient_accumulation_steps": 2}, {"amsgrad": True}, {"use_ema": True}]
)
def test_it_moves_as_keras_own_does(more):
    ours, keras_own = (
        after_steps(of_class(CONSTANT, **SETTINGS, **more), GRADIENTS)
        for of_class in (BertAdamW, keras.optimizers.AdamW)
    )
    np.testing.assert_allclose(ours, keras_own, rtol=1e-5)


def test_weights_too_coarse_for_the_mean_of_squares():
    def after_a_step(dtype, beta_2=0.999):
        table = keras.Variable(np.ones(2), dtype=dtype, name="table")
        optimizer = BertAdamW(CONSTANT, beta_2=beta_2, weight_decay=0.0)
        optimizer.build([table])
        optimizer.apply([keras.ops.ones(2, dtype)], [table])
        return np.array(table, "float32")

    with pytest.raises(ValueError, match=r'bfloat16.*beta_2=0.999.*"mixed_bfloat16"'):
        after_a_step("bfloat16")
    for moved in after_a_step("float16"), after_a_step("bfloat16", beta_2=0.9):
        np.testing.assert_allclose(moved, 0.9, rtol=1e-2)


def test_it_moves_as_pytorchs_does():
    torch = pytest.importorskip("torch")
    table = torch.nn.Parameter(torch.tensor([[1.0, -2.0], [0.5, 3.0], [1.0, 1.0]]))
    optimizer = torch.optim.AdamW([table], lr=0.1, weight_decay=0.1, eps=1e-6)
    for gradient in GRADIENTS:
        table.grad = torch.tensor(gradient)
        torch.nn.utils.clip_grad_norm_([table], 1.0)
        optimizer.step()
    ours = after_steps(BertAdamW(CONSTANT, **SETTINGS), GRADIENTS)
    np.testing.assert_allclose(ours, table.detach().numpy(), rtol=1e-4)
