import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from kerasbert.checkpoints.huggingface import CONFIG_FIELDS, weight_names


@pytest.fixture
def write_folder(tmp_path, config):
    """Writes a Hugging Face folder of random weights; the arguments say what is odd about it."""

    def write(prefix="", old_names=False, drop=(), extra=(), **config_changes):
        import kerasbert

        encoder = kerasbert.BertEncoder(config)
        ours = {w.path.removeprefix(f"{encoder.name}/"): w for w in encoder.weights}
        tensors = {}
        for path, name in weight_names(config).items():
            value = np.random.default_rng(len(tensors)).normal(size=ours[path].shape).astype("float32")
            if old_names and "LayerNorm" in name:
                name = name.replace(".weight", ".gamma").replace("LayerNorm.bias", "LayerNorm.beta")
            tensors[prefix + name] = value.T.copy() if path.endswith("/kernel") else value
        tensors = {name: value for name, value in tensors.items() if not name.endswith(tuple(drop) or "\0")}
        tensors |= {name: np.ones(3, "float32") for name in extra}
        fields = {theirs: config.to_dict()[ours] for theirs, ours in CONFIG_FIELDS.items()}
        (tmp_path / "config.json").write_text(json.dumps(fields | {"model_type": "bert"} | config_changes))
        save_file(tensors, tmp_path / "model.safetensors")
        return tmp_path, tensors

    return write
