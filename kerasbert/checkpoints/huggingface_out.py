"""Writes Hugging Face folders, which are also kerasbert's presets."""

import json

import numpy as np
import safetensors.numpy

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.checkpoints import families
from kerasbert.checkpoints.huggingface import (
    ACTIVATIONS,
    OWN,
    OWN_FIELDS,
    POSITION_TABLE,
    bias_of_masked_lm,
    places_of,
)
from kerasbert.checkpoints.huggingface_arguments import PROBLEMS
from kerasbert.checkpoints.paths import head_of
from kerasbert.checkpoints.places import Place
from kerasbert.layers.positions import sinusoidal_positions

# If an activation has several names, the first one is written.
_ACTIVATION_NAMES = {ours: theirs for theirs, ours in reversed(ACTIVATIONS.items())}
_PROBLEM_NAMES = {ours: theirs for theirs, ours in PROBLEMS.items()}
_CLASS_OF_HEADS = {heads: name for name, heads in families.HEADS_OF_CLASS.items()}
KIND = "Hugging Face preset"


def write_preset(folder, config, weights, heads=(), arguments=None, tokenizer=None, finish=None):
    """Writes a folder in Hugging Face's layout, as `save_pretrained` of transformers does.

    Heads for which transformers has no class are stored beside a bare encoder, each weight under our own
    path.

    Args:
        folder: str or path. A preset that kerasbert wrote there, and that has not been changed since, is
            replaced once the new one is complete.
        config: `BertConfig`.
        weights: dict, our path -> array.
        heads: tuple of str, the heads that `weights` contain.
        arguments: dict or None, the task's arguments: `labels`, `problem`, `dropout`, `tied`. All others are
            stored in a part of the config that only kerasbert reads.
        tokenizer: a tokenizer with `save_to_folder` and `pad_id`, or None.
        finish: function that adds more files to the temporary folder, which is its argument; or None.

    Raises:
        FileExistsError: if the folder contains anything but a preset that kerasbert wrote.
        ValueError: if no family of models in transformers can represent the model.
    """
    arguments = dict(arguments or {})
    own_heads = () if transformers_has(heads, weights) else heads
    heads = () if own_heads else heads
    family = family_of(config, heads, weights, tokenizer)
    tied = arguments.get("tied", True)
    tensors = _tensors(family, config, heads, weights, tied)
    fields = config_fields(family, config, heads, arguments, tokenizer)
    if own_heads:
        fields[OWN]["heads"] = list(own_heads)
    with replacing(folder, KIND) as temporary:
        temporary.mkdir()
        (temporary / "config.json").write_text(json.dumps(fields, indent=2, sort_keys=True) + "\n", "utf-8")
        safetensors.numpy.save_file(tensors, temporary / "model.safetensors", metadata={"format": "pt"})
        if tokenizer is not None:
            tokenizer.save_to_folder(temporary, max_length=config.max_sequence_length)
        if finish is not None:
            finish(temporary)


def transformers_has(heads, weights):
    """Whether transformers has a class with these heads and all of their weights.

    Args:
        heads: tuple of str.
        weights: our paths of weights, including those of the heads.
    """
    if tuple(heads) not in _CLASS_OF_HEADS:
        return False
    known = [layer for head in heads for layer in families.BERT.heads[head]]
    known.append("masked_lm/decoder_kernel")
    of_heads = [path for path in weights if head_of(path) != "encoder"]
    return all(path in known or path.rpartition("/")[0] in known for path in of_heads)


