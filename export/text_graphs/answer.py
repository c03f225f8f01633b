"""The answer to a question in a context of any length."""

import numpy as np

from kerasbert.export.text_graphs.tokenize import PAIR, TEXT, as_code_points, in_windows, text_spec
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks import Answer
from kerasbert.tasks.spans import MAX_ANSWER_LENGTH

LOWEST = np.finfo("float32").min


def signatures(task, tokenizer, run):
    """A graph function of a question and a context.

    It returns, `(1,)` each, the best answer of up to 30 tokens: `start` and `end`, int32, in code points of
    the context; `score` and `null_score`, float32, as of `Answer`; and `truncated`, int32, whether the
    question was. Where the context has no tokens, `null_score` is the largest number of float32.
    """

    def answers(code_points, pair_code_points):
        return _answers(task, tokenizer, run, code_points, pair_code_points)

    return {f"{task.endpoint}_text": (answers, [text_spec(TEXT), text_spec(PAIR)])}


def _answers(task, tokenizer, run, question, context):
    question, context = tokenizer.tokenize(question), tokenizer.tokenize(context)
    _, starts, ends = context
    special = tokenizer.joined_length([0, 0])
    limit = min(task.preprocessor.max_question_length, (task.max_sequence_length - special) // 2)
    truncated = tf.size(question[0]) > limit
    question = [values[:limit] for values in question]
    # The windows of `kerasbert.data.cut`: all but the last have `room` tokens of the context.
    size, room = tf.size(starts), task.max_sequence_length - special - tf.size(question[0])
    stride = task.preprocessor.window_step
    step = tf.where(stride < room, stride, tf.maximum(room // 2, 1))
    count = 1 + (tf.maximum(size - room, 0) + step - 1) // step  # ONNX divides negative numbers otherwise
    place = tf.size(question[0]) + special - 1  # of the context in a window

    def tokens(window):
        begin = window * step
        return tokenizer.join([question, [values[begin : begin + room] for values in context]])

    def parts(_, answers):
        start, end = answers["start"][0], answers["end"][0]
        return start[place:-1], end[place:-1], start[:1] + end[:1]

    start, end, null = in_windows(count, run, tokens, parts, ((), (), ()))
    null = tf.reduce_min(null[1:])

    # All spans of the context: by their first token, in its home, the best length of each. One token without
    # characters stands behind the context's, so that there is one at least.
    home = tf.concat([_homes(size, room, step, count), [0]], 0)
    token = tf.range(size + 1)
    length = tf.where(token < size, tf.minimum(size - home * step, room), 0)
    first = token - home * step  # in the window
    at = 1 + home * room + first
    starts, ends = (tf.concat([values, [0]], 0) for values in (starts, ends))
    start = tf.gather(start, tf.minimum(at, tf.size(start) - 1))

    def longer(more, best, tokens_more):
        # A token without characters, such as a lone prefix blank, is no answer.
        inside = (first + more < length) & (tf.gather(ends, tf.minimum(token + more, size)) > starts)
        scores = tf.where(inside, start + tf.gather(end, tf.where(inside, at + more, 0)), LOWEST)
        better = scores > best
        return more + 1, tf.where(better, scores, best), tf.where(better, more, tokens_more)

    # Length by length, since all at once are a matrix of 30 numbers for each token.
    none = tf.fill([size + 1], LOWEST), tf.zeros([size + 1], tf.int32)
    _, scores, tokens_more = tf.while_loop(lambda more, *_: more < MAX_ANSWER_LENGTH, longer, (0, *none))

    chosen = tf.argmax(scores, output_type=tf.int32)
    score, more = tf.gather(scores, chosen), tf.gather(tokens_more, chosen)
    found = score > LOWEST
    values = {
        "start": tf.where(found, tf.gather(starts, chosen), 0),
        "end": tf.where(found, tf.gather(ends, tf.minimum(chosen + more, size)), 0),
        "score": tf.where(found, score, null),
        "null_score": tf.where(found, null - score, -LOWEST),
        "truncated": tf.cast(truncated, tf.int32),
    }
    return {name: tf.reshape(value, [1]) for name, value in values.items()}


def _homes(size, room, step, count):
    """The window of each token: see `kerasbert.data.homes`."""
    token = tf.range(size + 1)  # one more, so that there is one at least
    most = (room - 1) // step + 1  # how many windows a token can be in
    first = tf.minimum(token // step, count - 1) - (most - 1)
    window = first[:, None] + tf.range(most)
    place = token[:, None] - window * step
    length = tf.minimum(size - window * step, room)
    score = 100 * tf.minimum(place, length - 1 - place) + length
    score = tf.where((window >= 0) & (place < length), score, -1)
    best = tf.argmax(score, axis=1, output_type=tf.int32)  # the first of equals
    return (first + best)[:-1]


def inputs(kind, row):
    """The signature that answers a row, a question and a context, and its inputs."""
    return f"{kind}_text", dict(zip((TEXT, PAIR), map(as_code_points, row), strict=True))


def predictions(description, rows, outputs):
    """A list of `Answer`."""
    found = []
    for (_, context), row in zip(rows, outputs, strict=True):
        start, end, score, null = (row[name].item() for name in ("start", "end", "score", "null_score"))
        null = np.inf if null == -LOWEST else null
        found.append(Answer(context[start:end], start, end, score, null))
    return found
