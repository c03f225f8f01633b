"""Reads checkpoints of TensorFlow's Model Garden, in which names are paths through Python objects."""

import dataclasses
import re

from kerasbert import checks
from kerasbert.checkpoints.checkpoint import POOLER, Checkpoint
from kerasbert.checkpoints.places import Place, encoder_paths, module_places, with_head_axis

SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
BOOKKEEPING = re.compile(r"/\.OPTIMIZER_SLOT/|(^|/)(optimizer|save_counter|global_step|keras_api)(/|$)")
PARAMETERS = {name: f"/{name}{SUFFIX}" for name in ("kernel", "bias", "gamma", "beta", "embeddings")}

# Our layer of a block -> theirs.
BLOCK_LAYERS = {
    "attention/query": "_attention_layer/_query_dense",
    "attention/key": "_attention_layer/_key_dense",
    "attention/value": "_attention_layer/_value_dense",
    "attention/output": "_attention_layer/_output_dense",
    "attention_norm": "_attention_layer_norm",
    "feed_forward/intermediate": "_intermediate_dense",
    "feed_forward/output": "_output_dense",
    "feed_forward_norm": "_output_layer_norm",
}
# The name in files of old versions, and the current one.
OLD_OUTPUT, OUTPUT = "/_attention_output_dense/", "/_attention_layer/_output_dense/"
# The layers outside of the blocks, in the order in which the functional encoder numbers its layers.
EMBEDDINGS = {
    "encoder/embeddings/token_embedding": "_embedding_layer",
    "encoder/embeddings/position_embedding": "_position_embedding_layer",
    "encoder/embeddings/segment_embedding": "_type_embedding_layer",
    "encoder/embeddings/layer_norm": "_embedding_norm_layer",
    "encoder/embeddings/projection": "_embedding_projection",
}
# An encoder is found by its position embedding, because no other object holds a copy of that. The value says
# whether the encoder is functional, so that its layers are numbered.
SIGNATURES = {
    "_position_embedding_layer/embeddings": False,
    "layer_with_weights-1/embeddings": True,
}

TABLE = "encoder/embeddings/token_embedding/embeddings"
OUR_POOLER = POOLER.rpartition("/")[0]
# Where to find a pooler that belongs to a head and not to the encoder.
HEAD_POOLERS = {
    "next_sentence": ("next_sentence..pooler_dense", "model/classification_heads/0/dense"),
    "classification": ("sentence_prediction..pooler_dense", "model/layer_with_weights-1/dense"),
}
MASKED_LM = ("masked_lm", "model/masked_lm")
NEXT_SENTENCE = "model/classification_heads/0/out_proj"
# The head in a model that consists of an encoder and a head, and the prefixes of such an encoder's names.
HEAD = "model/layer_with_weights-1"
ROOTS_BESIDE_HEAD = ("encoder/", "model/layer_with_weights-0/")
# Names in old versions' models with both pre-training heads. Their activation is not stored in any file.
PRETRAINER = re.compile(r"model/layer_with_weights-(1/layer_with_weights-[1-9]|2/)")


def is_one(shapes):
    """Whether the names in a TensorFlow checkpoint are paths of objects, as in the Model Garden."""
    return any(name.endswith(SUFFIX) for name in shapes)


def open_model_garden(folder, config, tensors):
    """Opens a checkpoint of the Model Garden: an encoder, alone or with heads.

    A head is loaded only if its names are unambiguous. For example, until version 2.4 the final layer of a
    classifier of two classes had the same name as that of a span labeler, so its weights are reported as
    ignored. So are those of a masked language model with factorised embeddings, whose layers have other
    shapes.

    Args:
        folder: `pathlib.Path`.
        config: `BertConfig` of `bert_config.json`.
        tensors: open `TensorFlowFile`.

    Returns:
        `Checkpoint`.

    Raises:
        ValueError: if the checkpoint contains no BERT encoder, or several.
    """
    bookkeeping = tuple(n for n in tensors.shapes if not n.endswith(SUFFIX) or BOOKKEEPING.search(n))
    shapes = {n.removesuffix(SUFFIX): s for n, s in tensors.shapes.items() if n not in bookkeeping}
    root, functional = _find_encoder(shapes, tensors.path)
    config = _config(config, root, functional, shapes)
    layers = _encoder_layers(config, root, functional)
    heads = _heads(config, root, functional, shapes)
    layers[OUR_POOLER] = _pooler(layers[OUR_POOLER], heads, shapes)
    places = {}
    for ours, theirs in (*layers.items(), *(pair for head in heads.values() for pair in head.items())):
        if ours.endswith("output_bias"):
            places[ours] = Place(theirs + SUFFIX)
        else:
            places |= module_places(ours, theirs, PARAMETERS)
    return Checkpoint(
        folder,
        config,
        tensors,
        with_head_axis(places, config),
        _names(tensors.shapes, bookkeeping, places[TABLE].name),
        tuple(heads),
        _arguments(config, heads, shapes),
        bookkeeping,
    )


