"""SavedModel: texts or tokens in, named answers out, for TF Serving and for plain TensorFlow."""

import collections

import keras

from kerasbert.atomic import replacing
from kerasbert.export import endpoints
from kerasbert.export.artifact import Artifact, check_exportable
from kerasbert.export.warmup import write_warmup
from kerasbert.optional import tensorflow as tf
from kerasbert.text import TOKEN_INPUTS


def to_saved_model(task, path):
    """Writes a task as a SavedModel that needs TensorFlow and TensorFlow Text, and not kerasbert.

    Its signatures are called after what the task does; the first one is the default:

    - of classifiers `classify` and `classify_pair`: `text`, and `text_pair`, to `probabilities` or `scores`
      `(B, C)`, and `label` if one class of several is chosen;
    - of the embedder `embed` and `embed_pair`: the same to `embedding` `(B, D)`;
    - of the token classifier `tag`: `text` to its entities, `text`, `type`, `score`, `start`, `end`,
      `first_word` and `end_word`, `(B, E)` each, where less than E are followed by `""`, 0 and -1;
    - of the question answerer `answer`: `question` and `context` to `text`, `start`, `end`, `score` and
      `null_score`, `(B,)` each;
    - of multiple choice `choose`: `text` and `choices` `(B, K)` to `probabilities` `(B, K)`;
    - of the masked language model `fill`: `text` to `token` and `probability`, `(B, M, 5)` for M masks.

    Inputs but choices are strings `(B,)`. Texts to be tagged and contexts can have any length; for others
    `truncated`, bool `(B,)`, says which ones were too long. One more signature, such as `classify_tokens`,
    takes `token_ids`, `segment_ids` and `padding_mask`, int32 `(B, S)`, and returns the task's `answers`.
    `assets.extra/` holds a warm-up request for TF Serving.

    Args:
        task: a kerasbert task, such as `BertTextClassifier`.
        path: str or path of the folder; for TF Serving it ends in a version number, `serving/film/1`. A
            folder that exists is replaced once the new one is complete.

    Returns:
        `Artifact`.
    """
    check_exportable(task, "to_saved_model")
    archive = keras.export.ExportArchive()
    endpoint = endpoints.BY_NAME[task.endpoint]
    tokens = {name: tf.TensorSpec((None, None), tf.int32, name) for name in TOKEN_INPUTS}
    answer_tokens = getattr(endpoint, "named", lambda task, tokens: task.answer_tokens(tokens))
    functions = endpoint.signatures(task) | {
        f"{task.endpoint}_tokens": (
            lambda token_ids, segment_ids, padding_mask: answer_tokens(
                task, dict(zip(TOKEN_INPUTS, (token_ids, segment_ids, padding_mask), strict=True))
            ),
            tokens,
        ),
    }
    for name, (function, specs) in functions.items():
        archive.add_endpoint(name, function, input_signature=list(specs.values()))
    with replacing(path) as temporary:
        archive.write_out(str(temporary), verbose=False)
        write_warmup(temporary, endpoint.WARMUP)
    return describe_saved_model(path)


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
