"""Writes Google's original format: `bert_config.json`, a TensorFlow 1 checkpoint and `vocab.txt`."""

import json

import numpy as np

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.checkpoints.families import BERT
from kerasbert.checkpoints.google import google_places
from kerasbert.checkpoints.huggingface_out import config_fields, family_of
from kerasbert.optional import tensorflow as tf

# Values that the original's code uses whatever the config says, and names that it knows.
FIXED = {
    "layer_norm_epsilon": (1e-12,),
    "position_embedding": ("learned",),
    "activation": ("gelu", "relu", "tanh"),
}
FIELDS = [name for name in BERT.fields if name != "layer_norm_eps"]


def write_google(folder, config, weights, heads=(), arguments=None, tokenizer=None):
    """Writes a folder that Google's `run_pretraining.py` and `run_classifier.py` can read.

    Args:
        folder: str or path. A checkpoint that kerasbert wrote there, and that has not been changed since, is
            replaced once the new one is complete.
        config, weights, heads, arguments: as for `write_preset`.
        tokenizer: a tokenizer with `save_vocabulary`, or None.

    Raises:
        FileExistsError: if the folder contains anything but a Google checkpoint that kerasbert wrote.
        ValueError: if the original has no such model.
    """
    config.check_equal_blocks("to_google")
    for name, allowed in FIXED.items():
        checks.one_of("to_google", allowed, **{name: getattr(config, name)})
    places = google_places(config)
    if family_of(config, heads, weights) is not BERT or not set(weights) <= set(places):
        raise checks.invalid(
            "Google's format holds BERT, alone or with a head for pre-training, classification or question "
            "answering.",
            fix="Write the encoder alone, or use Hugging Face's format.",
            where="to_google",
            heads=heads,
            without_a_place=sorted(set(weights) - set(places)),
        )
    named = {places[path].name: places[path].from_ours(value) for path, value in weights.items()}
    fields = config_fields(BERT, config, heads, arguments or {}, tokenizer)
    with replacing(folder, "Google checkpoint") as temporary:
        temporary.mkdir()
        content = json.dumps({name: fields[name] for name in FIELDS}, indent=2)
        (temporary / "bert_config.json").write_text(content + "\n", "utf-8")
        tf.raw_ops.SaveV2(
            prefix=str(temporary / "bert_model.ckpt"),
            tensor_names=list(named),
            shape_and_slices=[""] * len(named),
            tensors=[tf.constant(np.asarray(value, "float32")) for value in named.values()],
        )
        if tokenizer is not None:
            tokenizer.save_vocabulary(temporary / "vocab.txt")
