"""Writes checkpoints with the names that TensorFlow's Model Garden gives, from weights of ours.

The names are those in checkpoints that its releases wrote, from 2.2 on.
"""

import json

import numpy as np
import tensorflow as tf

END = "/.ATTRIBUTES/VARIABLE_VALUE"
# Ours -> (name in BertEncoderV2, number in the functional encoder without a projection, with one).
OUTSIDE = {
    "embeddings/token_embedding": ("_embedding_layer", 0, 0),
    "embeddings/position_embedding": ("_position_embedding_layer", 1, 1),
    "embeddings/segment_embedding": ("_type_embedding_layer", 2, 2),
    "embeddings/layer_norm": ("_embedding_norm_layer", 3, 3),
    "embeddings/projection": ("_embedding_projection", None, 4),
}
INSIDE = {
    "attention/query": "_attention_layer/_query_dense",
    "attention/key": "_attention_layer/_key_dense",
    "attention/value": "_attention_layer/_value_dense",
    "attention/output": "_attention_layer/_output_dense",
    "attention_norm": "_attention_layer_norm",
    "feed_forward/intermediate": "_intermediate_dense",
    "feed_forward/output": "_output_dense",
    "feed_forward_norm": "_output_layer_norm",
}


def encoder_tensors(encoder, root="encoder/", numbered=True, old=False):
    """Name -> array.

    Args:
        encoder: `BertEncoder` with a pooler.
        root: str, before all names.
        numbered: bool, the functional encoder's names; else BertEncoderV2's.
        old: bool, with the name that the attention's output had until 2.3.
    """
    config = encoder.config
    projected = config.embedding_dim is not None
    first = 5 if projected else 4
    tensors = {}
    for path, value in encoder.weight_values().items():
        parts = path.removeprefix("encoder/").split("/")
        layer, parameter = "/".join(parts[:-1]), parts[-1]
        if layer == "pooler/dense":
            theirs = f"layer_with_weights-{first + config.num_layers}" if numbered else "_pooler_layer"
        elif layer in OUTSIDE:
            name, *numbers = OUTSIDE[layer]
            theirs = f"layer_with_weights-{numbers[projected]}" if numbered else name
        else:
            block = int(parts[0].removeprefix("block_"))
            within = "/".join(parts[1:-1])
            theirs = f"layer_with_weights-{first + block}/" if numbered else f"_transformer_layers/{block}/"
            theirs += "_attention_output_dense" if old and within == "attention/output" else INSIDE[within]
            if within.startswith("attention/"):
                value = split_heads(value, within, parameter, config)
        tensors[f"{root}{theirs}/{parameter}"] = value
    return tensors


def split_heads(value, within, parameter, config):
    """Gives attention weights their axis of heads."""
    heads, width = config.num_heads, config.hidden_dim // config.num_heads
    if within == "attention/output":
        return value.reshape(heads, width, -1) if parameter == "kernel" else value
    return value.reshape(-1, heads, width) if parameter == "kernel" else value.reshape(heads, width)


def dense(name, rows, columns, seed=5):
    """A random dense layer."""
    random = np.random.default_rng(seed)
    return {
        f"{name}/kernel": random.normal(size=(rows, columns)).astype("float32"),
        f"{name}/bias": random.normal(size=columns).astype("float32"),
    }


def masked_lm_tensors(encoder, name):
    """A random masked language model with a table that it shares with the encoder."""
    config = encoder.config
    random = np.random.default_rng(7)
    return {
        **dense(f"{name}/dense", config.hidden_dim, config.hidden_dim, seed=8),
        f"{name}/layer_norm/gamma": random.normal(size=config.hidden_dim).astype("float32"),
        f"{name}/layer_norm/beta": random.normal(size=config.hidden_dim).astype("float32"),
        f"{name}/output_bias.Sbias": random.normal(size=config.vocabulary_size).astype("float32"),
        f"{name}/embedding_table": encoder.weight_values()["encoder/embeddings/token_embedding/embeddings"],
    }


def write(folder, config, tensors, bookkeeping=True):
    """Writes a checkpoint with its `bert_config.json`, and what a trainer adds to both."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = {
        "attention_probs_dropout_prob": config.attention_dropout,
        "hidden_act": "gelu",
        "hidden_dropout_prob": config.hidden_dropout,
        "hidden_size": config.hidden_dim,
        "initializer_range": config.initializer_range,
        "intermediate_size": config.intermediate_dim,
        "max_position_embeddings": config.max_sequence_length,
        "num_attention_heads": config.num_heads,
        "num_hidden_layers": config.num_layers,
        "type_vocab_size": config.num_segments,
        "vocab_size": config.vocabulary_size,
    }
    (folder / "bert_config.json").write_text(json.dumps(fields))
    values = {name + END: tf.constant(value) for name, value in tensors.items()}
    if bookkeeping:
        slots = {f"{n}/.OPTIMIZER_SLOT/optimizer/{slot}{END}": v for n, v in tensors.items() for slot in "mv"}
        values |= {name: tf.constant(value) for name, value in slots.items()}
        for name in ("save_counter", "global_step", "optimizer/iter", "optimizer/_variables/1"):
            values[name + END] = tf.constant(3, "int64")
        values["_CHECKPOINTABLE_OBJECT_GRAPH"] = tf.constant(b"a graph")
    tf.raw_ops.SaveV2(
        prefix=str(folder / "bert_model.ckpt-1"),
        tensor_names=list(values),
        shape_and_slices=[""] * len(values),
        tensors=list(values.values()),
    )
    return folder
