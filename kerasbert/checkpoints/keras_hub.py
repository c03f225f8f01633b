"""Reads presets of KerasHub: `config.json`, `model.weights.h5` and the head of a classifier beside them."""

import re

from kerasbert import checks
from kerasbert.checkpoints.checkpoint import Checkpoint
from kerasbert.checkpoints.h5_files import H5Files
from kerasbert.checkpoints.huggingface import OWN
from kerasbert.checkpoints.places import encoder_paths, module_places, with_head_axis
from kerasbert.checkpoints.sizes import check_num_layers
from kerasbert.config import BertConfig
from kerasbert.json_files import json_field, read_json, strings_field

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
TASK, TASK_WEIGHTS = "task.json", "task.weights.h5"
BACKBONE, CLASSIFIER = "BertBackbone", "BertTextClassifier"
# The new and the old name of the library, which precede the name of a class.
PACKAGES = ("keras_hub", "keras_nlp")

# Their field -> ours.
FIELDS = {
    "vocabulary_size": "vocabulary_size",
    "num_layers": "num_layers",
    "num_heads": "num_heads",
    "hidden_dim": "hidden_dim",
    "intermediate_dim": "intermediate_dim",
    "dropout": "hidden_dropout",
    "max_sequence_length": "max_sequence_length",
    "num_segments": "num_segments",
}
DEFAULTS = {"dropout": 0.1, "max_sequence_length": 512, "num_segments": 2}
# Values that are fixed in their code.
FIXED = {"activation": "gelu_tanh", "layer_norm_epsilon": 1e-12}
# Fields of every Keras layer, which do not change what it computes.
OF_KERAS = {"name", "trainable", "dtype"}

# Our layer of a block -> theirs.
BLOCK_LAYERS = {
    "attention/query": "_self_attention_layer/query_dense",
    "attention/key": "_self_attention_layer/key_dense",
    "attention/value": "_self_attention_layer/value_dense",
    "attention/output": "_self_attention_layer/output_dense",
    "attention_norm": "_self_attention_layer_norm",
    "feed_forward/intermediate": "_feedforward_intermediate_dense",
    "feed_forward/output": "_feedforward_output_dense",
    "feed_forward_norm": "_feedforward_layer_norm",
}
# Our layer -> theirs. `{i}` is empty for the first block, `_1` for the second.
LAYERS = {
    "encoder/embeddings/token_embedding": "layers/reversible_embedding",
    "encoder/embeddings/segment_embedding": "layers/embedding",
    "encoder/embeddings/position_embedding": "layers/position_embedding",
    "encoder/embeddings/layer_norm": "layers/layer_normalization",
    "encoder/pooler/dense": "layers/dense",
    **{
        f"encoder/block_{{i}}/{ours}": f"layers/transformer_encoder{{i}}/{theirs}"
        for ours, theirs in BLOCK_LAYERS.items()
    },
}
# Head -> (our layer -> theirs in `task.weights.h5`).
HEAD_LAYERS = {"classification": {"classification/logits": "layers/dense"}}
PARAMETERS = {
    "kernel": "/vars/0",
    "bias": "/vars/1",
    "gamma": "/vars/0",
    "beta": "/vars/1",
    "embeddings": "/vars/0",
}
# Names in files of old versions -> current names.
RENAMES = (
    (r"(^|/)_layer_checkpoint_dependencies/", r"\1layers/"),
    (r"^token_embedding/", "layers/reversible_embedding/"),
    (r"/_(query|key|value)_dense/", r"/\1_dense/"),
    (r"/_self_attention_layer/_output_dense/", "/_self_attention_layer/output_dense/"),
    (r"_layernorm/", "_layer_norm/"),
)
BOOKKEEPING = re.compile(r"(^|/)(optimizer|seed_generator)/")


def is_keras_hub(config_json):
    """Whether the content of a `config.json` is a serialized Keras object."""
    return "registered_name" in config_json or "class_name" in config_json


def open_keras_hub(folder):
    """Opens a preset of KerasHub: a `BertBackbone`, with or without the head of a `BertTextClassifier`.

    The head of KerasHub's masked language model differs from BERT's (it has exact gelu and an epsilon of
    1e-5, its encoder has neither), so its weights are reported as ignored.

    Args:
        folder: `pathlib.Path`.

    Returns:
        `Checkpoint`.

    Raises:
        FileNotFoundError: if the weights are missing.
        ValueError: if a file is damaged, belongs to another class, or is quantized.
    """
    config = _read_config(folder / CONFIG)
    files = [WEIGHTS, *([TASK_WEIGHTS] if (folder / TASK_WEIGHTS).is_file() else [])]
    tensors = H5Files(folder, files)
    check_num_layers(config, tensors)
    bookkeeping = tuple(name for name in tensors.shapes if BOOKKEEPING.search(name))
    _check_floats(tensors, bookkeeping)
    has_task = len(files) > 1 and (folder / TASK).is_file()
    heads, arguments = _read_task(folder / TASK, tensors) if has_task else ((), {})
    return Checkpoint(
        folder,
        config,
        tensors,
        backbone_places(config) | head_places(heads),
        {_name_of_today(name): name for name in tensors.shapes if name not in bookkeeping},
        heads,
        arguments,
        bookkeeping,
    )


