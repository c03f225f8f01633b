import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

import kerasbert
from kerasbert import BertEncoder


@pytest.mark.parametrize("prefix", ["", "bert."])
@pytest.mark.parametrize("old_names", [False, True])
def test_every_weight_arrives_where_it_belongs(write_folder, prefix, old_names):
    folder, tensors = write_folder(prefix, old_names)
    encoder = BertEncoder.from_preset(folder)
    report = encoder.load_report
    assert len(report.loaded) == len(encoder.weights) == len(tensors)
    for path, weight in encoder.named_weights().items():
        theirs = tensors[report.loaded[path]]
        np.testing.assert_array_equal(weight, theirs.T if path.endswith("/kernel") else theirs)
    assert len(report.renamed) == (2 * (1 + 2 * 2) if old_names else 0)
    if old_names:
        name = f"{prefix}embeddings.LayerNorm.gamma"
        assert report.renamed[name] == "embeddings.LayerNorm.weight"
        assert f"{name} is embeddings.LayerNorm.weight" in str(report)


POOLER = ["pooler.dense.weight", "pooler.dense.bias"]


def test_an_encoder_has_a_pooler_if_the_file_has(write_folder):
    folder, _ = write_folder(drop=POOLER)
    encoder = BertEncoder.from_preset(folder)
    assert encoder.pooler is None
    assert encoder.load_report.initialized == ()


def test_a_missing_pooler_is_reported_and_starts_random(write_folder, tokenizer):
    folder, _ = write_folder(drop=POOLER)
    with pytest.warns(UserWarning, match="lacks encoder/pooler/dense/kernel and 1 more"):
        task = kerasbert.BertTextClassifier.from_preset(folder, tokenizer=tokenizer, labels=["a", "b"])
    assert task.load_report.initialized[:2] == ("encoder/pooler/dense/kernel", "encoder/pooler/dense/bias")
    assert 0.1 < np.std(task.encoder.pooler.dense.kernel) < 0.6  # initializer_range=0.3


def test_weights_without_a_place_are_reported(write_folder):
    folder, _ = write_folder("bert.", extra=["cls.predictions.bias", "bert.embeddings.position_ids"])
    with pytest.warns(UserWarning, match="no place for cls.predictions.bias of"):
        encoder = BertEncoder.from_preset(folder)
    assert encoder.load_report.ignored == ("cls.predictions.bias",)


def test_a_missing_weight_is_an_error_that_names_it(write_folder):
    folder, _ = write_folder(drop=["layer.1.output.dense.bias"])
    with pytest.raises(ValueError, match=r"missing=\['encoder.layer.1.output.dense.bias'\]"):
        BertEncoder.from_preset(folder)


def test_another_shape_is_an_error_with_both_shapes(write_folder):
    folder, _ = write_folder(vocab_size=100)
    with pytest.raises(ValueError, match=r"word_embeddings.weight`.*\(100, 8\).*shape=\(19, 8\)"):
        BertEncoder.from_preset(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "model_type='gpt2'"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ({"is_decoder": True}, "is_decoder"),
        ({"hidden_act": "mish"}, "hidden_act='mish'"),
        ({"num_attention_heads": 3}, "`num_heads` must divide `hidden_dim`"),
    ],
)
def test_another_architecture_is_an_error(write_folder, change, message):
    folder, _ = write_folder(**change)
    with pytest.raises(ValueError, match=message):
        BertEncoder.from_preset(folder)


def test_activation_and_epsilon_are_the_checkpoints(write_folder):
    folder, _ = write_folder(hidden_act="gelu_new", layer_norm_eps=1e-5, type_vocab_size=2)
    config = BertEncoder.from_preset(folder).config
    assert (config.activation, config.layer_norm_epsilon) == ("gelu_tanh", 1e-5)


