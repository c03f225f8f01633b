"""In Keras' functional API a layer, a head, the encoder and a task are what they are elsewhere."""

import keras
import numpy as np
import pytest
from conformance_cases import (
    LAYERS,
    TASK_CONFIG,
    TASKS,
    TOKENS,
    B,
    D,
    S,
    make_task,
    outputs,
    training_rows,
    vectors,
)

from kerasbert import BertEncoder, BertTextClassifier
from kerasbert.heads import ClassificationHead
from kerasbert.layers import EncoderBlock, Pooler, SelfAttention


def symbol(array):
    """A `keras.Input` for a batch of any size, of sequences of any length."""
    if isinstance(array, dict):
        return {name: symbol(value) for name, value in array.items()}
    width = array.shape[-1:] if array.dtype == "float32" else ()
    return keras.Input((*(None,) * (array.ndim - 1 - len(width)), *width), dtype=str(array.dtype))


def check(call, *inputs):
    """Compares `call` of symbols with `call` of arrays: outputs, their shapes and their dtypes."""
    symbols = [symbol(x) for x in inputs]
    found = call(*symbols)
    right = call(*inputs)
    keras.tree.assert_same_structure(found, right)
    for one, other in zip(keras.tree.flatten(found), keras.tree.flatten(right), strict=True):
        assert one.dtype == keras.backend.standardize_dtype(other.dtype)
        assert len(one.shape) == len(other.shape)
        assert all(a in (None, b) for a, b in zip(one.shape, other.shape, strict=True))
    model = keras.Model(symbols, found)
    again = keras.tree.flatten(model(list(inputs)))
    for one, other in zip(again, keras.tree.flatten(right), strict=True):
        one, other = (outputs(value)["output"] for value in (one, other))
        np.testing.assert_allclose(one, other, atol=1e-6)
    return found


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer(name):
    make, inputs = LAYERS[name]
    check(make(), *inputs)


@pytest.mark.parametrize("flags", [{"first_token_only": True}, {"return_all": True}])
def test_an_encoder_with_flags(flags):
    encoder = BertEncoder(TASK_CONFIG)
    found = check(lambda tokens: encoder(tokens, **flags), TOKENS)
    assert found["sequence_output"].shape == (None, 1 if "first_token_only" in flags else None, D)


@pytest.mark.parametrize("flags", [{"first_token_only": True}, {"return_attention": True}])
def test_a_block_with_flags(flags):
    block = EncoderBlock(2, 16)
    check(lambda x: block(x, **flags), vectors(B, S, D))


def test_attention_with_a_query():
    attention = SelfAttention(2)
    check(lambda x, q: attention(x, query=q, return_attention=True), vectors(B, S, D), vectors(B, 2, D))


@pytest.mark.parametrize("dtype", ["float32", pytest.param("mixed_bfloat16", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", TASKS)
def test_a_task(name, dtype):
    task = make_task(name, TASK_CONFIG, None, dtype=dtype)
    if dtype == "float32":
        check(task, training_rows(name, lambda texts: TOKENS, None)[0])
    else:  # numbers are those of another order of operations
        tokens = training_rows(name, lambda texts: TOKENS, None)[0]
        found, right = task(symbol(tokens)), task(tokens)
        for one, other in zip(keras.tree.flatten(found), keras.tree.flatten(right), strict=True):
            assert one.dtype == keras.backend.standardize_dtype(other.dtype)


@pytest.mark.slow
def test_texts_and_a_table_learn_together_and_are_saved(tmp_path):
    tokens = {name: keras.Input((None,), dtype="int32", name=name) for name in TOKENS}
    table = keras.Input((4,), name="table")
    encoder = BertEncoder(TASK_CONFIG)
    x = keras.layers.Concatenate()([encoder(tokens)["pooled_output"], table])
    model = keras.Model({**tokens, "table": table}, ClassificationHead(2)(x))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    rows = TOKENS | {"table": vectors(B, 4)}
    before = encoder.get_weights()
    model.fit(rows, np.array([0, 1, 0]), verbose=0)
    changed = [np.any(a != b) for a, b in zip(encoder.get_weights(), before, strict=True)]
    assert sum(changed) >= len(changed) - 2  # the keys' biases have a gradient of 0
    model.save(tmp_path / "it.keras")
    again = keras.saving.load_model(tmp_path / "it.keras")
    np.testing.assert_allclose(again.predict(rows, verbose=0), model.predict(rows, verbose=0), atol=1e-6)


def test_layers_in_a_row():
    head = keras.Sequential([keras.Input((None, D)), EncoderBlock(2, 16), Pooler(), ClassificationHead(3)])
    assert head.output_shape == (None, 3)
    late = keras.Sequential([EncoderBlock(2, 16), Pooler(), ClassificationHead(3)])
    assert tuple(late(vectors(B, S, D)).shape) == (B, 3)
    encoder = BertEncoder(TASK_CONFIG, pooler=False)
    check(lambda tokens: head(encoder(tokens)["sequence_output"]), TOKENS)


@keras.saving.register_keras_serializable(package="tests")
class OwnModel(keras.Model):
    """An encoder and a task in a model of another class."""

    def __init__(self, encoder, task, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.task = encoder, task
        self.dense = keras.layers.Dense(3)

    def call(self, inputs, training=None):
        pooled = self.encoder(inputs, training=training)["pooled_output"]
        return self.dense(keras.ops.concatenate([pooled, self.task(inputs, training=training)], -1))

    def get_config(self):
        parts = {"encoder": self.encoder, "task": self.task}
        return super().get_config() | {
            name: keras.saving.serialize_keras_object(part) for name, part in parts.items()
        }

    @classmethod
    def from_config(cls, config):
        parts = {n: keras.saving.deserialize_keras_object(config.pop(n)) for n in ("encoder", "task")}
        return cls(**parts, **config)


@pytest.mark.slow
def test_a_model_of_another_class(tmp_path):
    task = BertTextClassifier(BertEncoder(TASK_CONFIG), None, ["a", "b"])
    model = OwnModel(BertEncoder(TASK_CONFIG), task)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(TOKENS, np.array([0, 1, 2]), verbose=0)
    model.save(tmp_path / "it.keras")
    again = keras.saving.load_model(tmp_path / "it.keras")
    np.testing.assert_allclose(again.predict(TOKENS, verbose=0), model.predict(TOKENS, verbose=0), atol=1e-6)


@keras.saving.register_keras_serializable(package="tests")
class OwnClassifier(BertTextClassifier):
    """A task whose logits are computed in another way."""

    def logits(self, encoder_outputs, training=None):
        return 2.0 * super().logits(encoder_outputs, training=training)


def test_a_task_of_another_class():
    task = OwnClassifier(BertEncoder(TASK_CONFIG), None, ["a", "b"])
    right = outputs(BertTextClassifier.call(task, TOKENS, training=False))
    check(task, TOKENS)
    np.testing.assert_allclose(outputs(task(TOKENS))["output"], right["output"], atol=1e-6)
    assert np.abs(right["output"]).max() > 0