def _find_encoder(shapes, path):
    """The prefix of the encoder's names, and whether its layers are named by numbers."""
    found = [
        (name.removesuffix(signature), functional)
        for name in shapes
        for signature, functional in SIGNATURES.items()
        if name == signature or name.endswith(f"/{signature}")
    ]
    if len(found) != 1:
        raise checks.invalid(
            "A checkpoint of the Model Garden must hold one encoder of BERT.",
            fix="Save the encoder alone: tf.train.Checkpoint(encoder=encoder).write(path).",
            where=str(path),
            encoders=[root for root, _ in found],
            found=sorted(shapes),
        )
    return found[0]


def _config(config, root, functional, shapes):
    """The config of `bert_config.json`, completed by what only the weights show."""
    projection = root + ("layer_with_weights-4" if functional else "_embedding_projection")
    return dataclasses.replace(
        config,
        embedding_dim=(shapes.get(f"{projection}/kernel") or (None,))[0],
        # In the Model Garden, "gelu" is the tanh approximation.
        activation="gelu_tanh" if config.activation == "gelu" else config.activation,
    )


def _encoder_layers(config, root, functional):
    """Their path of each layer of the encoder, by our path."""
    numbered = [path for path in EMBEDDINGS if config.embedding_dim or not path.endswith("/projection")]
    first = len(numbered)
    layers = {}
    for path, block in encoder_paths(config, pooler=True):
        if path == OUR_POOLER:
            theirs = f"layer_with_weights-{first + config.num_layers}" if functional else "_pooler_layer"
        elif block is None:
            theirs = f"layer_with_weights-{numbered.index(path)}" if functional else EMBEDDINGS[path]
        else:
            stack = f"layer_with_weights-{first + block}" if functional else f"_transformer_layers/{block}"
            theirs = f"{stack}/{BLOCK_LAYERS[path.removeprefix('encoder/block_{i}/')]}"
        layers[path.format(i=block)] = root + theirs
    return layers


def _heads(config, root, functional, shapes):
    """For each head, their path of each of its layers, by our path."""
    heads = {}
    masked_lm = [theirs for theirs in MASKED_LM if f"{theirs}/dense/kernel" in shapes]
    if masked_lm and not config.embedding_dim:
        heads["masked_lm"] = {
            "masked_lm/dense": f"{masked_lm[0]}/dense",
            "masked_lm/layer_norm": f"{masked_lm[0]}/layer_norm",
            "masked_lm/output_bias": f"{masked_lm[0]}/output_bias.Sbias",
        }
    # It is this head only if it has two classes and its own pooler, and is beside a masked language model.
    pooled = any(f"{pooler}/kernel" in shapes for pooler in HEAD_POOLERS["next_sentence"])
    if masked_lm and pooled and shapes.get(f"{NEXT_SENTENCE}/kernel", ())[1:] == (2,):
        heads["next_sentence"] = {"next_sentence/logits": NEXT_SENTENCE}
    if root in ROOTS_BESIDE_HEAD:
        heads |= _head_after_encoder(functional, shapes)
    return heads


def _head_after_encoder(functional, shapes):
    """The head of a model whose first layer is the encoder and whose second and last layer is the head."""
    if len(shapes.get(f"{HEAD}/out_proj/kernel", ())) == 2:
        return {"classification": {"classification/logits": f"{HEAD}/out_proj"}}
    if len(shapes.get(f"{HEAD}/kernel", ())) == 2:
        return {"token_classification": {"token_classification/logits": HEAD}}
    theirs = f"{HEAD}/layer_with_weights-0"
    if len(shapes.get(f"{theirs}/kernel", ())) != 2 or any(PRETRAINER.match(name) for name in shapes):
        return {}
    if shapes[f"{theirs}/kernel"][1] != 2:
        return {"classification": {"classification/logits": theirs}}
    # Only an encoder whose layers are numbered can be older than `out_proj`, so that the head is ambiguous.
    return {} if functional else {"span": {"span/logits": theirs}}


def _pooler(own, heads, shapes):
    """Their path of the pooler.

    If a head has its own pooler, that one was trained, and the encoder's pooler, which Keras makes anyway,
    still has its random initial weights. If both are the same layer, TensorFlow stored it only once, under
    the head's name.
    """
    for head, poolers in HEAD_POOLERS.items():
        for pooler in poolers:
            if f"{pooler}/kernel" in shapes and (head in heads or f"{own}/kernel" not in shapes):
                return pooler
    return own


def _names(shapes, bookkeeping, table):
    """A dict from current names to names in the file."""
    names = {name.replace(OLD_OUTPUT, OUTPUT): name for name in shapes if name not in bookkeeping}
    # The masked language model shares the table, so TensorFlow stored it only once, under the head's name.
    shared = [name for name in names if name.endswith(f"/embedding_table{SUFFIX}")]
    if table not in names and len(shared) == 1:
        names[table] = shared[0]
    return names


def _arguments(config, heads, shapes):
    arguments = {"dropout": config.hidden_dropout}
    for head in ("classification", "token_classification"):
        if head in heads:
            classes = shapes[f"{heads[head][f'{head}/logits']}/kernel"][1]
            arguments["labels"] = tuple(f"LABEL_{i}" for i in range(classes))
            arguments["problem"] = "regression" if classes == 1 else "single_label"
    return arguments
