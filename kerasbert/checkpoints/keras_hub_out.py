"""Writes presets of KerasHub."""

import io
import json

import h5py
import numpy as np

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.checkpoints import keras_hub as hub
from kerasbert.checkpoints.huggingface import OWN

# Class -> the module that defines it.
_MODULES = {
    hub.BACKBONE: "keras_hub.src.models.bert.bert_backbone",
    hub.CLASSIFIER: "keras_hub.src.models.bert.bert_text_classifier",
    "BertTextClassifierPreprocessor": "keras_hub.src.models.bert.bert_text_classifier_preprocessor",
    "BertTokenizer": "keras_hub.src.models.bert.bert_tokenizer",
}
_ACTIVATIONS = {"single_label": "linear", "multi_label": "sigmoid", "regression": "linear"}
# KerasHub compiles a classifier when it loads it, and expects its optimizer's counter and learning rate.
# These are the values of a new optimizer.
_OPTIMIZER = {"optimizer/vars/0": np.int64(0), "optimizer/vars/1": np.float32(5e-5)}
_WHERE = "to_keras_hub"
_FIX = "Write Hugging Face's format (`write_preset`), or save it as a .keras file."


def write_keras_hub(folder, config, weights, heads=(), arguments=None, tokenizer=None):
    """Writes a folder that KerasHub can load: a `BertBackbone` or a `BertTextClassifier`.

    KerasHub's tokenizer folds case by NFKC, and treats words of more than 100 bytes as unknown. So some
    texts, such as those with full-width punctuation, get other tokens there. `initializer_range` is not
    stored.

    Args:
        folder: str or path. A preset that kerasbert wrote there, and that has not been changed since, is
            replaced once the new one is complete.
        config: `BertConfig`.
        weights: dict, our path -> array.
        heads: tuple of str: `()` or `("classification",)`.
        arguments: dict or None, the task's arguments: `labels`, `problem`, `dropout`. All but `dropout` are
            stored in a part of the file that only kerasbert reads.
        tokenizer: `BertTokenizer`, or None.

    Raises:
        FileExistsError: if the folder contains anything but a KerasHub preset that kerasbert wrote.
        ValueError: if KerasHub has no such model or tokenizer. The folder is then left unchanged.
    """
    _check_config(config)
    places, head_places = hub.backbone_places(config), hub.head_places(_checked(heads))
    _check_weights(weights, places | head_places)
    files = _files(config, heads, dict(arguments or {}), tokenizer)
    with replacing(folder, "KerasHub preset") as temporary:
        temporary.mkdir()
        for name, content in files.items():
            (temporary / name).write_text(json.dumps(content, indent=4) + "\n", "utf-8")
        _write_h5(temporary / hub.WEIGHTS, _tensors(places, weights))
        if heads:
            _write_h5(temporary / hub.TASK_WEIGHTS, _tensors(head_places, weights) | _OPTIMIZER)
        if tokenizer is not None:
            assets = temporary / "assets" / "tokenizer"
            assets.mkdir(parents=True)
            tokenizer.save_vocabulary(assets / "vocabulary.txt")


def _check_config(config):
    config.check_equal_blocks(_WHERE)
    wanted = hub.FIXED | {
        "attention_dropout": config.hidden_dropout,
        "embedding_dim": None,
        "position_embedding": "learned",
        "position_offset": 0,
        "relative_position_buckets": 0,
        "shared_blocks": False,
        "pooler_activation": "tanh",
        "num_segments": config.num_segments or 1,
    }
    for name, value in wanted.items():
        if getattr(config, name) != value:
            raise checks.invalid(
                f"For KerasHub, `{name}` must be {value!r}.",
                fix=_FIX,
                where=_WHERE,
                **{name: getattr(config, name)},
            )


def _checked(heads):
    if tuple(heads) not in ((), ("classification",)):
        raise checks.invalid(
            "For KerasHub, the only head must be a classifier's: its other heads compute something else.",
            fix=_FIX,
            where=_WHERE,
            heads=heads,
        )
    return heads


def _check_weights(weights, places):
    missing, others = (sorted(set(one) - set(two)) for one, two in ((places, weights), (weights, places)))
    if missing or others:
        raise checks.invalid(
            "For KerasHub, `weights` must be those of an encoder with a pooler and of `heads`.",
            fix="Build the encoder with `pooler=True`.",
            where=_WHERE,
            missing=missing,
            others=others,
        )


def _files(config, heads, arguments, tokenizer):
    """The JSON files, a dict of name -> content."""
    fields = {theirs: getattr(config, ours) for theirs, ours in hub.FIELDS.items()}
    files = {hub.CONFIG: _serialized(hub.BACKBONE, fields)}
    preprocessor = None
    if tokenizer is not None:
        files["tokenizer.json"] = _serialized("BertTokenizer", _tokenizer_fields(tokenizer))
    if heads:
        if tokenizer is not None:
            preprocessor = _serialized(
                "BertTextClassifierPreprocessor",
                {
                    "tokenizer": files["tokenizer.json"],
                    "config_file": "preprocessor.json",
                    "sequence_length": arguments.get("max_sequence_length", config.max_sequence_length),
                },
            )
            files["preprocessor.json"] = preprocessor
        task = {
            "backbone": files[hub.CONFIG],
            "preprocessor": preprocessor,
            "num_classes": len(arguments["labels"]),
            "activation": _ACTIVATIONS[arguments.get("problem", "single_label")],
            "dropout": arguments.pop("dropout", config.hidden_dropout),
        }
        files[hub.TASK] = _serialized(hub.CLASSIFIER, task) | {OWN: {"task": arguments}}
    return files


def _tokenizer_fields(tokenizer):
    options = tokenizer.get_config()
    if type(tokenizer).__name__ != "BertTokenizer" or not options["split_chinese"]:
        raise checks.invalid(
            "For KerasHub, the tokenizer must be a BertTokenizer with `split_chinese=True`.",
            fix="Leave out the tokenizer with `tokenizer=None`.",
            where=_WHERE,
            tokenizer=type(tokenizer).__name__,
            split_chinese=options.get("split_chinese"),
        )
    # KerasHub reads a vocabulary line by line, and strips all white space, as Python defines it, at the end.
    lost = [token for token in tokenizer.vocabulary if token != token.rstrip() or "\r" in token]
    if lost:
        raise checks.invalid(
            "For KerasHub, no token may end in white space of any script, or contain a carriage return.",
            fix="Rename the token, for example to [unused7], so that all ids stay the same; no text produces "
            "this token anyway.",
            where=_WHERE,
            tokens=lost,
        )
    lowercase, strip_accents = options["lowercase"], options["strip_accents"]
    return {
        "lowercase": lowercase,
        "strip_accents": lowercase if strip_accents is None else strip_accents,
        "special_tokens_in_strings": options["special_tokens_in_text"],
    }


def _serialized(class_name, fields):
    return {
        "module": _MODULES[class_name],
        "class_name": class_name,
        "config": fields,
        "registered_name": f"{hub.PACKAGES[0]}>{class_name}",
    }


def _tensors(places, weights):
    return {
        place.name: place.from_ours(np.asarray(weights[ours], "float32")) for ours, place in places.items()
    }


def _write_h5(path, tensors):
    # Written in memory first: on a full disk, HDF5 cannot close its file, and aborts the process.
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for name, value in tensors.items():
            file.create_dataset(name.removeprefix(f"{path.name}/"), data=value)
    path.write_bytes(content.getbuffer())