def backbone_places(config):
    """The `Place` of each weight of the encoder in `model.weights.h5`, by our path.

    Args:
        config: `BertConfig`.
    """
    places = {}
    for path, block in encoder_paths(config, pooler=True):
        number = f"_{block}" if block else ""
        places |= module_places(path.format(i=block), LAYERS[path].format(i=number), PARAMETERS)
    return with_head_axis(places, config)


def head_places(heads):
    """The `Place` of each weight of `heads` in `task.weights.h5`, by our path, named as in `H5Files`."""
    places = {}
    for head in heads:
        for ours, theirs in HEAD_LAYERS[head].items():
            places |= module_places(ours, f"{TASK_WEIGHTS}/{theirs}", PARAMETERS)
    return places


def _name_of_today(name):
    for old, new in RENAMES:
        name = re.sub(old, new, name)
    return name


def _read_config(path):
    theirs = read_json(path)
    named = theirs.get("registered_name") or theirs.get("class_name")
    checks.one_of(str(path), _names(BACKBONE), registered_name=named)
    fields = _fields(theirs, path)
    missing = sorted(set(FIELDS) - set(DEFAULTS) - set(fields))
    unknown = sorted(set(fields) - set(FIELDS) - OF_KERAS)
    if missing or unknown:
        raise checks.invalid(
            f"The `config` of a {BACKBONE} must have the fields that its class takes.",
            fix="Use the model's own `config.json`; a newer KerasHub may have options that kerasbert lacks.",
            where=str(path),
            missing=missing,
            unknown=unknown,
        )
    ours = {ours: fields.get(name, DEFAULTS.get(name)) for name, ours in FIELDS.items()}
    return BertConfig(**ours, **FIXED, attention_dropout=ours["hidden_dropout"])


def _read_task(path, tensors):
    """The heads in the file of weights, and the arguments for them in `task.json`."""
    theirs = read_json(path)
    if (theirs.get("registered_name") or theirs.get("class_name")) not in _names(CLASSIFIER):
        return (), {}
    fields = _fields(theirs, path)
    classes = fields.get("num_classes")
    checks.positive_int(str(path), num_classes=classes)
    in_file = tensors.shapes.get(head_places(("classification",))["classification/logits/bias"].name)
    if in_file != (classes,):
        raise checks.invalid(
            "`num_classes` must be the number of classes of the head in the file.",
            fix="Use the `task.json` that was saved with these weights.",
            where=str(path),
            num_classes=classes,
            shape_of_bias=in_file,
        )
    linear = "regression" if classes == 1 else "single_label"
    arguments = {
        "labels": tuple(f"LABEL_{i}" for i in range(classes)),
        "problem": "multi_label" if fields.get("activation") == "sigmoid" else linear,
        "dropout": fields.get("dropout", DEFAULTS["dropout"]),
    }
    own = json_field(json_field(theirs, OWN, dict, path, {}), "task", dict, path, {})
    arguments |= own
    if "labels" in own:
        arguments["labels"] = tuple(strings_field(own, "labels", path))
    if len(arguments["labels"]) != classes:
        raise checks.invalid(
            "There must be as many `labels` as `num_classes` says.",
            fix="Correct the file.",
            where=str(path),
            labels=arguments["labels"],
            num_classes=classes,
        )
    return ("classification",), arguments


def _names(class_name):
    return (*(f"{package}>{class_name}" for package in PACKAGES), class_name)


def _fields(theirs, path):
    fields = json_field(theirs, "config", dict, path)
    if fields is None:
        raise checks.invalid(
            "A serialized Keras object must have a `config`.",
            fix="Download the file again.",
            where=str(path),
            found=sorted(theirs),
        )
    return fields


def _check_floats(tensors, bookkeeping):
    integers = sorted(tensors.integers.difference(bookkeeping))
    if integers:
        raise checks.invalid(
            "The weights must be floats, not quantized.",
            fix="Use a preset that was saved before calling `quantize`.",
            where=str(tensors.path),
            integers=integers,
        )
