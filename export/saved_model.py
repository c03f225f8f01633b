"""Exports SavedModels that take texts or tokens and return named answers, for TF Serving and TensorFlow."""

import dataclasses
import gc
import pathlib
from typing import Any

import keras

from kerasbert.atomic import replacing
from kerasbert.export import endpoints
from kerasbert.export.artifact import Artifact, check_exportable, check_tokenizer
from kerasbert.export.saved_model_files import count_ops, describe_saved_model, read_graph
from kerasbert.export.serving import sample_requests, write_guide
from kerasbert.export.serving_ops import check_served
from kerasbert.export.verify_export import verify_export
from kerasbert.export.warmup import write_warmup
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.task import Task
from kerasbert.types import Labels, PathLike, Rows


def to_saved_model(
    task: Task,
    path: PathLike,
    *,
    data: tuple[Rows, Labels] | None = None,
    verify: bool | dict[str, Any] = True,
) -> Artifact:
    """Writes a task as a SavedModel that needs TensorFlow and TensorFlow Text, but not kerasbert.

    Its signatures are named after what the task does; the first one is the default:

    - classifiers, `classify` and `classify_pair`: take `text` (and `text_pair`); return `probabilities` or
      `scores` `(B, C)`, and `label` if each row has one class;
    - embedder, `embed` and `embed_pair`: take the same; return `embedding` `(B, D)`;
    - token classifier, `tag`: takes `text`; returns the entities, `text`, `type`, `score`, `start`, `end`,
      `first_word` and `end_word`, `(B, E)` each, padded with `""`, 0 and -1;
    - question answerer, `answer`: takes `question` and `context`; returns `text`, `start`, `end`, `score` and
      `null_score`, `(B,)` each;
    - multiple choice, `choose`: takes `text` and `choices` `(B, K)`; returns `probabilities` `(B, K)`;
    - masked language model, `fill`: takes `text`; returns `token` and `probability`, `(B, M, 5)` for M masks;
    - summarizer, `summarize`: takes `sentences` `(B, N)`; returns the `score` of each, `(B, N)`.

    Inputs are strings, `(B,)` where nothing else is said; a task's `extra_inputs` are float32. Texts to tag
    and contexts can have any length; for others, `truncated`, bool `(B,)`, says which ones were too long.
    Another signature, such as `classify_tokens`, takes `token_ids`, `segment_ids` and `padding_mask`, int32
    `(B, S)`, and returns the task's `answers`.

    The graph only uses operations of stock TF Serving. `assets.extra/` contains a warm-up request for each
    signature, `serving.md`, which shows requests by REST and gRPC with the model's answers, and
    `batching_parameters.txt`.

    Args:
        task: a kerasbert task, such as `BertTextClassifier`.
        path: str or path of the folder; for TF Serving it ends in a version number, `serving/film/1`. A
            SavedModel that kerasbert wrote there, and that has not been changed since, is replaced once the
            new one is complete.
        data, verify: as for `to_tflite`.

    Returns:
        `Artifact`.

    Raises:
        FileExistsError: if the folder contains anything except a SavedModel that kerasbert wrote.
        OSError: if the disk is full.
        ValueError: if the task does not take texts, or its graph has an operation that stock TF Serving does
            not have.
    """
    check_exportable(task, "to_saved_model")
    check_tokenizer(task, "to_saved_model")
    archive = keras.export.ExportArchive()
    endpoint = endpoints.BY_NAME[task.endpoint]
    tokens = task.input_specs(None, None)
    answer_tokens = getattr(endpoint, "named", lambda task, tokens: task.answer_tokens(tokens))
    functions = endpoint.signatures(task) | {
        f"{task.endpoint}_tokens": (
            lambda *inputs: answer_tokens(task, dict(zip(tokens, inputs, strict=True))),
            tokens,
        ),
    }
    graphs = {
        name: archive.add_endpoint(name, function, input_signature=list(specs.values()))
        for name, (function, specs) in functions.items()
    }
    requests = sample_requests(task, {name: tuple(specs) for name, (_, specs) in functions.items()})
    answers = {
        name: graphs[name].get_concrete_function()(*map(tf.constant, inputs.values()))
        for name, inputs in requests.items()
    }
    with replacing(path, "SavedModel") as temporary:
        archive.write_out(str(temporary), verbose=False)
        written = read_graph(temporary)
        check_served(count_ops(written), "to_saved_model")
        default = requests[next(iter(functions))]
        write_warmup(temporary, {"serving_default": default} | requests)
        write_guide(temporary, pathlib.Path(path), written.signature_def, requests, answers)
        artifact = describe_saved_model(temporary)
        if verify:
            verify_export(task, artifact, data, verify)
    del archive, graphs, written
    gc.collect()  # graphs refer to themselves, and keep weights in memory
    return dataclasses.replace(artifact, path=pathlib.Path(path))
