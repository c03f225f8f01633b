"""What is not loaded from KerasHub, and what is not written for it."""

import pytest

pytest.importorskip("keras_hub")

import json
import shutil

import h5py
import keras_hub
import keras_hub_models as models
import numpy as np

import kerasbert
from kerasbert.atomic import MARK


@pytest.fixture
def preset(tmp_path):
    """A folder that KerasHub wrote."""
    models.backbone().save_to_preset(tmp_path / "theirs")
    return tmp_path / "theirs"


def cut(path):
    path.write_bytes(path.read_bytes()[:-4000])


def garbage(path):
    path.write_bytes(b"no HDF5" * 100)


def outside(path):
    """A dataset whose numbers are those of another file."""
    name = "layers/dense/vars/0"
    with h5py.File(path, "a") as file:
        del file[name]
        file.create_dataset(name, (8, 8), "float32", external=[(str(path.parent / "config.json"), 0, 256)])


DAMAGES = {
    "cut": (cut, "complete HDF5 file"),
    "garbage": (garbage, "complete HDF5 file"),
    "outside": (outside, "layers/dense/vars/0.*are in another file"),
    "missing": (lambda path: path.unlink(), "must hold `model.weights.h5`"),
    "lacks a weight": (
        lambda path: models.rewrite(path, lambda n, v: None if "_1/_feedforward_output" in n else (n, v)),
        "transformer_encoder_1/_feedforward_output_dense/vars/0",
    ),
    "a shape": (
        lambda path: models.rewrite(
            path, lambda n, v: (n, v[:5] if n == "layers/position_embedding/vars/0" else v)
        ),
        r"layers/position_embedding/vars/0.*\(16, 8\).*\(5, 8\)",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_leaves_an_encoder_untouched(preset, tmp_path, damage):
    encoder = kerasbert.BertEncoder.from_preset(preset)
    shutil.copytree(preset, tmp_path / "damaged")
    before = encoder.weight_values()
    do, message = DAMAGES[damage]
    models.rewrite(tmp_path / "damaged" / "model.weights.h5", lambda name, value: (name, value + 1))
    do(tmp_path / "damaged" / "model.weights.h5")
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        encoder.load_preset(tmp_path / "damaged")
    for path, value in encoder.weight_values().items():
        np.testing.assert_array_equal(value, before[path])


def edit(path, **changes):
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | changes))


def test_what_is_no_bert_of_theirs_is_refused(preset):
    fields = json.loads((preset / "config.json").read_text())["config"]
    edit(preset / "config.json", registered_name="keras_nlp>BertBackbone")
    kerasbert.BertEncoder.from_preset(preset)
    for change, message in (
        ({"registered_name": "keras_hub>RobertaBackbone"}, "must be one of 'keras_hub>BertBackbone'"),
        ({"config": None}, "must have a `config`"),
        ({"config": fields | {"activation": "relu"}}, r"unknown=\['activation'\]"),
        ({"config": {"num_layers": 2}}, "missing=.*'vocabulary_size'"),
    ):
        edit(
            preset / "config.json", **{"registered_name": "keras_hub>BertBackbone", "config": fields} | change
        )
        with pytest.raises(ValueError, match=message):
            kerasbert.BertEncoder.from_preset(preset)


def test_quantized_weights_are_refused(tmp_path):
    theirs = models.backbone()
    with pytest.warns(UserWarning, match="does not have a `quantize` method"):
        theirs.quantize("int8")
    theirs.save_to_preset(tmp_path)
    with pytest.raises(ValueError, match=r"not quantized.*layers/dense/vars/0"):
        kerasbert.BertEncoder.from_preset(tmp_path)


def test_labels_must_be_as_many_as_the_classes(tmp_path):
    keras_hub.models.BertTextClassifier(models.backbone(), num_classes=3).save_to_preset(tmp_path)
    edit(tmp_path / "task.json", kerasbert={"task": {"labels": ["a", "b"]}})
    with pytest.raises(ValueError, match=r"labels.*num_classes=3"):
        kerasbert.BertTextClassifier.from_preset(tmp_path, tokenizer=None)


FITTING = {"activation": "gelu_tanh"}


@pytest.mark.parametrize(
    "changes",
    [
        {"activation": "gelu"},
        {"layer_norm_epsilon": 1e-5},
        {"attention_dropout": 0.2},
        {"embedding_dim": 4},
        {"position_offset": 2},
        {"position_embedding": "sinusoidal"},
        {"num_segments": 0},
        {"pooler_activation": "relu"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_architectures_are_not_written(tmp_path, config, changes):
    config = kerasbert.BertConfig.from_dict(config.to_dict() | FITTING | changes)
    with pytest.raises(ValueError, match=f"For KerasHub, `{next(iter(changes))}` must be"):
        models.write(kerasbert.BertEncoder(config), tmp_path / "it")
    assert not (tmp_path / "it").exists()


def test_other_heads_poolers_and_tokenizers_are_not_written(preset, tokenizer):
    encoder = kerasbert.BertEncoder.from_preset(preset)
    before = {path: path.read_bytes() for path in preset.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=r"missing=\['encoder/pooler/dense/bias'"):
        models.write(kerasbert.BertEncoder(encoder.config, pooler=False), preset)
    with pytest.raises(ValueError, match="only head must be a classifier's"):
        models.write(kerasbert.BertMaskedLM(encoder, tokenizer), preset, ("masked_lm",))
    words = kerasbert.BertTokenizer(tokenizer.vocabulary, split_chinese=False)
    with pytest.raises(ValueError, match="split_chinese=True"):
        models.write(encoder, preset, tokenizer=words)
    blank = kerasbert.BertTokenizer([*tokenizer.vocabulary, "\u2028"])
    with pytest.raises(ValueError, match="end in white space"):
        models.write(encoder, preset, tokenizer=blank)
    assert {path: path.read_bytes() for path in preset.rglob("*") if path.is_file()} == before


def test_a_folder_is_replaced_whole_but_not_with_files_of_others_in_it(tmp_path, tokenizer):
    classifier = keras_hub.models.BertTextClassifier(
        models.backbone(),
        num_classes=2,
        preprocessor=keras_hub.models.BertTextClassifierPreprocessor(models.hub_tokenizer(tokenizer)),
    )
    classifier.save_to_preset(tmp_path / "it")
    encoder = kerasbert.BertTextClassifier.from_preset(tmp_path / "it", tokenizer=None).encoder
    with pytest.raises(FileExistsError, match="kerasbert wrote"):  # KerasHub did
        models.write(encoder, tmp_path / "it")
    shutil.rmtree(tmp_path / "it")
    models.write(encoder, tmp_path / "it", tokenizer=tokenizer)
    models.write(encoder, tmp_path / "it")
    files = [MARK, "config.json", "model.weights.h5"]
    assert sorted(path.name for path in (tmp_path / "it").glob("*")) == files
    (tmp_path / "it" / "assets").mkdir()
    (tmp_path / "it" / "assets" / "photo.png").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"assets/photo\.png"):
        models.write(encoder, tmp_path / "it")
    assert (tmp_path / "it" / "assets" / "photo.png").exists()
