"""Reads Hugging Face folders: the config.json and the weights of BERT and related models."""

import re

from kerasbert import checks
from kerasbert.checkpoints.checkpoint import Checkpoint
from kerasbert.checkpoints.families import ALBERT, BY_MODEL_TYPE, HEADS_OF_CLASS, ROBERTAS
from kerasbert.checkpoints.huggingface_arguments import task_arguments
from kerasbert.checkpoints.paths import head_of
from kerasbert.checkpoints.places import Place, encoder_paths, module_places
from kerasbert.checkpoints.sizes import check_num_layers
from kerasbert.checkpoints.tensor_files import SafetensorsFile, ShardedFile
from kerasbert.checkpoints.torch_files import TorchFile
from kerasbert.config import BertConfig
from kerasbert.json_files import json_field, read_json, strings_field

ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
    "tanh": "tanh",
}
# If these fields are present, they must have these values.
REQUIRED = {"position_embedding_type": "absolute", "is_decoder": False, "add_cross_attention": False}
SIZES = ("vocabulary_size", "num_layers", "num_heads", "hidden_dim", "intermediate_dim")
# The part of `config.json` that only kerasbert writes and reads, and the fields of `BertConfig` that are
# stored there, because Hugging Face has no field for them, if they do not have these usual values.
OWN = "kerasbert"
OWN_FIELDS = {"position_embedding": "learned", "heads_by_layer": None, "units_by_layer": None}

PARAMETERS = {
    "kernel": ".weight",
    "bias": ".bias",
    "gamma": ".weight",
    "beta": ".bias",
    "embeddings": ".weight",
}
# In old files, the parameters of a LayerNorm are called gamma and beta.
OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
TOKEN_TABLE = "embeddings.word_embeddings.weight"
POSITION_TABLE = "embeddings.position_embeddings.weight"
# Files of weights in formats that are not supported.
OTHER_WEIGHTS = ("tf_model*.h5", "flax_model*.msgpack", "model*.onnx", "*.gguf", "rust_model.ot")
# Constants, not weights, that old versions stored.
BUFFERS = re.compile(r"(^|\.)embeddings\.(position_ids|token_type_ids)$")


def open_huggingface(folder):
    """Opens a Hugging Face folder.

    Args:
        folder: `pathlib.Path` with `config.json` and weights in safetensors or PyTorch files, in a single
            file or in shards.

    Returns:
        `Checkpoint`.

    Raises:
        FileNotFoundError: if the config or the weights are missing.
        ValueError: if a file is damaged, or describes another architecture.
    """
    path = folder / "config.json"
    theirs = read_json(path)
    family = _family(theirs, path)
    config = read_config(family, theirs, path)
    tied = json_field(theirs, "tie_word_embeddings", bool, path, True)
    tensors = open_weights(folder)
    check_num_layers(config, tensors)
    names, bookkeeping = _names(family, tensors.shapes, tied)
    own = _own(theirs, path)
    own_heads = tuple(strings_field(own, "heads", path))
    heads = () if own_heads else _heads(family, theirs, names, path)
    places = places_of(family, config, heads, tied)
    places |= {name: Place(name) for name in tensors.shapes if head_of(name) in own_heads}
    if config.position_embedding != "learned":
        bookkeeping += [names[POSITION_TABLE]] if POSITION_TABLE in names else []
    return Checkpoint(
        folder,
        config,
        tensors,
        places,
        names,
        heads + own_heads,
        task_arguments(family, config, heads + own_heads, theirs, own, path, tensors, names),
        tuple(bookkeeping),
    )


def open_weights(folder):
    """Opens the weights of a Hugging Face folder: safetensors rather than PyTorch, not shards."""
    for name, kind in (("model.safetensors", SafetensorsFile), ("pytorch_model.bin", TorchFile)):
        if (folder / name).exists():
            return kind(folder / name)
        if (folder / f"{name}.index.json").exists():
            return ShardedFile(folder / f"{name}.index.json", kind)
    others = sorted(path.name for name in OTHER_WEIGHTS for path in folder.glob(name))
    raise checks.invalid(
        "A preset folder must hold `model.safetensors` or `pytorch_model.bin`.",
        fix="The other formats are not supported: load them with transformers 4 (`from_tf=True` for "
        "`tf_model.h5`), and save the model with `save_pretrained`, which writes `model.safetensors`."
        if others
        else "Save the model with `save_pretrained`, or download the missing file.",
        kind=FileNotFoundError,
        folder=str(folder),
        **({"not_supported": others} if others else {}),
    )


