"""The endpoint of multiple choice: which of K texts goes with another."""

from kerasbert.optional import tensorflow as tf


def signatures(task):
    """Returns a graph function of texts `(B,)` and choices `(B, K)` that returns `probabilities` `(B, K)`."""
    specs = {
        "text": tf.TensorSpec((None,), tf.string, "text"),
        "choices": tf.TensorSpec((None, None), tf.string, "choices"),
    }
    return {task.endpoint: (lambda text, choices: _answers(task, text, choices), specs)}


def _answers(task, text, choices):
    tokenizer, limit, shape = task.tokenizer, task.max_sequence_length, tf.shape(choices)
    first = tokenizer.tokenize(tf.repeat(text, shape[1]))
    second = tokenizer.tokenize(tf.reshape(choices, [-1]))
    score = task.answer_tokens(tokenizer.pack(first, second, max_length=limit))[task.output]
    too_long = tf.reshape(tokenizer.packed_lengths(first, second) > limit, shape)
    return {
        "probabilities": tf.nn.softmax(tf.reshape(score, shape)),
        "truncated": tf.reduce_any(too_long, axis=1),
    }


def columns(x):
    """Returns the inputs by name."""
    text, choices = (x["text"], x["choices"]) if isinstance(x, dict) else x
    return {"text": list(text), "choices": [list(row) for row in choices]}


def predictions(task, outputs, x):
    """Returns probabilities `(rows, K)`."""
    return outputs["probabilities"]
