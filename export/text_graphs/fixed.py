"""From texts to answers with inputs and outputs of fixed shapes, for runtimes that cannot resize."""

from kerasbert import checks
from kerasbert.export.recipes import RECIPES
from kerasbert.export.text_graphs.tokenize import TEXT, packed, tokenizer_of
from kerasbert.optional import tensorflow as tf
from kerasbert.text import TOKEN_INPUTS

# Code points a token: a text of so many is seldom longer than its tokens allow.
CHARACTERS = 8
KINDS = ("classify", "embed")


def fixed_signatures(task, function, lengths):
    """A signature for each length, such as `classify_text_32`, of 8 times as many code points.

    Args:
        task: a kerasbert task.
        function: graph function of `edge_graph`.
        lengths: sequence of int, how many tokens.

    Returns:
        dict, name -> (graph function, its input signature).
    """

    def answers_at(length):
        def answers(code_points):
            tokens = packed(task, tokenizer, code_points, max_length=length)
            padding = {name: task.tokenizer.pad_id if name == "token_ids" else 0 for name in TOKEN_INPUTS}
            rows = (
                tf.reshape(
                    tf.concat([tokens[name][0], tf.fill([length], padding[name])], 0)[:length], [1, length]
                )
                for name in TOKEN_INPUTS
            )
            return function(*rows) | {"truncated": tokens["truncated"]}

        return answers

    tokenizer = tokenizer_of(task)
    return {
        f"{task.endpoint}_text_{length}": (
            answers_at(length),
            [tf.TensorSpec((1, CHARACTERS * length), tf.int32, TEXT)],
        )
        for length in lengths
    }


def check_lengths(task, recipe, lengths, text):
    """Raises ValueError unless a file of this task can have these fixed lengths."""
    checks.positive_int("to_tflite", **{f"lengths[{i}]": length for i, length in enumerate(lengths)})
    calibrated = recipe in RECIPES and RECIPES[recipe].calibrated
    if not text or task.endpoint not in KINDS or calibrated:
        raise checks.invalid(
            "Fixed lengths are only possible for classifiers and embedders, with `text=True` and without "
            "calibration.",
            fix="Pass `text=True`, or leave out `lengths`.",
            where="to_tflite",
            endpoint=task.endpoint,
            lengths=tuple(lengths),
        )
    bad = [length for length in lengths if not 3 <= length <= task.max_sequence_length]
    if bad or len(set(lengths)) < len(lengths):
        raise checks.invalid(
            "Fixed lengths must be different numbers from 3 to `max_sequence_length`.",
            fix="Pass lengths such as (32, 128).",
            where="to_tflite",
            max_sequence_length=task.max_sequence_length,
            lengths=tuple(lengths),
        )
