"""SavedModel: texts or tokens in, named answers out, for TF Serving and for plain TensorFlow."""

import collections

import keras

from kerasbert.atomic import replacing
from kerasbert.export.artifact import Artifact, check_exportable
from kerasbert.export.warmup import write_warmup
from kerasbert.optional import tensorflow as tf
from kerasbert.text import TOKEN_INPUTS

WARMUP_TEXTS = ("", "a short text", "a longer text, of the length of an ordinary sentence or two. " * 2)


def to_saved_model(task, path):
    """Writes a task as a SavedModel that needs TensorFlow and TensorFlow Text, and not kerasbert.

    It has three signatures, called after the task, such as `classify`:

    - `classify`, the default one: `text`, string `(B,)`;
    - `classify_pair`: `text` and `text_pair`, string `(B,)`;
    - `classify_tokens`: `token_ids`, `segment_ids` and `padding_mask`, int32 `(B, S)`.

    Each returns the task's answers by name, such as `probabilities`, float32 `(B, C)`; a classifier into one
    class of several also `label`, string `(B,)`; and those that take text say in `truncated`, bool `(B,)`,
    which texts were too long. `assets.extra/` holds a warm-up request for TF Serving.

    Args:
        task: a kerasbert task, such as `BertTextClassifier`.
        path: str or path of the folder; for TF Serving it ends in a version number, `serving/film/1`. A
            folder that exists is replaced once the new one is complete.

    Returns:
        `Artifact`.
    """
    check_exportable(task, "to_saved_model")
    archive = keras.export.ExportArchive()
    texts = {"text": tf.TensorSpec((None,), tf.string, "text")}
    pairs = texts | {"text_pair": tf.TensorSpec((None,), tf.string, "text_pair")}
    tokens = {name: tf.TensorSpec((None, None), tf.int32, name) for name in TOKEN_INPUTS}
    endpoints = {
        task.endpoint: (lambda text: _from_texts(task, text), texts),
        f"{task.endpoint}_pair": (lambda text, text_pair: _from_texts(task, text, text_pair), pairs),
        f"{task.endpoint}_tokens": (
            lambda token_ids, segment_ids, padding_mask: _from_tokens(
                task, dict(zip(TOKEN_INPUTS, (token_ids, segment_ids, padding_mask), strict=True))
            ),
            tokens,
        ),
    }
    for name, (function, specs) in endpoints.items():
        archive.add_endpoint(name, function, input_signature=list(specs.values()))
    with replacing(path) as temporary:
        archive.write_out(str(temporary), verbose=False)
        write_warmup(temporary, {"text": list(WARMUP_TEXTS)})
    return describe_saved_model(path)


def _from_texts(task, text, text_pair=None):
    tokenizer, limit = task.tokenizer, task.max_sequence_length
    first = tokenizer.tokenize(text)
    second = None if text_pair is None else tokenizer.tokenize(text_pair)
    answers = _from_tokens(task, tokenizer.pack(first, second, max_length=limit))
    return answers | {"truncated": tokenizer.packed_lengths(first, second) > limit}


def _from_tokens(task, tokens):
    answers = task.answers(task(tokens, training=False))
    if getattr(task, "problem", None) == "single_label":
        best = tf.argmax(answers[task.output], axis=-1)
        answers["label"] = tf.gather(tf.constant(task.labels), best)
    return answers


def describe_saved_model(path):
    """Reads what a SavedModel holds, without loading its weights.

    Args:
        path: str or path of the folder.

    Returns:
        `Artifact`; its `ops` count the operations of the graph and of every function in it.
    """
    from tensorflow.python.saved_model import loader_impl

    graph = loader_impl.parse_saved_model(str(path)).meta_graphs[0]
    nodes = [*graph.graph_def.node, *(n for f in graph.graph_def.library.function for n in f.node_def)]
    signatures = {
        name: {"inputs": sorted(s.inputs), "outputs": sorted(s.outputs)}
        for name, s in graph.signature_def.items()
        if not name.startswith("__")
    }
    ops = dict(sorted(collections.Counter(node.op for node in nodes).items()))
    return Artifact.of(path, "saved_model", signatures=signatures, ops=ops)