def test_a_folder_without_config_or_weights(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        BertEncoder.from_preset(tmp_path)
    (tmp_path / "config.json").write_text("{not json")
    with pytest.raises(ValueError, match="must be JSON"):
        BertEncoder.from_preset(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ValueError, match="vocab_size"):
        BertEncoder.from_preset(tmp_path)


def test_a_truncated_file_is_an_error(write_folder):
    folder, _ = write_folder()
    path = folder / "model.safetensors"
    data = path.read_bytes()
    for length in (0, 4, 100, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match="complete safetensors file"):
            BertEncoder.from_preset(folder)


def test_a_folder_without_weights(write_folder):
    folder, _ = write_folder()
    (folder / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors"):
        BertEncoder.from_preset(folder)


NAMES = {"token_ids": "input_ids", "segment_ids": "token_type_ids", "padding_mask": "attention_mask"}


def check_against_transformers(encoder, reference):
    outputs = encoder({ours: reference[theirs] for ours, theirs in NAMES.items()}, return_all=True)
    for i, hidden in enumerate(outputs["hidden_states"]):
        # In a run of all tests on a processor with AMX, one of 34,560 numbers differed by 1.03e-5.
        np.testing.assert_allclose(hidden, reference[f"hidden_{i}"], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(outputs["attentions"][0], reference["attention_0"], rtol=0, atol=1e-5)
    if "pooled" in reference:
        np.testing.assert_allclose(outputs["pooled_output"], reference["pooled"], rtol=0, atol=1e-5)


def test_minilm_gives_transformers_numbers(minilm, shared_models):
    reference = np.load(shared_models / "all-MiniLM-L6-v2-reference" / "reference.npz")
    check_against_transformers(BertEncoder.from_preset(minilm), reference)


def test_splade_gives_transformers_numbers(shared_models):
    task = kerasbert.BertMaskedLM.from_preset(shared_models / "splade-tiny-mlm")
    assert not task.load_report.ignored
    reference = np.load(shared_models / "splade-tiny-mlm" / "reference.npz")
    check_against_transformers(task.encoder, reference)
    logits = task({ours: reference[theirs] for ours, theirs in NAMES.items()})
    np.testing.assert_allclose(logits[:, 1:4], reference["logits_pos1to3"], rtol=0, atol=1e-4)


# === A model that is there already ===


@pytest.fixture
def model(write_folder, tokenizer):
    """A task with a copy of its own checkpoint in `theirs`, to be damaged."""
    folder, tensors = write_folder("bert.")
    task = kerasbert.BertTextClassifier.from_preset(folder, tokenizer=tokenizer, labels=["a", "b"])
    return task, folder, tensors


def test_load_preset_puts_weights_into_a_model(model):
    task, folder, tensors = model
    tensors |= {"classifier.weight": np.ones((2, 8), "float32"), "classifier.bias": np.ones(2, "float32")}
    save_file(tensors, folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps(config | {"architectures": ["BertForSequenceClassification"]})
    )
    report = task.load_preset(folder)
    assert report is task.load_report
    np.testing.assert_array_equal(task.head.dense.kernel, np.ones((8, 2)))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t: t.pop("bert.encoder.layer.1.output.dense.bias"), "encoder.layer.1.output.dense.bias"),
        (
            lambda t: t.update({"bert.encoder.layer.1.output.dense.bias": np.ones(9, "float32")}),
            r"`bert.encoder.layer.1.output.dense.bias` must be that of the model, \(8,\).*shape=\(9,\)",
        ),
    ],
)
def test_a_wrong_file_leaves_the_model_as_it_was(model, damage, message):
    task, folder, tensors = model
    report, before = task.load_report, task.get_weights()
    tensors = {name: value + 1 for name, value in tensors.items()}
    damage(tensors)
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ValueError, match=message):
        task.load_preset(folder)
    for value, old in zip(task.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, old)
    assert task.load_report is report


def test_another_models_preset_names_the_tensor_and_both_shapes(model, minilm):
    task, _, _ = model
    with pytest.raises(ValueError, match=r"word_embeddings.weight`.*\(19, 8\).*\(30522, 384\)"):
        task.load_preset(minilm)


# === Shards ===


def shard(folder, tensors):
    """Splits the weights of a folder over two files."""
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    places = {}
    for number, part in enumerate((names[::2], names[1::2]), 1):
        file = f"model-0000{number}-of-00002.safetensors"
        save_file({name: tensors[name] for name in part}, folder / file)
        places |= dict.fromkeys(part, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))


def test_shards_load_as_one_file_does(write_folder):
    folder, tensors = write_folder()
    expected = BertEncoder.from_preset(folder).get_weights()
    shard(folder, tensors)
    for value, wanted in zip(BertEncoder.from_preset(folder).get_weights(), expected, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_shards_of_pytorch_files(write_folder):
    torch = pytest.importorskip("torch")
    folder, tensors = write_folder()
    expected = BertEncoder.from_preset(folder).get_weights()
    (folder / "model.safetensors").unlink()
    names, places = sorted(tensors), {}
    for number, part in enumerate((names[:10], names[10:]), 1):
        file = f"pytorch_model-0000{number}-of-00002.bin"
        torch.save({name: torch.tensor(tensors[name]) for name in part}, folder / file)
        places |= dict.fromkeys(part, file)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": places}))
    for value, wanted in zip(BertEncoder.from_preset(folder).get_weights(), expected, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_damaged_shards_are_errors(write_folder):
    folder, tensors = write_folder()
    shard(folder, tensors)
    first, second = sorted(folder.glob("model-*.safetensors"))
    data = second.read_bytes()
    second.write_bytes(data[:-1])
    with pytest.raises(ValueError, match=r"complete safetensors file.*00002-of-00002"):
        BertEncoder.from_preset(folder)
    shutil.copy(first, second)
    with pytest.raises(ValueError, match="it lacks"):
        BertEncoder.from_preset(folder)
    second.unlink()
    with pytest.raises(FileNotFoundError, match=r"missing=.*00002-of-00002"):
        BertEncoder.from_preset(folder)
    index = folder / "model.safetensors.index.json"
    for content in ("{", "{}", json.dumps({"weight_map": 3})):
        index.write_text(content)
        with pytest.raises(ValueError, match=r"JSON|weight_map"):
            BertEncoder.from_preset(folder)
    index.write_text(json.dumps({"weight_map": {"a": "../elsewhere.safetensors"}}))
    with pytest.raises(FileNotFoundError, match="must be in the same folder"):
        BertEncoder.from_preset(folder)