def family_of(config, heads, weights, tokenizer=None):
    """The family of models in transformers that computes the same as an encoder of `config`.

    Raises:
        ValueError: if there is no such family.
    """
    pooled = "encoder/pooler/dense/kernel" in weights
    if config.shared_blocks:
        family = families.ALBERT
    elif config.relative_position_buckets:
        family = families.MPNET
    elif config.position_offset:
        multilingual = type(tokenizer).__name__ == "SentencePieceTokenizer"
        family = families.XLM_ROBERTA if multilingual else families.ROBERTA
    elif not config.num_segments:
        family = families.DISTILBERT
    elif config.embedding_dim or (pooled and config.pooler_activation == "gelu"):
        family = families.ELECTRA
    else:
        family = families.BERT
    wanted = {
        "position_offset": bool(config.position_offset) == (family in families.ROBERTAS)
        and config.position_offset == family.required.get("pad_token_id", config.position_offset - 1) + 1,
        "num_segments": bool(config.num_segments) == ("num_segments" not in family.fixed),
        "embedding_dim": family is families.ELECTRA
        or (config.embedding_dim is not None) == (family is families.ALBERT),
        "relative_position_buckets": config.relative_position_buckets
        == family.fixed.get("relative_position_buckets", 0),
        "pooler_activation": not pooled
        or config.pooler_activation == family.fixed.get("pooler_activation", "tanh"),
        "layer_norm_epsilon": config.layer_norm_epsilon
        == family.fixed.get("layer_norm_epsilon", config.layer_norm_epsilon),
        "heads": all(head in family.heads for head in heads)
        and tuple(heads) in _CLASS_OF_HEADS
        and (family is not families.ALBERT or tuple(heads) != ("next_sentence",)),
    }
    for name, fits in wanted.items():
        if not fits:
            raise checks.invalid(
                f"A model of transformers' {family.classes} family cannot have this `{name}`.",
                fix='Save it as a .keras file instead, with `save("model.keras")`.',
                where="write_preset",
                **{name: heads if name == "heads" else getattr(config, name)},
            )
    return family


def _tensors(family, config, heads, weights, tied):
    places = places_of(family, config, heads, tied, prefix=family.prefix if heads else "")
    tensors = {}
    for path, value in weights.items():
        place = places.get(path, Place(path))
        tensors[place.name] = np.ascontiguousarray(place.from_ours(_float(value)))
    if "masked_lm" in heads and not tied:  # transformers also stores this bias, but reads the decoder's
        tensors[bias_of_masked_lm(family)] = _float(weights["masked_lm/output_bias"])
    if config.position_embedding == "sinusoidal":
        width = config.embedding_dim or config.hidden_dim
        before = np.zeros((config.position_offset, width), "float32")
        table = np.concatenate([before, sinusoidal_positions(config.max_sequence_length, width)])
        tensors[(family.prefix if heads else "") + POSITION_TABLE] = table
    return tensors


def _float(value):
    """Converts half precision to float32, which is exact and which every library can read."""
    return np.asarray(value, "float32")


def config_fields(family, config, heads, arguments, tokenizer):
    """The content of `config.json`; the arguments are those of `write_preset`."""
    ours = config.to_dict() | {"activation": _ACTIVATION_NAMES[config.activation]}
    fields = {theirs: ours[name] for theirs, name in family.fields.items()}
    fields["model_type"] = family.model_type
    fields["architectures"] = [family.classes + _CLASS_OF_HEADS[tuple(heads)]]
    fields["dtype"] = "float32"
    fields["max_position_embeddings"] += config.position_offset
    if "embedding_size" in fields:
        fields["embedding_size"] = config.embedding_dim or config.hidden_dim
    if config.position_offset:
        fields["pad_token_id"] = config.position_offset - 1
    elif tokenizer is not None:
        fields["pad_token_id"] = tokenizer.pad_id
    known = {"labels", "tied"}
    for head in heads:
        if head in family.dropouts and "dropout" in arguments:
            fields[family.dropouts[head]] = arguments["dropout"]
            known.add("dropout")
    if "labels" in arguments:
        labels = arguments["labels"]
        fields["id2label"] = {str(number): label for number, label in enumerate(labels)}
        fields["label2id"] = {label: number for number, label in enumerate(labels)}
    if arguments.get("problem") in _PROBLEM_NAMES:  # a user's own problem goes to kerasbert's own part
        fields["problem_type"] = _PROBLEM_NAMES[arguments["problem"]]
        known.add("problem")
    if "tied" in arguments:
        fields["tie_word_embeddings"] = arguments["tied"]
    own = {"task": {name: value for name, value in arguments.items() if name not in known}}
    own |= {name: ours[name] for name, usual in OWN_FIELDS.items() if ours[name] != usual}
    return fields | {OWN: own}
