"""What a TFLite file says of itself, in a ZIP archive behind the model, which runtimes leave alone."""

import json
import zipfile

import numpy as np

from kerasbert import checks
from kerasbert.text import TOKEN_INPUTS

TASK, LABELS = "task.json", "labels.txt"
VERSION = 1
SELF_TEST = "The film wasn't bad: ÉTÉ ΟΔΟΣ 電影 42%!"
# How far answers of another processor may be from those of this one: the same float sums in another order, or
# quantized products, of other roundings.
EXACT, QUANTIZED = 1e-4, 5e-2


def add_description(task, runner, path, recipe, part_recipes):
    """Appends the description of a file that takes text.

    Args:
        task: the kerasbert task that was exported.
        runner: `TFLiteRunner` of the file, as it is.
        path: str or path.
        recipe, part_recipes: as for `to_tflite`.
    """
    tokenizer, tokens = task.tokenizer, runner.tokenize(SELF_TEST)
    answer = runner({name: tokens[name] for name in TOKEN_INPUTS})
    names = ("pad_id", "unk_id", "cls_id", "sep_id", "mask_id")
    content = {
        "kerasbert": VERSION,
        "kind": task.endpoint,
        "problem": getattr(task, "problem", None),
        "labels": list(getattr(task, "labels", ())),
        "output": task.output,
        "max_sequence_length": task.max_sequence_length,
        "vocabulary_size": tokenizer.vocabulary_size,
        "special_ids": {name.removesuffix("_id"): int(getattr(tokenizer, name)) for name in names},
        "signatures": runner.signatures,
        "recipe": recipe,
        "part_recipes": part_recipes,
        "self_test": {
            "text": SELF_TEST,
            "token_ids": tokens["token_ids"][0].tolist(),
            "answer": answer[task.output][0].tolist(),
            "tolerance": EXACT if runner.bits == 32 else QUANTIZED,
        },
    }
    with zipfile.ZipFile(path, "a", zipfile.ZIP_STORED) as archive:
        # With one date, so that two exports give the same bytes.
        archive.writestr(zipfile.ZipInfo(TASK), json.dumps(content, indent=1, allow_nan=False))
        archive.writestr(zipfile.ZipInfo(LABELS), "".join(f"{label}\n" for label in content["labels"]))


def describe(path):
    """Reads what a TFLite file that takes text says of itself.

    Args:
        path: str, path or `Artifact`.

    Returns:
        dict: `kind`, the task's signature, such as `"classify"`; `problem`; `labels`; `output`, the name of
        the answer; `max_sequence_length`; `vocabulary_size`; `special_ids`; `signatures`, with the names of
        their inputs and outputs; `recipe`; `part_recipes`; and `self_test`: a `text`, its `token_ids`, its
        `answer`, and how far another processor's answer may be from it, `tolerance`.

    Raises:
        FileNotFoundError: if nothing is there.
        ValueError: if the file has no description.
    """
    path = getattr(path, "path", path)
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(TASK))
    except (zipfile.BadZipFile, KeyError) as error:
        raise checks.invalid(
            "The file must be one that takes text, and so says what it is.",
            fix="Export it with `to_tflite(task, path, text=True)`.",
            where="describe",
            path=str(path),
        ) from error


def as_code_points(text):
    """A text as the integers that a file takes.

    Args:
        text: str.

    Returns:
        numpy int32 (1, N).
    """
    return np.array([[*map(ord, text)]], np.int32).reshape(1, -1)
