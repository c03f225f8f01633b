"""Damaged weights, of every format: an error and an untouched model, or harmless."""

import numpy as np
import pytest

import kerasbert
from kerasbert import export


def write_torch(encoder, folder, zipped):
    torch = pytest.importorskip("torch")
    from safetensors.numpy import load_file

    encoder.save_to_preset(folder)
    state = {name: torch.tensor(value) for name, value in load_file(folder / "model.safetensors").items()}
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)


# name -> (how to write a folder, the files with weights in it)
FORMATS = {
    "safetensors": (export.to_huggingface, "model.safetensors"),
    "torch": (lambda encoder, folder: write_torch(encoder, folder, True), "pytorch_model.bin"),
    "torch before 1.6": (lambda encoder, folder: write_torch(encoder, folder, False), "pytorch_model.bin"),
    "google data": (export.to_google, "bert_model.ckpt.data-00000-of-00001"),
    "google index": (export.to_google, "bert_model.ckpt.index"),
    "keras_hub": (export.to_keras_hub, "model.weights.h5"),
}


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", FORMATS)
def test_damage_anywhere(name, config, tmp_path):
    write, file = FORMATS[name]
    if name == "keras_hub":
        config = kerasbert.BertConfig.from_dict(config.to_dict() | {"activation": "gelu_tanh"})
    encoder = kerasbert.BertEncoder(config)
    write(encoder, tmp_path / "it")
    path = tmp_path / "it" / file
    content = path.read_bytes()
    encoder.load_preset(tmp_path / "it")
    before = encoder.get_weights()
    random = np.random.default_rng(0)
    refused = 0
    for trial in range(60):
        damaged = bytearray(content)
        if trial % 3 == 0:
            damaged = damaged[: random.integers(len(content))]
        else:  # mostly where names and shapes are: at both ends
            damaged[random.integers(min(4000, len(content))) * random.choice([1, -1])] = random.integers(256)
        path.write_bytes(bytes(damaged))
        try:
            encoder.load_preset(tmp_path / "it")
        except ValueError:
            refused += 1
            for value, old in zip(encoder.get_weights(), before, strict=True):
                np.testing.assert_array_equal(value, old)
        else:
            before = encoder.get_weights()
    assert refused >= 20  # all that were cut off