def places_of(family, config, heads, tied=True, prefix=""):
    """The place of each weight of an encoder, its pooler and `heads` in a file of a family.

    Args:
        family: `Family`.
        config: `BertConfig`.
        heads: tuple of str.
        tied: bool, whether the masked language model's last layer shares the weights of the token embedding.
        prefix: str, the prefix of the encoder's names.

    Returns:
        dict, our path -> `Place`.
    """
    places = {}
    for path, block in encoder_paths(config, pooler="encoder/pooler/dense" in family.layers):
        ours, theirs = path.format(i=block), prefix + family.layers[path].format(i=block)
        places |= module_places(ours, theirs, PARAMETERS, transposed=True)
    for head in heads:
        for ours, theirs in family.heads[head].items():
            if ours.endswith("output_bias"):
                places[ours] = Place(theirs)
            else:
                places |= module_places(ours, theirs, PARAMETERS, transposed=True)
    if "masked_lm" in heads and not tied:
        places["masked_lm/decoder_kernel"] = Place(f"{family.decoder}.weight")
        places["masked_lm/output_bias"] = Place(f"{family.decoder}.bias")
    return places


def _names(family, shapes, tied):
    """A dict from current names without prefix to names in the file; and a list of names to ignore."""
    names, bookkeeping = {}, []
    for actual in shapes:
        name = actual.removeprefix(family.prefix)
        for old, new in OLD_NAMES.items():
            name = name.replace(old, new)
        if BUFFERS.search(name):
            bookkeeping.append(actual)
        else:
            names[name] = actual
    if family.decoder:
        bias, decoder_bias = bias_of_masked_lm(family), f"{family.decoder}.bias"
        if tied:
            repeated = {f"{family.decoder}.weight": TOKEN_TABLE, decoder_bias: bias}
        else:  # the head's bias is stored beside the decoder's own, but nothing reads it
            repeated = {bias: decoder_bias}
        for repeat, name in repeated.items():
            if repeat != name and repeat in names:
                actual = names.pop(repeat)
                if names.setdefault(name, actual) != actual:
                    bookkeeping.append(actual)
    return names, bookkeeping


def bias_of_masked_lm(family):
    """The name of the masked language model's output bias."""
    return family.heads["masked_lm"]["masked_lm/output_bias"]


def _family(theirs, path):
    checks.one_of(str(path), tuple(BY_MODEL_TYPE), model_type=theirs.get("model_type", "bert"))
    family = BY_MODEL_TYPE[theirs.get("model_type", "bert")]
    for name, value in (REQUIRED | family.required).items():
        if theirs.get(name, value) != value:
            raise checks.invalid(
                f"`{name}` must be {value!r}: kerasbert loads BERT encoders.",
                fix="Choose the checkpoint of a BERT encoder.",
                where=str(path),
                **{name: theirs[name]},
            )
    return family


def read_config(family, theirs, path):
    """Turns the content of a family's config file into a `BertConfig`.

    Args:
        family: `Family`.
        theirs: dict, the content of the file.
        path: `pathlib.Path` of the file, for error messages.

    Raises:
        ValueError: if a size is missing, a value is out of range, or the activation is unknown.
    """
    missing = [name for name, ours in family.fields.items() if ours in SIZES and name not in theirs]
    if missing:
        raise checks.invalid(
            "`config.json` must give all sizes of the encoder.",
            fix="Use the model's own `config.json`.",
            where=str(path),
            missing=missing,
        )
    fields = {ours: theirs[name] for name, ours in family.fields.items() if name in theirs} | family.fixed
    activation = {
        name: theirs[name] for name in family.fields if family.fields[name] == "activation" and name in theirs
    }
    checks.one_of(str(path), tuple(ACTIVATIONS), **activation)
    fields["activation"] = ACTIVATIONS[fields.get("activation", "gelu")]
    fields |= {name: value for name, value in _own(theirs, path).items() if name in OWN_FIELDS}
    if family in ROBERTAS:
        fields["position_offset"] = json_field(theirs, "pad_token_id", int, path, 1) + 1
        positions = json_field(theirs, "max_position_embeddings", int, path, 512)
        fields["max_sequence_length"] = positions - fields["position_offset"]
    if family is not ALBERT and fields.get("embedding_dim") == fields["hidden_dim"]:
        fields["embedding_dim"] = None  # in ALBERT alone there is a projection nevertheless
    return BertConfig(**fields)


def _heads(family, theirs, names, path):
    """The heads with which the model was saved, without those that kerasbert does not have."""
    if architectures := strings_field(theirs, "architectures", path):
        heads = HEADS_OF_CLASS.get(architectures[0].removeprefix(family.classes), ())
    else:  # old files do not name the class; `classifier` could be one of several heads
        heads = [
            head
            for head, layers in family.heads.items()
            if "classifier" not in layers.values()
            and all(any(name.startswith(theirs) for name in names) for theirs in layers.values())
        ]
    if family in ROBERTAS and "masked_lm" in heads and ACTIVATIONS.get(theirs.get("hidden_act")) != "gelu":
        raise checks.invalid(
            "The masked language model of RoBERTa must have `hidden_act` gelu, which its head always uses.",
            fix="Save the encoder alone, and load that.",
            where=str(path),
            hidden_act=theirs.get("hidden_act"),
        )
    return tuple(head for head in heads if head in family.heads)


def _own(theirs, path):
    """The part of the file that only kerasbert writes and reads."""
    return json_field(theirs, OWN, dict, path, {})
