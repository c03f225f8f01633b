import json
import warnings

import numpy as np
import pytest

from kerasbert.checkpoints import load_encoder, read_config


@pytest.mark.parametrize("prefix", ["", "bert."])
@pytest.mark.parametrize("old_names", [False, True])
def test_every_weight_arrives_where_it_belongs(write_folder, prefix, old_names):
    folder, tensors = write_folder(prefix, old_names)
    encoder, report = load_encoder(folder)
    assert len(report.loaded) == len(encoder.weights) == len(tensors)
    for weight in encoder.weights:
        theirs = tensors[report.loaded[weight.path.removeprefix(f"{encoder.name}/")]]
        np.testing.assert_array_equal(weight, theirs.T if weight.path.endswith("/kernel") else theirs)


def test_a_missing_pooler_is_reported(write_folder):
    folder, _ = write_folder(drop=["pooler.dense.weight", "pooler.dense.bias"])
    with pytest.warns(UserWarning, match="initialized  2 weights: pooler/dense/kernel, pooler/dense/bias"):
        _, report = load_encoder(folder)
    assert report.initialized == ("pooler/dense/kernel", "pooler/dense/bias")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_encoder(folder, pooler=False)


def test_weights_without_a_place_are_reported(write_folder):
    folder, _ = write_folder("bert.", extra=["cls.predictions.bias", "bert.embeddings.position_ids"])
    with pytest.warns(UserWarning, match=r"ignored +1 weights: cls.predictions.bias"):
        _, report = load_encoder(folder)
    assert report.ignored == ("cls.predictions.bias",)


def test_a_missing_weight_is_an_error_that_names_it(write_folder):
    folder, _ = write_folder(drop=["layer.1.output.dense.bias"])
    with pytest.raises(ValueError, match=r"missing=\['encoder.layer.1.output.dense.bias'\]"):
        load_encoder(folder)


def test_another_shape_is_an_error_with_both_shapes(write_folder):
    folder, _ = write_folder(vocab_size=100)
    with pytest.raises(ValueError, match=r"word_embeddings.weight`.*\(100, 8\).*shape=\(19, 8\)"):
        load_encoder(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "roberta"}, "model_type='roberta'"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ({"is_decoder": True}, "is_decoder"),
        ({"hidden_act": "mish"}, "hidden_act='mish'"),
        ({"num_attention_heads": 3}, "`num_heads` must divide `hidden_dim`"),
    ],
)
def test_another_architecture_is_an_error(write_folder, change, message):
    folder, _ = write_folder(**change)
    with pytest.raises(ValueError, match=message):
        load_encoder(folder)


def test_activation_and_epsilon_are_the_checkpoints(write_folder):
    folder, _ = write_folder(hidden_act="gelu_new", layer_norm_eps=1e-5, type_vocab_size=2)
    config = read_config(folder)
    assert (config.activation, config.layer_norm_epsilon) == ("gelu_tanh", 1e-5)


def test_a_folder_without_config_or_weights(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        load_encoder(tmp_path)
    (tmp_path / "config.json").write_text("{not json")
    with pytest.raises(ValueError, match="must be JSON"):
        load_encoder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ValueError, match="vocab_size"):
        load_encoder(tmp_path)


def test_a_truncated_file_is_an_error(write_folder):
    folder, _ = write_folder()
    path = folder / "model.safetensors"
    data = path.read_bytes()
    for length in (0, 4, 100, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match="complete safetensors file"):
            load_encoder(folder)


def test_a_folder_without_weights(write_folder):
    folder, _ = write_folder()
    (folder / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors"):
        load_encoder(folder)


def check_against_transformers(encoder, reference):
    names = {"token_ids": "input_ids", "segment_ids": "token_type_ids", "padding_mask": "attention_mask"}
    outputs = encoder({ours: reference[theirs] for ours, theirs in names.items()}, return_all=True)
    for i, hidden in enumerate(outputs["hidden_states"]):
        np.testing.assert_allclose(hidden, reference[f"hidden_{i}"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(outputs["attentions"][0], reference["attention_0"], rtol=0, atol=1e-5)
    if "pooled" in reference:
        np.testing.assert_allclose(outputs["pooled_output"], reference["pooled"], rtol=0, atol=1e-5)


def test_minilm_gives_transformers_numbers(minilm, shared_models):
    reference = np.load(shared_models / "all-MiniLM-L6-v2-reference" / "reference.npz")
    check_against_transformers(load_encoder(minilm)[0], reference)


def test_splade_gives_transformers_numbers(shared_models):
    with pytest.warns(UserWarning, match="ignored +5 weights"):
        encoder, _ = load_encoder(shared_models / "splade-tiny-mlm", pooler=False)
    check_against_transformers(encoder, np.load(shared_models / "splade-tiny-mlm" / "reference.npz"))
