"""TFLite (LiteRT) files: float, float16 and quantized."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.export.artifact import Artifact, check_exportable, in_float32
from kerasbert.export.budget import AccuracyBudget, find_smallest
from kerasbert.export.recipes import DEFAULT
from kerasbert.export.text_files import finish_text_file
from kerasbert.export.text_graphs.fixed import check_lengths
from kerasbert.export.tflite_files import write_tflite
from kerasbert.export.tflite_runner import TFLiteRunner
from kerasbert.export.verification import verify_export
from kerasbert.tasks.task import Task
from kerasbert.types import Labels, PathLike, Rows


def to_tflite(
    task: Task,
    path: PathLike,
    recipe: str = DEFAULT,
    *,
    part_recipes: dict[str, str] | None = None,
    calibration: Rows | None = None,
    budget: AccuracyBudget | None = None,
    data: tuple[Rows, Labels] | None = None,
    truncate: bool = False,
    text: bool = False,
    lengths: Sequence[int] = (),
    verify: bool | dict[str, Any] = True,
) -> Artifact:
    """Writes a task as a TFLite file for one sequence of any length.

    A runtime refuses to run it on more than one row, or on rows of different lengths.

    Its signature is called after the task, such as `classify`. It takes `token_ids`, `padding_mask` and
    `segment_ids`, in this order, int32 `(1, S)`, and returns the task's answers by name: `probabilities`
    `(1, C)` of a classifier, `(1, S, C)` of a token classifier, `(1, S, V)` of a masked language model;
    `embedding` `(1, D)`; `start` and `end` `(1, S)`, logits, of a question answerer; `score` `(1, 1)` of one
    choice of several. The task's `predict_with(export.open_artifact(path), x)` makes entities and answers of
    them.

    Args:
        task: a kerasbert task, such as `BertTextClassifier`. The file computes in float32, and is compared
            with the model in float32, whatever the task's own dtype is.
        path: str or path of the file. A file that exists is replaced once the new one is complete.
        recipe: str, one of `RECIPES`: how weights are stored and products computed. The default has int8
            weights with a scale per channel, and activations quantized while it runs.
        part_recipes: dict or None, parts of the model that have another recipe, such as
            `{"block_0": "float32", "block_3/feed_forward": "dynamic_wi8_afp32"}`; `"embeddings"` are the
            tables.
        calibration: texts as for `predict`, for static recipes: some hundred rows of training data, from
            which ranges of activations are taken.

        budget: `AccuracyBudget` or None; with it recipes are tried from the smallest file, instead of
            `recipe`, and the first that costs no more than this is kept. The artifact's `trials` report all.
        data: `(x, y)` or None, texts as for `predict` and their labels, such as a development set; a budget
            is measured on them. Without a budget `verify` compares the file with the model on them, and y
            may be None.
        truncate: bool, whether the file cuts sequences to the task's `max_sequence_length`, but for their
            last token; else one of more tokens than the model has positions is an error. For MediaPipe, which
            cuts none itself.
        text: bool, whether the file takes texts, too. Signatures such as `classify_text`, `tag_text` and
            `answer_text` take `code_points`, int32 `(1, N)`, those of a text, perhaps with zeros behind them,
            and of pairs `pair_code_points`; they return what `predict` returns, places in code points of the
            text. `tokenize` and `tokenize_pair` return the inputs of the task's own signature, cut to its
            `max_sequence_length`, and `starts` and `ends`, `(1, S)`: the code points between which each token
            stands, 0 and 0 for special tokens. `export.describe(path)` reads what the file says of itself,
            and `export.open_artifact(path).predict(texts)` needs no task. A runtime packs the weights twice,
            for tokens and for texts, once each is asked for.
        lengths: sequence of int, such as `(32, 128)`, for a file that takes text where inputs cannot be
            resized. For each a classifier, embedder, token classifier or question answerer has signatures
            whose inputs and outputs have fixed shapes, such as `classify_text_32`: `code_points` `(1, 256)`,
            8 times as many, with zeros behind the text. Entities are `(1, 256)` too, with zeros behind them.
            How long they take depends on the text and not on the length.
        verify: bool, or a dict of limits for `verify`; whether the new file is compared with the model before
            it takes its place: on `data`, or without any on built-in sentences in the vocabulary's languages,
            and for static recipes on `calibration`.

    Returns:
        `Artifact`.

    Raises:
        FileExistsError: if `path` is a folder.
        OSError: if the disk is full.
        ImportError: if `ai-edge-litert` or `litert-quantizer` is missing.
        ValueError: if the recipe is unknown or cannot work, a weight is not finite, or Keras does not run on
            TensorFlow.
        VerificationError: if the file is not the same model.
        RuntimeError: if the conversion fails, or gives a file that would answer slowly or wrongly.
    """
    check_exportable(task, "to_tflite")
    task = in_float32(task)
    if lengths:
        check_lengths(task, recipe, lengths, text)
    of_texts = tuple(lengths) if text else None
    with replacing(path) as temporary:
        if budget is None:
            artifact = write_tflite(
                task, temporary, recipe, dict(part_recipes or {}), calibration, truncate, lengths=of_texts
            )
        else:
            if recipe != DEFAULT or part_recipes or calibration is not None:
                raise checks.invalid(
                    "A budget chooses the recipe.",
                    fix="Pass either a budget, or `recipe`, `part_recipes` and `calibration`.",
                    where="to_tflite",
                    recipe=recipe,
                    part_recipes=part_recipes,
                )
            artifact = find_smallest(task, temporary, budget, data, truncate, of_texts)
        if text:
            artifact = finish_text_file(task, artifact, TFLiteRunner(temporary))
        if verify:
            verify_export(task, artifact, None if budget else data, verify, calibration)
    return dataclasses.replace(artifact, path=pathlib.Path(path))
