"""KerasHub -> kerasbert -> KerasHub."""

import pytest

pytest.importorskip("keras_hub")

import h5py
import keras
import keras_hub
import keras_hub_models as models
import numpy as np

import kerasbert
from kerasbert.checkpoints import open_checkpoint

TEXTS = ["good film", "The film was not very good!", "BAD, bad film"]


@pytest.fixture
def inputs():
    return models.tokens()


@pytest.fixture
def preset(tmp_path):
    """A folder that KerasHub wrote."""
    models.backbone().save_to_preset(tmp_path / "theirs")
    return tmp_path / "theirs"


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"num_layers": 12},
        {"num_heads": 1, "hidden_dim": 6, "num_segments": 3, "dropout": 0.4},
        {"num_heads": 4, "intermediate_dim": 8, "max_sequence_length": 9, "dropout": 0.0},
    ],
)
def test_backbone_there_and_back(tmp_path, inputs, fields):
    theirs = models.backbone(**fields)
    theirs.save_to_preset(tmp_path / "theirs")
    ours = kerasbert.BertEncoder.from_preset(tmp_path / "theirs")
    models.check_all_loaded(ours)
    assert not ours.load_report.renamed
    models.check_equal(theirs, ours, inputs)
    assert ours.config.hidden_dropout == ours.config.attention_dropout == fields.get("dropout", 0.1)

    models.write(ours, tmp_path / "ours")
    again = keras_hub.models.BertBackbone.from_preset(str(tmp_path / "ours"))
    models.check_same_weights(theirs, again)
    models.check_equal(again, ours, inputs)
    left_out = {"name", "trainable", "dtype"}
    one, two = theirs.get_config(), again.get_config()
    assert {n: v for n, v in one.items() if n not in left_out} == {
        n: v for n, v in two.items() if n not in left_out
    }


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("classes", "activation", "problem"),
    [
        (3, None, "single_label"),
        (2, "softmax", "single_label"),
        (3, "sigmoid", "multi_label"),
        (1, None, "regression"),
    ],
)
def test_classifier_there_and_back(tmp_path, tokenizer, inputs, classes, activation, problem):
    preprocessor = keras_hub.models.BertTextClassifierPreprocessor(
        models.hub_tokenizer(tokenizer), sequence_length=16
    )
    theirs = keras_hub.models.BertTextClassifier(
        models.backbone(), num_classes=classes, preprocessor=preprocessor, activation=activation, dropout=0.3
    )
    models.random_weights(theirs)
    theirs.save_to_preset(tmp_path / "theirs")
    ours = kerasbert.BertTextClassifier.from_preset(tmp_path / "theirs", tokenizer=tokenizer)
    models.check_all_loaded(ours)
    assert ours.labels == tuple(f"LABEL_{i}" for i in range(classes))
    assert ours.problem == problem
    assert ours.head.dropout_rate == 0.3
    if activation is None:
        models.check_equal(theirs, ours, inputs)
    else:
        np.testing.assert_allclose(
            ours.predict(TEXTS, verbose=0), theirs.predict(TEXTS, verbose=0), atol=1e-5
        )

    arguments = {name: ours.get_config()[name] for name in ("labels", "problem", "dropout")}
    arguments |= {"labels": [f"class {i}" for i in range(classes)], "max_sequence_length": 12}
    models.write(ours, tmp_path / "ours", ours.head_names, arguments=arguments, tokenizer=tokenizer)
    again = keras_hub.models.TextClassifier.from_preset(str(tmp_path / "ours"))
    assert type(again) is type(theirs)
    models.check_same_weights(theirs, again)
    assert again.dropout == 0.3
    assert again.preprocessor.sequence_length == 12
    if activation != "softmax":  # their default, like ours, returns logits
        np.testing.assert_allclose(
            again.predict(TEXTS, verbose=0), theirs.predict(TEXTS, verbose=0), atol=1e-5
        )

    back = kerasbert.BertTextClassifier.from_preset(tmp_path / "ours", tokenizer=tokenizer)
    assert {name: getattr(back, name) for name in ("problem", "max_sequence_length")} == {
        "problem": problem,
        "max_sequence_length": 12,
    }
    assert back.labels == tuple(arguments["labels"])


def test_the_tokenizer_goes_along(tmp_path, config, tokenizer):
    encoder = kerasbert.BertEncoder(
        kerasbert.BertConfig.from_dict(config.to_dict() | {"activation": "gelu_tanh"})
    )
    for options in ({}, {"lowercase": False}, {"lowercase": False, "strip_accents": True}):
        ours = kerasbert.BertTokenizer(tokenizer.vocabulary, **options)
        models.write(encoder, tmp_path / "it", tokenizer=ours)
        theirs = keras_hub.models.BertTokenizer.from_preset(str(tmp_path / "it"))
        for text in [*TEXTS, "the fílm", "The FÍLM", "[MASK] a"]:
            assert ours.tokenize([text]).to_list()[0] == np.asarray(theirs(text)).tolist()


def test_the_head_of_a_masked_language_model_is_reported(tmp_path):
    theirs = keras_hub.models.BertMaskedLM(models.backbone())
    theirs.save_to_preset(tmp_path)
    with pytest.warns(UserWarning, match="masked_lm_head"):
        encoder = kerasbert.BertEncoder.from_preset(tmp_path)
    assert not encoder.load_report.initialized
    assert len(encoder.load_report.ignored) == 5
    assert all(
        name.startswith("task.weights.h5/layers/masked_lm_head/") for name in encoder.load_report.ignored
    )
    assert open_checkpoint(tmp_path).heads == ()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_float16"])
def test_half_precision_is_read_exactly(tmp_path, dtype):
    theirs = models.backbone(dtype=dtype)
    theirs.save_to_preset(tmp_path)
    ours = kerasbert.BertEncoder.from_preset(tmp_path)
    kernel = theirs.get_layer("pooled_dense").kernel
    np.testing.assert_array_equal(
        np.asarray(ours.pooler.dense.kernel), np.asarray(keras.ops.cast(kernel, "float32"))
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("layers/", "_layer_checkpoint_dependencies/"),
        ("layers/reversible_embedding/", "token_embedding/"),
        ("/key_dense/", "/_key_dense/"),
        ("_layer/output_dense/", "_layer/_output_dense/"),
        ("_self_attention_layer_norm/", "_self_attention_layernorm/"),
        ("_feedforward_layer_norm/", "_feedforward_layernorm/"),
    ],
)
def test_old_names_are_read_and_reported(preset, inputs, new, old):
    expected = kerasbert.BertEncoder.from_preset(preset)(inputs)
    models.rewrite(preset / "model.weights.h5", lambda name, value: (name.replace(new, old), value))
    encoder = kerasbert.BertEncoder.from_preset(preset)
    assert encoder.load_report.renamed
    assert all(old in name and new in today for name, today in encoder.load_report.renamed.items())
    np.testing.assert_array_equal(encoder(inputs)["pooled_output"], expected["pooled_output"])


def test_counters_and_seeds_are_no_weights(preset):
    with h5py.File(preset / "model.weights.h5", "a") as file:
        file["layers/dropout/seed_generator/vars/0"] = np.zeros(2, "uint32")
        file["optimizer/vars/0"] = np.int64(3)
    assert not kerasbert.BertEncoder.from_preset(preset).load_report.ignored
