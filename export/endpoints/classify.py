"""One row of numbers for a text or a pair of texts."""

from kerasbert.data import is_pair
from kerasbert.optional import tensorflow as tf
from kerasbert.text import as_text_tensor


def signatures(task):
    """Graph functions of texts and of pairs of texts: the task's answers, and which were too long."""
    texts = {"text": tf.TensorSpec((None,), tf.string, "text")}
    pairs = texts | {"text_pair": tf.TensorSpec((None,), tf.string, "text_pair")}
    return {
        task.endpoint: (lambda text: _answers(task, text), texts),
        f"{task.endpoint}_pair": (lambda text, text_pair: _answers(task, text, text_pair), pairs),
    }


def _answers(task, text, text_pair=None):
    tokenizer, limit = task.tokenizer, task.max_sequence_length
    first = tokenizer.tokenize(text)
    second = None if text_pair is None else tokenizer.tokenize(text_pair)
    answers = named(task, tokenizer.pack(first, second, max_length=limit))
    return answers | {"truncated": tokenizer.packed_lengths(first, second) > limit}


def named(task, tokens):
    """The task's answers to tokens, and the name of the best class if it chooses one of several."""
    answers = task.answer_tokens(tokens)
    if getattr(task, "problem", None) == "single_label":
        best = tf.argmax(answers[task.output], axis=-1)
        answers["label"] = tf.gather(as_text_tensor(list(task.labels), "labels"), best)
    return answers


def columns(x):
    """Inputs by name: texts, or pairs of them."""
    if isinstance(x, dict):
        return x
    return dict(zip(("text", "text_pair"), x if is_pair(x) else (x,), strict=False))


def predictions(task, outputs, x):
    """Numbers `(rows, C)`."""
    return outputs[task.output]
