"""Reads Google's own checkpoints: `bert_config.json` beside the files of TensorFlow 1 or 2."""

import re

from kerasbert.checkpoints import model_garden
from kerasbert.checkpoints.checkpoint import Checkpoint
from kerasbert.checkpoints.families import BERT
from kerasbert.checkpoints.huggingface import read_config
from kerasbert.checkpoints.places import Place, encoder_paths, module_places
from kerasbert.checkpoints.sizes import check_num_layers, number_of_classes
from kerasbert.checkpoints.tensorflow_files import TensorFlowFile, find_tensorflow_file
from kerasbert.json_files import read_json

# Our layer, `{i}` a block -> theirs.
LAYERS = {
    "encoder/embeddings/layer_norm": "bert/embeddings/LayerNorm",
    "encoder/block_{i}/attention/query": "bert/encoder/layer_{i}/attention/self/query",
    "encoder/block_{i}/attention/key": "bert/encoder/layer_{i}/attention/self/key",
    "encoder/block_{i}/attention/value": "bert/encoder/layer_{i}/attention/self/value",
    "encoder/block_{i}/attention/output": "bert/encoder/layer_{i}/attention/output/dense",
    "encoder/block_{i}/attention_norm": "bert/encoder/layer_{i}/attention/output/LayerNorm",
    "encoder/block_{i}/feed_forward/intermediate": "bert/encoder/layer_{i}/intermediate/dense",
    "encoder/block_{i}/feed_forward/output": "bert/encoder/layer_{i}/output/dense",
    "encoder/block_{i}/feed_forward_norm": "bert/encoder/layer_{i}/output/LayerNorm",
    "encoder/pooler/dense": "bert/pooler/dense",
    "masked_lm/dense": "cls/predictions/transform/dense",
    "masked_lm/layer_norm": "cls/predictions/transform/LayerNorm",
}
PARAMETERS = {"kernel": "/kernel", "bias": "/bias", "gamma": "/gamma", "beta": "/beta"}
# Our weight -> theirs. The output layers of heads are stored transposed.
WEIGHTS = {
    "encoder/embeddings/token_embedding/embeddings": Place("bert/embeddings/word_embeddings"),
    "encoder/embeddings/segment_embedding/embeddings": Place("bert/embeddings/token_type_embeddings"),
    "encoder/embeddings/position_embedding/embeddings": Place("bert/embeddings/position_embeddings"),
    "masked_lm/output_bias": Place("cls/predictions/output_bias"),
    "next_sentence/logits/kernel": Place("cls/seq_relationship/output_weights", transposed=True),
    "next_sentence/logits/bias": Place("cls/seq_relationship/output_bias"),
    "classification/logits/kernel": Place("output_weights", transposed=True),
    "classification/logits/bias": Place("output_bias"),
    "span/logits/kernel": Place("cls/squad/output_weights", transposed=True),
    "span/logits/bias": Place("cls/squad/output_bias"),
}
HEADS = ("masked_lm", "next_sentence", "classification", "span")
# Counters of optimizers. Their slots are recognized by the variable to which they belong.
COUNTERS = re.compile(r"(^|/)(global_step|beta[12]_power|.*loss_scale.*|good_steps)$")


def open_google(folder):
    """Opens a folder with `bert_config.json` and a TensorFlow checkpoint, original or Model Garden.

    Args:
        folder: `pathlib.Path`.

    Returns:
        `Checkpoint`.

    Raises:
        FileNotFoundError: if the checkpoint is missing.
        ValueError: if a file is damaged, or the folder holds several checkpoints.
    """
    path = folder / "bert_config.json"
    config = read_config(BERT, read_json(path), path)
    tensors = TensorFlowFile(find_tensorflow_file(folder))
    check_num_layers(config, tensors)
    if model_garden.is_one(tensors.shapes):
        return model_garden.open_model_garden(folder, config, tensors)
    places = google_places(config)
    heads = tuple(
        head for head in HEADS if all(places[p].name in tensors.shapes for p in places if p.startswith(head))
    )
    arguments = {"dropout": config.hidden_dropout}
    if "classification" in heads:
        classes = number_of_classes(tensors, places["classification/logits/bias"].name)
        arguments |= {"labels": tuple(f"LABEL_{i}" for i in range(classes)), "problem": "single_label"}
    return Checkpoint(
        folder,
        config,
        tensors,
        places,
        {name: name for name in tensors.shapes},
        heads,
        arguments,
        tuple(name for name in tensors.shapes if _is_bookkeeping(name, tensors.shapes)),
    )


def google_places(config):
    """The `Place` of each weight in checkpoints of the original, by our path.

    Args:
        config: `BertConfig`.
    """
    places = dict(WEIGHTS)
    for path, block in encoder_paths(config, pooler=True):
        if path in LAYERS:
            places |= module_places(path.format(i=block), LAYERS[path].format(i=block), PARAMETERS)
    for path in ("masked_lm/dense", "masked_lm/layer_norm"):
        places |= module_places(path, LAYERS[path], PARAMETERS)
    return places


def _is_bookkeeping(name, shapes):
    return name.rpartition("/")[0] in shapes or COUNTERS.search(name) is not None
