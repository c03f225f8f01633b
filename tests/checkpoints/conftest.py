import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from kerasbert.checkpoints.families import BERT
from kerasbert.checkpoints.huggingface import places_of


@pytest.fixture
def write_folder(tmp_path, config):
    """Writes a Hugging Face folder of random weights; the arguments say what is odd about it."""

    def write(prefix="", old_names=False, drop=(), extra=(), **config_changes):
        import kerasbert

        encoder = kerasbert.BertEncoder(config)
        places = places_of(BERT, config, ())
        tensors = {}
        for path, weight in encoder.named_weights().items():
            value = np.random.default_rng(len(tensors)).normal(size=weight.shape).astype("float32")
            name = places[path].name
            if old_names and "LayerNorm" in name:
                name = name.replace(".weight", ".gamma").replace("LayerNorm.bias", "LayerNorm.beta")
            tensors[prefix + name] = places[path].from_ours(value).copy()
        tensors = {name: value for name, value in tensors.items() if not name.endswith(tuple(drop) or "\0")}
        tensors |= {name: np.ones(3, "float32") for name in extra}
        fields = {theirs: config.to_dict()[ours] for theirs, ours in BERT.fields.items()}
        (tmp_path / "config.json").write_text(json.dumps(fields | {"model_type": "bert"} | config_changes))
        save_file(tensors, tmp_path / "model.safetensors")
        return tmp_path, tensors

    return write
