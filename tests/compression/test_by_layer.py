"""Blocks of different sizes: in a config, in layers, in files."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from conformance_cases import TASKS, make_task, outputs, vectors

import kerasbert
from kerasbert import BertConfig, BertEncoder, export
from kerasbert.layers import SelfAttention


@pytest.fixture
def pruned(config):
    return dataclasses.replace(config, num_heads=4, heads_by_layer=(1, 3), units_by_layer=(8, 16))


def random_task(name, config, tokenizer):
    task = make_task(name, config, tokenizer)
    for i, weight in enumerate(task.weights):
        weight.assign(weight + np.random.default_rng(i).normal(size=weight.shape) * 0.3)
    return task


@pytest.mark.slow_after(3)
@pytest.mark.parametrize("field", ["heads_by_layer", "units_by_layer"])
@pytest.mark.parametrize("value", [(1,), (1, 0), (1, 17), (1, 2.0), (1, True), 2, "12", (1, 2, 2)])
def test_a_bad_number_of_a_layer_is_an_error(config, field, value):
    with pytest.raises(ValueError, match=rf"`{field}` must have a number from 1 to \d+ for each of the 2"):
        dataclasses.replace(config, **{field: value})


def test_what_means_the_same_is_the_same(config):
    assert dataclasses.replace(config, heads_by_layer=[2, 2], units_by_layer=[16, 16]) == config
    assert dataclasses.replace(config, heads_by_layer=[2, 1], units_by_layer=[1, 1]) != config


def test_a_config_goes_through_json(pruned):
    again = BertConfig.from_dict(json.loads(json.dumps(pruned.to_dict())))
    assert again == pruned
    assert hash(again) == hash(pruned)
    assert again.block_sizes == [(1, 8), (3, 16)]
    assert dataclasses.replace(pruned, heads_by_layer=None).block_sizes == [(4, 8), (4, 16)]


def test_a_head_may_be_narrower_than_its_share():
    layer = SelfAttention(num_heads=3, head_dim=2)
    assert layer(vectors(2, 5, 8)).shape == (2, 5, 8)
    assert [weight.shape for weight in layer.weights] == [(8, 6), (6,)] * 3 + [(6, 8), (8,)]
    assert SelfAttention.from_config(layer.get_config()).head_dim == 2
    with pytest.raises(ValueError, match="`head_dim` must be a positive int"):
        SelfAttention(num_heads=3, head_dim=0)


def test_heads_attend_as_they_do_in_the_whole_layer(config, tokenizer, pruned):
    """By `attentions`, which have as many heads as a block: a scale by another width would change them."""
    whole, part = (
        BertEncoder(c)
        for c in (dataclasses.replace(pruned, heads_by_layer=None, units_by_layer=None), pruned)
    )
    for name, weight in part.named_weights().items():
        weight.assign(whole.named_weights()[name].numpy()[tuple(slice(n) for n in weight.shape)])
    found, expected = (e(tokenizer("good film"), return_all=True)["attentions"][0] for e in (part, whole))
    assert found.shape == (1, 4, 4)
    np.testing.assert_allclose(found, expected[:1], atol=1e-6)


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("name", TASKS)
def test_every_file_of_ours_holds_it(name, pruned, tokenizer, texts, tmp_path):
    task = random_task(name, pruned, tokenizer)
    tokens = tokenizer(texts, max_length=14)
    if name == "BertMultipleChoice":
        tokens = {key: value[None] for key, value in tokens.items()}
    expected = outputs(task(tokens))
    task.save(tmp_path / "it.keras")
    task.save_to_preset(tmp_path / "it")
    for again in (keras.saving.load_model(tmp_path / "it.keras"), type(task).from_preset(tmp_path / "it")):
        assert again.encoder.config == task.encoder.config
        for key, value in outputs(again(tokens)).items():
            np.testing.assert_array_equal(value, expected[key])


@pytest.mark.slow
def test_lora_works_on_it(pruned, tokenizer):
    task = random_task("BertTextClassifier", pruned, tokenizer)
    task.encoder.enable_lora(2)
    task.compile()
    task.fit(["good", "bad"], ["good", "bad"], verbose=0)
    before = task.predict(["good film"], verbose=0)
    task.encoder.merge_lora()
    np.testing.assert_allclose(task.predict(["good film"], verbose=0), before, atol=1e-6)


@pytest.mark.parametrize("field", ["heads_by_layer", "units_by_layer"])
@pytest.mark.parametrize("write", [export.to_huggingface, export.to_google, export.to_keras_hub])
def test_no_other_librarys_file_does(field, write, pruned, tokenizer, tmp_path):
    one = dataclasses.replace(pruned, **{field: None})
    task = kerasbert.BertTextClassifier(BertEncoder(one), tokenizer, ["bad", "good"])
    for model in (task, task.encoder):
        with pytest.raises(ValueError, match=r'All blocks must have.*save\("model.keras"\)'):
            write(model, tmp_path / "it")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_transformers_does_not_load_its_preset_by_mistake(pruned, tokenizer, tmp_path):
    transformers = pytest.importorskip("transformers")
    random_task("BertTextClassifier", pruned, tokenizer).save_to_preset(tmp_path)
    with pytest.raises(RuntimeError, match="size"):
        transformers.BertForSequenceClassification.from_pretrained(tmp_path)


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "name", [pytest.param("BertTextClassifier", marks=pytest.mark.slow), "BertTokenClassifier"]
)
def test_on_a_device_it_is_one_graph_with_the_same_answers(name, pruned, tokenizer, tmp_path):
    pytest.importorskip("ai_edge_litert", reason="pip install 'kerasbert[tflite]'")
    task = random_task(name, pruned, tokenizer)
    texts = ["good film", "the film was not very good, was it bad?", "a"]
    artifact = export.to_tflite(task, tmp_path / "it.tflite", "float32")
    assert artifact.partitions == 1
    assert export.verify(task, artifact, texts).max_difference < 1e-5
