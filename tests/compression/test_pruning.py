"""Heads and units: which go, and that the rest is the same model, in fewer weights."""

import dataclasses

import keras
import numpy as np
import pytest
from conformance_cases import TASKS, make_still_task, make_task, outputs, training_rows

from kerasbert import BertConfig, BertEncoder
from kerasbert.compression import prune
from kerasbert.compression.importance import importances
from kerasbert.compression.pruning import most_important, without_the_others
from kerasbert.compression.rebuilding import weights_of

pytestmark = pytest.mark.tensorflow
X = ["good film", "bad film", "what a good film!", "the film was bad", "good", "very bad."]
Y = ["good", "bad", "good", "bad", "good", "bad"]


@pytest.fixture
def config(config):
    """As that of all tests, with more to prune."""
    return dataclasses.replace(config, num_heads=4, intermediate_dim=40)


@pytest.fixture
def task(config, tokenizer):
    task = random_task("BertTextClassifier", config, tokenizer)
    task.compile()
    return task


def random_task(name, config, tokenizer):
    """A task without dropout, no bias of which is zero."""
    task = make_still_task(name, config, tokenizer)
    for i, weight in enumerate(task.weights):
        weight.assign(weight + np.random.default_rng(i).normal(size=weight.shape) * 0.3)
    return task


def copy_of(task):
    return type(task).from_config(task.get_config()), [weight.numpy().copy() for weight in task.weights]


def mask(task, block, heads=(), units=()):
    """Lets nothing through of some heads and units."""
    block = task.encoder.blocks[block]
    for dense, rows in (
        (block.attention.output_dense, [2 * head + i for head in heads for i in range(2)]),
        (block.feed_forward.output_dense, list(units)),
    ):
        kernel = dense.kernel.numpy()
        kernel[rows] = 0
        dense.kernel.assign(kernel)


@pytest.mark.slow_after(3)
@pytest.mark.parametrize("name", TASKS)
def test_a_pruned_model_is_the_whole_one_with_the_rest_masked_out(name, config, tokenizer, texts):
    task = random_task(name, config, tokenizer)
    heads, units = [np.array([1, 3]), np.array([0, 1, 2])], [np.arange(0, 32, 2), np.arange(7, 31)]
    smaller = without_the_others(task, weights_of(task, "test"), heads, units)
    for block in range(2):
        gone = (set(range(n)) - set(kept[block]) for n, kept in ((4, heads), (40, units)))
        mask(task, block, *map(sorted, gone))
    tokens, _, _ = training_rows(name, tokenizer, texts)
    expected = outputs(task(tokens))
    for key, value in outputs(smaller(tokens)).items():
        np.testing.assert_allclose(value, expected[key], atol=1e-5)
    config = smaller.encoder.config
    assert (config.heads_by_layer, config.units_by_layer) == ((2, 3), (16, 24))
    # A head of width 2 has 2 columns of three kernels and biases, and 2 rows; a unit one of each and a bias.
    assert task.count_params() - smaller.count_params() == 3 * 2 * (4 * 8 + 3) + 40 * (2 * 8 + 1)


@pytest.mark.slow
def test_what_does_nothing_goes_first_and_changes_nothing(task):
    mask(task, 0, heads=[2], units=[*range(0, 12), *range(20, 32)])
    mask(task, 1, heads=[0, 3], units=range(3, 11))
    before, (_, weights) = task.predict(X, verbose=0), copy_of(task)
    smaller = prune(task, X, Y, heads=3 / 8, units=4 / 10)
    config = smaller.encoder.config
    assert (config.heads_by_layer, config.units_by_layer) == ((3, 2), (16, 32))
    np.testing.assert_allclose(smaller.predict(X, verbose=0), before, atol=1e-6)
    np.testing.assert_equal([weight.numpy() for weight in task.weights], weights)
    assert not smaller.compiled
    assert (task.encoder.config.heads_by_layer, smaller.labels) == (None, task.labels)


@pytest.mark.slow
def test_importance_is_the_change_of_the_loss_on_each_row(task):
    found = importances(task, X, Y, batch_size=1)

    def losses(scale, block, head=None, unit=None):
        dense = block.attention.output_dense if unit is None else block.feed_forward.output_dense
        rows = slice(2 * head, 2 * head + 2) if unit is None else unit
        kernel = dense.kernel.numpy()
        changed = kernel.copy()
        changed[rows] *= scale
        dense.kernel.assign(changed)
        probabilities = task.predict(X, verbose=0).astype("float64")
        dense.kernel.assign(kernel)
        return -np.log([row[task.labels.index(label)] for row, label in zip(probabilities, Y, strict=True)])

    for block, (heads, units) in zip(task.encoder.blocks, found, strict=True):
        for place, value in ({"head": 3}, heads[3]), ({"head": 0}, heads[0]), ({"unit": 17}, units[17]):
            change = (losses(1.01, block, **place) - losses(0.99, block, **place)) / 0.02
            np.testing.assert_allclose(value, np.abs(change).mean(), rtol=0.02, atol=1e-5)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_pruned_by_its_own_loss(name, config, tokenizer, texts):
    task = random_task(name, config, tokenizer)
    x, y, options = training_rows(name, tokenizer, texts)
    task.compile(**options)
    smaller = prune(task, x, y, heads=0.5, units=0.5, batch_size=3)
    assert sum(smaller.encoder.config.heads_by_layer) == 4
    assert sum(smaller.encoder.config.units_by_layer) == 40
    smaller.compile(**options)
    smaller.fit(x, y, verbose=0)
    again = without_the_others(smaller, weights_of(smaller, "test"), [np.array([0])] * 2, [np.arange(8)] * 2)
    assert again.encoder.config.heads_by_layer == (1, 1)


