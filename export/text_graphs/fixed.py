"""From texts to answers with inputs and outputs of fixed shapes, for runtimes that cannot resize.

Inside, lengths stay those of the text: only what goes in and comes out has a fixed shape. So a short text
takes no longer than by the signatures of any length, and the model stands in the file no third time.
"""

import re

from kerasbert import checks
from kerasbert.export.recipes import RECIPES
from kerasbert.optional import tensorflow as tf

# Code points a token: a text of so many is seldom longer than its tokens allow.
CHARACTERS = 8
KINDS = ("classify", "embed", "tag", "answer")


def fixed_signatures(task, signatures, lengths):
    """A signature for each length, such as `classify_text_32`, of 8 times as many code points.

    Args:
        task: a kerasbert task.
        signatures: dict as from `text_signatures`.
        lengths: sequence of int, how many tokens.

    Returns:
        dict, name -> (graph function, its input signature).
    """
    of_texts = [name for name in signatures if re.match(f"{task.endpoint}_text", name)]
    return {
        f"{name}_{length}": _of_length(*signatures[name], CHARACTERS * length)
        for name in of_texts
        for length in lengths
    }


def _of_length(answers, specs, size):
    """A signature of texts of `size` code points, and of as many entities."""

    def fixed(*texts):
        return {name: _filled(value, size) for name, value in answers(*texts).items()}

    return fixed, [tf.TensorSpec((1, size), spec.dtype, spec.name) for spec in specs]


def _filled(value, size):
    """A row `(1, E)` of any length with zeros behind it; other tensors as they are."""
    if value.shape.is_fully_defined():
        return value
    row = tf.concat([tf.reshape(value, [-1]), tf.zeros([size], value.dtype)], 0)
    return tf.reshape(row[:size], [1, size])


def check_lengths(task, recipe, lengths, text):
    """Raises ValueError unless a file of this task can have these fixed lengths."""
    checks.positive_int("to_tflite", **{f"lengths[{i}]": length for i, length in enumerate(lengths)})
    calibrated = recipe in RECIPES and RECIPES[recipe].calibrated
    if not text or task.endpoint not in KINDS or calibrated:
        raise checks.invalid(
            "Fixed lengths are only possible for classifiers, embedders, token classifiers and question "
            "answerers, with `text=True` and without calibration.",
            fix="Pass `text=True`, or leave out `lengths`.",
            where="to_tflite",
            endpoint=task.endpoint,
            lengths=tuple(lengths),
        )
    if len(set(lengths)) < len(lengths):
        raise checks.invalid(
            "Fixed lengths must be different numbers.",
            fix="Pass lengths such as (32, 128).",
            where="to_tflite",
            lengths=tuple(lengths),
        )
