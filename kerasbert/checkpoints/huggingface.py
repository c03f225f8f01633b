"""Hugging Face BERT folders: config.json, weights, tokenizer files."""

import json
import pathlib
import re
import warnings

from kerasbert import checks
from kerasbert.checkpoints.report import LoadReport
from kerasbert.checkpoints.tensor_files import SafetensorsFile, TorchFile
from kerasbert.config import BertConfig
from kerasbert.encoder import BertEncoder

# Theirs -> ours.
CONFIG_FIELDS = {
    "vocab_size": "vocabulary_size",
    "num_hidden_layers": "num_layers",
    "num_attention_heads": "num_heads",
    "hidden_size": "hidden_dim",
    "intermediate_size": "intermediate_dim",
    "max_position_embeddings": "max_sequence_length",
    "type_vocab_size": "num_segments",
    "hidden_act": "activation",
    "layer_norm_eps": "layer_norm_epsilon",
    "hidden_dropout_prob": "hidden_dropout",
    "attention_probs_dropout_prob": "attention_dropout",
    "initializer_range": "initializer_range",
}
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
# What these say of the architecture must hold, where they are given at all.
REQUIRED = {
    "model_type": "bert",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}

# Our path, `{i}` a block -> their name. Kernels are transposed there.
EMBEDDING_NAMES = {
    "embeddings/token_embedding/embeddings": "embeddings.word_embeddings.weight",
    "embeddings/segment_embedding/embeddings": "embeddings.token_type_embeddings.weight",
    "embeddings/position_embedding/embeddings": "embeddings.position_embeddings.weight",
    "embeddings/layer_norm/gamma": "embeddings.LayerNorm.weight",
    "embeddings/layer_norm/beta": "embeddings.LayerNorm.bias",
}
BLOCK_DENSE = {
    "attention/query": "attention.self.query",
    "attention/key": "attention.self.key",
    "attention/value": "attention.self.value",
    "attention/output": "attention.output.dense",
    "feed_forward/intermediate": "intermediate.dense",
    "feed_forward/output": "output.dense",
}
BLOCK_NORM = {"attention_norm": "attention.output.LayerNorm", "feed_forward_norm": "output.LayerNorm"}
POOLER_DENSE = {"pooler/dense": "pooler.dense"}

# Old files call the parameters of a LayerNorm gamma and beta.
OLD_NAMES = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
# Not weights: constants that old versions stored.
BUFFERS = re.compile(r"(^|\.)embeddings\.position_ids$")


def weight_names(config, pooler=True):
    """Returns our path -> their name, without prefix, for every weight of an encoder."""
    names = dict(EMBEDDING_NAMES)
    for i in range(config.num_layers):
        for ours, theirs in BLOCK_DENSE.items():
            names[f"block_{i}/{ours}/kernel"] = f"encoder.layer.{i}.{theirs}.weight"
            names[f"block_{i}/{ours}/bias"] = f"encoder.layer.{i}.{theirs}.bias"
        for ours, theirs in BLOCK_NORM.items():
            names[f"block_{i}/{ours}/gamma"] = f"encoder.layer.{i}.{theirs}.weight"
            names[f"block_{i}/{ours}/beta"] = f"encoder.layer.{i}.{theirs}.bias"
    if pooler:
        for ours, theirs in POOLER_DENSE.items():
            names |= {f"{ours}/kernel": f"{theirs}.weight", f"{ours}/bias": f"{theirs}.bias"}
    return names


