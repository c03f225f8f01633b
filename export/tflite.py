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
from kerasbert.export.verify_export import verify_export
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

    The signature is named after what the task does, such as `classify`. It takes `token_ids`, `padding_mask`
    and `segment_ids`, in this order, int32 `(1, S)`, and returns the task's answers by name: a classifier
    `probabilities` `(1, C)`, a token classifier `(1, S, C)`, a masked language model `(1, S, V)`; an embedder
    `embedding` `(1, D)`; a question answerer the logits `start` and `end`, `(1, S)`; multiple choice the
    `score` of one choice, `(1, 1)`. The task's `predict_with(export.open_artifact(path), x)` turns them into
    what `predict` returns.

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
            which the ranges of activations are measured.
        budget: `AccuracyBudget` or None. If it is given, recipes are tried, the smallest file first, and the
            first one that keeps the budget is chosen instead of `recipe`. The artifact's `trials` list all
            that were tried.
        data: `(x, y)` or None, texts as for `predict` and their labels, such as a development set. A budget
            is measured on them. Without a budget, `verify` compares the file with the model on them, and `y`
            may be None.
        truncate: bool, whether the file truncates sequences to the task's `max_sequence_length`, and keeps
            their last token. Otherwise a sequence with more tokens than the model has positions is an error.
            MediaPipe needs this, because it does not truncate texts itself.
        text: bool, whether the file takes texts, too. Signatures such as `classify_text`, `tag_text` and
            `answer_text` take `code_points`, int32 `(1, N)`, the code points of a text, which zeros may
            follow, and for pairs also `pair_code_points`. They return what `predict` returns, with positions
            in code points. `tokenize` and `tokenize_pair` return the inputs of the task's own signature,
            truncated to its `max_sequence_length`, and `starts` and `ends`, `(1, S)`: where each token is in
            the text, in code points; 0 and 0 for special tokens. `export.describe(path)` reads the
            description of the file, and `export.open_artifact(path).predict(texts)` needs no task. If an app
            uses signatures for tokens and for texts, the runtime packs the weights twice.
        lengths: sequence of int, such as `(32, 128)`, for a file that takes text, and for runtimes that
            cannot resize inputs. For each length, a classifier, embedder, token classifier or question
            answerer gets signatures whose inputs and outputs have fixed shapes, such as `classify_text_32`,
            which takes `code_points` `(1, 256)`: 8 code points a token, with zeros after the text. Entities
            are `(1, 256)` as well, with zeros after the last one. The time that they take depends on the
            text and not on the length. For delegates that need fixed shapes inside the model, too,
            `tokenize_32` returns tokens `(1, 32)` with padding, and `classify_32` takes them; these are
            written for lengths up to `max_sequence_length`.
        verify: bool, or a dict of limits for `verify`: whether the new file is compared with the model before
            it replaces an older one. It is compared on `data`; without `data`, on built-in sentences in the
            vocabulary's languages, or for static recipes on `calibration`.

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
