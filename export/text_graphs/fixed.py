"""Signatures of fixed shapes, for runtimes that cannot resize.

From texts to answers, lengths stay those of the text inside: only what goes in and comes out has a fixed
shape. So a short text takes no longer than by the signatures of any length.

Delegates for GPUs and NPUs need fixed shapes inside, too. For them the tokenizer and the model have
signatures of their own, of tokens with padding.
"""

import re

from kerasbert import checks
from kerasbert.export.recipes import RECIPES
from kerasbert.export.text_graphs.tokenize import TOKENIZERS, packed, text_spec
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


def token_lengths(task, lengths):
    """Those of the lengths for which the model has a signature of its own: its positions end there."""
    return [length for length in lengths if length <= task.max_sequence_length]


def fixed_tokenizers(task, tokenizer, lengths):
    """A tokenizer for each of `token_lengths`, such as `tokenize_32`: it returns `(1, 32)`, with padding.

    Args:
        task: a kerasbert task.
        tokenizer: `IntegerTokenizer`.
        lengths: sequence of int, how many tokens.

    Returns:
        dict, name -> (graph function, its input signature).
    """

    def of_length(length):
        def tokenize(*texts):
            tokens = packed(task, tokenizer, *texts, max_length=length)
            truncated = tokens.pop("truncated")
            fill = dict.fromkeys(tokens, 0) | {"token_ids": task.tokenizer.pad_id}
            return {name: _filled(row, length, fill[name]) for name, row in tokens.items()} | {
                "truncated": truncated
            }

        return tokenize

    return {
        f"{name}_{length}": (of_length(length), [text_spec(text, size=CHARACTERS * length) for text in texts])
        for name, texts in TOKENIZERS.items()
        for length in token_lengths(task, lengths)
    }


def _of_length(answers, specs, size):
    """A signature of texts of `size` code points, and of as many entities."""

    def fixed(*texts):
        return {name: _filled(value, size) for name, value in answers(*texts).items()}

    return fixed, [tf.TensorSpec((1, size), spec.dtype, spec.name) for spec in specs]


def _filled(value, size, fill=0):
    """A row `(1, E)` of any length with `fill` behind it; other tensors as they are."""
    if value.shape.is_fully_defined():
        return value
    row = tf.concat([tf.reshape(value, [-1]), tf.fill([size], tf.cast(fill, value.dtype))], 0)
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
