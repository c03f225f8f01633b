"""What a TPU needs: steps that XLA compiles, here on the CPU, and few shapes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conformance_cases import CONFIG, make_still_task, make_task, slow_but, training_rows

from kerasbert import BertConfig
from kerasbert.data import full_batches
from kerasbert.training import BertAdamW

pytestmark = pytest.mark.tensorflow

LONGER = BertConfig.from_dict(CONFIG.to_dict() | {"num_layers": 1, "max_sequence_length": 64})
TEXTS = ["good film", "bad", "the film was not very good", "what a film!", "a", "not", "very bad", "good."]


FAST = ("BertTokenClassifier", "BertPretrainer")  # compiling takes seconds


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", slow_but(FAST))
def test_a_compiled_step_learns_as_a_plain_one(name, tokenizer):
    tokens, y, loss = training_rows(name, tokenizer, TEXTS)
    losses = {}
    for compiled in (False, True):
        keras.utils.set_random_seed(0)
        task = make_still_task(name, LONGER, tokenizer)
        task.compile(BertAdamW(1e-2), jit_compile=compiled, **loss)
        history = task.fit(tokens, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        losses[compiled] = history.history["loss"]
    np.testing.assert_allclose(losses[True], losses[False], rtol=1e-4)


@pytest.mark.slow
def test_dropout_compiles(tokenizer):
    task = make_task("BertTextClassifier", LONGER, tokenizer)
    task.compile(jit_compile=True)
    history = task.fit(TEXTS[:4], ["good", "bad", "bad", "good"], batch_size=4, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def _rows(count):
    random = np.random.default_rng(0)
    return [" ".join(random.choice(["good", "bad"], n)) for n in random.integers(1, 63, count)]


def _seen(task, monkeypatch, **data):
    """The batches that Keras' `fit` is given."""
    given = []
    monkeypatch.setattr(keras.Model, "fit", lambda self, x, *args, **kwargs: given.extend(x))
    task.fit(batch_size=4, **data)
    return given


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("compiled", [False, True])
def test_texts_of_any_length_make_few_shapes(tokenizer, monkeypatch, compiled):
    task = make_task("BertTextClassifier", LONGER, tokenizer)
    task.compile(jit_compile=compiled)
    x = _rows(200)
    batches = _seen(task, monkeypatch, x=x, y=["good"] * 200)
    lengths = {batch[0]["token_ids"].shape[1] for batch in batches}
    assert lengths == set(range(8, 65, 8)) if compiled else len(lengths) > 20
    tokens = sum(int(tf.reduce_sum(batch[0]["padding_mask"])) for batch in batches)
    assert tokens == sum(min(len(text.split()) + 2, 64) for text in x)
    assert not any(np.any(batch[0]["token_ids"][batch[0]["padding_mask"] == 0]) for batch in batches)


def test_labels_of_tokens_are_padded_alike(tokenizer, monkeypatch):
    task = make_task("BertTokenClassifier", LONGER, tokenizer)
    task.compile(jit_compile=True)
    ((tokens, labels, weights),) = _seen(
        task, monkeypatch, x=[["good"], ["bad", "film"]], y=[["B"], ["B", "I"]], sample_weight=[1.0, 2.0]
    )
    assert tokens["token_ids"].shape == labels.shape == weights.shape == (2, 8)
    np.testing.assert_array_equal(labels, [[-100, 1, *[-100] * 6], [-100, 1, 2, *[-100] * 5]])
    np.testing.assert_array_equal(weights[:, :4], [[1, 1, 1, 1], [2, 2, 2, 2]])


def test_on_a_tpu_all_batches_are_full(tokenizer, monkeypatch):
    task = make_task("BertTextClassifier", LONGER, tokenizer)
    task.compile()
    monkeypatch.setattr(type(task), "on_tpu", lambda self: True)
    batches = _seen(task, monkeypatch, x=_rows(23), y=["good"] * 23)
    assert [len(labels) for _, labels in batches] == [4] * 5


@pytest.mark.parametrize(("sizes", "full"), [([4, 4, 3], [4, 4]), ([2], [2]), ([1, 5, 5], [5, 5]), ([], [])])
def test_full_batches(sizes, full):
    def batches():
        for size in sizes:
            yield {"token_ids": np.zeros((size, 3), "int32")}, np.zeros(size)

    spec = {"token_ids": tf.TensorSpec((None, 3), tf.int32)}, tf.TensorSpec((None,))
    found = full_batches(tf.data.Dataset.from_generator(batches, output_signature=spec))
    assert int(found.cardinality()) == len(full)
    assert [len(labels) for _, labels in found] == full
