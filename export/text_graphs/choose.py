"""Which of K texts goes with another."""

import numpy as np

from kerasbert.export.text_graphs.tokenize import PAIR, TEXT, as_code_points, in_windows, packed, text_spec
from kerasbert.optional import tensorflow as tf


def signatures(task, tokenizer, run):
    """A graph function of a text `(1, N)` and of K others `(K, M)`: `probabilities` `(1, K)`."""

    def answers(code_points, pair_code_points):
        def tokens(number):
            return packed(task, tokenizer, code_points, tf.gather(pair_code_points, number))

        def parts(tokens, answers):
            return answers[task.output][:, 0], tf.cast(tokens["truncated"], tf.float32)

        scores, truncated = in_windows(tf.shape(pair_code_points)[0], run, tokens, parts, ((), ()))
        return {
            "probabilities": tf.nn.softmax(scores[tf.newaxis, 1:]),
            "truncated": tf.cast(tf.reshape(tf.reduce_max(truncated), [1]), tf.int32),
        }

    return {f"{task.endpoint}_text": (answers, [text_spec(TEXT), text_spec(PAIR, rows=None)])}


def inputs(kind, row):
    """The signature that answers a row, a text and a list of choices, and its inputs."""
    text, choices = row
    return f"{kind}_text", {TEXT: as_code_points(text), PAIR: as_code_points(*choices)}


def predictions(description, rows, outputs):
    """Probabilities `(rows, K)`; `(0, 0)` without rows, as `BertMultipleChoice.predict`."""
    return np.concatenate([row["probabilities"] for row in outputs] or [np.zeros((0, 0), "float32")])