def read_config(folder):
    """Reads `config.json` of a Hugging Face BERT folder.

    Args:
        folder: str or path.

    Returns:
        `BertConfig`.

    Raises:
        ValueError: if the file is missing or no JSON, or describes something else than a BERT encoder.
    """
    path = pathlib.Path(folder) / "config.json"
    try:
        theirs = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise checks.invalid(
            "A preset folder must hold `config.json`.",
            fix="Pass the folder that `save_pretrained` wrote, or that was downloaded from a hub.",
            kind=FileNotFoundError,
            folder=str(folder),
        ) from error
    except ValueError as error:
        raise checks.invalid(
            "`config.json` must be JSON.", fix="Fetch it again.", where=str(path), reason=str(error)
        ) from error
    for name, value in REQUIRED.items():
        if theirs.get(name, value) != value:
            raise checks.invalid(
                f"`{name}` must be {value!r}: kerasbert loads BERT encoders.",
                fix="Choose a BERT checkpoint.",
                where=str(path),
                **{name: theirs[name]},
            )
    missing = [name for name in ("vocab_size", "hidden_size", "num_hidden_layers") if name not in theirs]
    if missing:
        raise checks.invalid(
            "`config.json` must say the shape of the encoder.",
            fix="Take the model's own `config.json`.",
            where=str(path),
            missing=missing,
        )
    checks.one_of(str(path), tuple(ACTIVATIONS), hidden_act=theirs.get("hidden_act", "gelu"))
    fields = {ours: theirs[name] for name, ours in CONFIG_FIELDS.items() if name in theirs}
    fields["activation"] = ACTIVATIONS[theirs.get("hidden_act", "gelu")]
    return BertConfig(**fields)


def load_encoder(folder, pooler=True, **kwargs):
    """Builds a `BertEncoder` from a Hugging Face BERT folder.

    Args:
        folder: str or path with `config.json` and `model.safetensors` or `pytorch_model.bin`.
        pooler: bool, whether the encoder gets a pooler. If the file has none, it starts random, and a
            warning says so.
        **kwargs: of `BertEncoder`, such as `dtype`.

    Returns:
        A pair: the `BertEncoder` and a `LoadReport`.

    Raises:
        FileNotFoundError: if the config or the weights are missing.
        ValueError: if a file is damaged, a weight other than the pooler's is missing, or a shape differs.
    """
    encoder = BertEncoder(read_config(folder), pooler=pooler, **kwargs)
    file = open_weights(folder)
    report = assign(encoder, file)
    if report.initialized or report.ignored:
        warnings.warn(f"Not every weight found its place.\n{report}", stacklevel=2)
    return encoder, report


def open_weights(folder):
    """Opens the weights of a Hugging Face folder, safetensors before PyTorch."""
    folder = pathlib.Path(folder)
    for name, reader in (("model.safetensors", SafetensorsFile), ("pytorch_model.bin", TorchFile)):
        if (folder / name).exists():
            return reader(folder / name)
    raise checks.invalid(
        "A preset folder must hold `model.safetensors` or `pytorch_model.bin`.",
        fix="Save the model with `save_pretrained`, in one piece.",
        kind=FileNotFoundError,
        folder=str(folder),
    )


def assign(encoder, file):
    """Puts the weights of an open file into an encoder: all of them, or none if anything is wrong."""
    theirs = {_modern(name): name for name in file.shapes if not BUFFERS.search(name)}
    prefix = "bert." if any(name.startswith("bert.embeddings.") for name in theirs) else ""
    variables = {weight.path.removeprefix(f"{encoder.name}/"): weight for weight in encoder.weights}
    wanted = {
        ours: prefix + name for ours, name in weight_names(encoder.config, encoder.pooler is not None).items()
    }
    initialized = tuple(ours for ours, name in wanted.items() if name not in theirs)
    missing = [wanted[ours] for ours in initialized if not ours.startswith("pooler/")]
    if missing:
        raise checks.invalid(
            "The file must hold every weight of the encoder.",
            fix="Check that it is a BERT model with as many layers as its config says.",
            where=str(file.path),
            missing=missing,
            found=sorted(file.shapes),
        )
    loaded = {ours: theirs[name] for ours, name in wanted.items() if name in theirs}
    for ours, name in loaded.items():
        expected = tuple(variables[ours].shape)
        expected = expected[::-1] if ours.endswith("/kernel") else expected
        if file.shapes[name] != expected:
            raise checks.invalid(
                f"The shape of `{name}` must be what the config says, {expected}.",
                fix="Use the `config.json` that was saved with these weights.",
                where=str(file.path),
                shape=file.shapes[name],
            )
    for ours, name in loaded.items():
        value = file.read(name)
        variables[ours].assign(value.T if ours.endswith("/kernel") else value)
    ignored = tuple(sorted(set(theirs.values()) - set(loaded.values())))
    return LoadReport(str(file.path), loaded, initialized, ignored)


def _modern(name):
    for old, new in OLD_NAMES.items():
        name = name.replace(old, new)
    return name