@pytest.mark.slow
def test_a_loss_that_compares_rows_needs_several(config, tokenizer):
    task = random_task("BertTextEmbedder", config, tokenizer)
    task.compile()
    x = (X, X[::-1])
    assert np.all(importances(task, x, None, batch_size=1)[0][0] == 0)
    assert np.all(importances(task, x, None, batch_size=3)[0][0] > 0)


@pytest.mark.slow
def test_fine_tuning_recovers(config, tokenizer):
    task = make_still_task("BertTextClassifier", config, tokenizer)

    def fit(task):
        task.compile(optimizer=keras.optimizers.Adam(1e-2))
        before = task.evaluate(X, Y, verbose=0)[0]
        task.fit(X, Y, epochs=20, verbose=0)
        return before, task.evaluate(X, Y, verbose=0)[0]

    first, learned = fit(task)
    lost, recovered = fit(prune(task, X, Y, heads=0.75, units=0.8))
    assert first > lost > 1.5 * learned
    assert recovered < lost / 2


@pytest.mark.parametrize(
    ("share", "at_a_time", "kept"),
    [
        (0.0, 1, [[0, 1, 2, 3], [0, 1, 2, 3]]),
        (0.25, 1, [[0, 1, 2, 3], [2, 3]]),
        (0.5, 1, [[0, 1, 2], [3]]),  # the last of a layer stays
        (0.75, 1, [[0], [3]]),
        (0.25, 2, [[0, 1, 2, 3], [2, 3]]),  # two go together
        (0.5, 3, [[0, 1, 2], [1, 2, 3]]),  # or fewer, the least
    ],
)
def test_the_least_of_all_layers_go(share, at_a_time, kept):
    scores = [np.array([5.0, 4.0, 3.5, 3.0]), np.array([0.0, 0.1, 0.2, 90.0])]
    assert [layer.tolist() for layer in most_important(scores, share, at_a_time, "heads")] == kept


def test_each_layer_is_measured_by_its_own_norm():
    scores = [np.array([0.3, 0.4]), np.array([1.0, 90.0])]
    assert [layer.tolist() for layer in most_important(scores, 0.25, 1, "heads")] == [[0, 1], [1]]


def test_layers_without_any_importance_are_pruned_too():
    zeros = [np.zeros(24), np.zeros(24)]
    assert sorted(len(layer) for layer in most_important(zeros, 0.5, 8, "units")) in ([8, 16], [16, 8])


@pytest.mark.slow
def test_wrong_arguments_say_what_to_do(task):
    for heads, most in ((0.9, "0.75"), (0.85, "0.75")):
        with pytest.raises(
            ValueError, match=rf"`heads` must leave a head in each layer.*Take {most} at most"
        ):
            prune(task, X, Y, heads=heads, units=0)
    with pytest.raises(ValueError, match=r"`units` must leave 8 units in each layer.*Take 0.80 at most"):
        prune(task, X, Y, heads=0, units=0.95)
    with pytest.raises(ValueError, match=r"`heads` must be a number from 0"):
        prune(task, X, Y, heads=3, units=0)
    with pytest.raises(ValueError, match=r"There must be labelled rows"):
        prune(task, {name: value[:0] for name, value in task.tokenizer(X).items()}, [], heads=0.5, units=0)
    fresh, _ = copy_of(task)
    with pytest.raises(ValueError, match=r"compile\(\).* first"):
        prune(fresh, X, Y, heads=0.5, units=0)
    task.encoder.enable_lora(2)
    task.compile()
    with pytest.raises(ValueError, match="LoRA must be merged first"):
        prune(task, X, Y, heads=0.5, units=0)


def test_a_frozen_task_is_pruned_and_then_learns(task):
    task.encoder.freeze(1)
    task.compile()
    smaller = prune(task, X, Y, heads=0.5, units=0.5)
    assert all(weight.trainable for weight in smaller.encoder.blocks[0].trainable_weights)
    assert len(smaller.trainable_weights) > len(task.trainable_weights)


def test_half_precision(tokenizer):
    config = BertConfig(vocabulary_size=tokenizer.vocabulary_size, num_layers=1, num_heads=2, hidden_dim=8)
    task = make_task("BertTextClassifier", config, tokenizer, dtype="mixed_bfloat16")
    task.compile()
    smaller = prune(task, X, Y, heads=0.5, units=0.5)
    assert smaller.encoder.blocks[0].attention.compute_dtype == "bfloat16"
    assert BertEncoder(smaller.encoder.config).count_params() == smaller.encoder.count_params()
