"""The endpoint of classifiers and embedders: one row of numbers for a text or a pair of texts."""

from kerasbert.data import is_pair
from kerasbert.optional import tensorflow as tf
from kerasbert.text import as_text_tensor


def signatures(task):
    """Returns graph functions of texts and of pairs: the task's answers, and which texts were too long."""
    texts = {"text": tf.TensorSpec((None,), tf.string, "text")}
    pairs = texts | {"text_pair": tf.TensorSpec((None,), tf.string, "text_pair")}
    numbers = {name: task.input_specs(None, None)[name] for name in task.extra_inputs}
    return {
        task.endpoint: (lambda text, *extra: _answers(task, text, None, extra), texts | numbers),
        f"{task.endpoint}_pair": (
            lambda text, text_pair, *extra: _answers(task, text, text_pair, extra),
            pairs | numbers,
        ),
    }


def _answers(task, text, text_pair, extra):
    tokenizer, limit = task.tokenizer, task.max_sequence_length
    first = tokenizer.tokenize(text)
    second = None if text_pair is None else tokenizer.tokenize(text_pair)
    tokens = tokenizer.pack(first, second, max_length=limit)
    answers = named(task, tokens | dict(zip(task.extra_inputs, extra, strict=True)))
    return answers | {"truncated": tokenizer.packed_lengths(first, second) > limit}


def named(task, tokens):
    """Returns the task's answers to tokens.

    If each row has one class, `label` is the name of the best; if rows have several labels, `has_label`, bool
    `(B, C)`, says which are above their thresholds.
    """
    answers = task.answer_tokens(tokens)
    if getattr(task, "problem", None) == "single_label":
        best = tf.argmax(answers[task.output], axis=-1)
        answers["label"] = tf.gather(as_text_tensor(list(task.labels), "labels"), best)
    if getattr(task, "problem", None) == "multi_label":
        answers["has_label"] = answers[task.output] > tf.constant(task.limits, tf.float32)
    return answers


def columns(x):
    """Returns the inputs by name: texts or pairs of texts."""
    if isinstance(x, dict):
        return x
    return dict(zip(("text", "text_pair"), x if is_pair(x) else (x,), strict=False))


def predictions(task, outputs, x):
    """Returns numbers `(rows, C)`."""
    return outputs[task.output]
