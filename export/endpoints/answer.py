"""The endpoint of question answerers."""

from kerasbert.data import context_windows, windows_with_most_context
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks import Answer
from kerasbert.tasks.spans import MAX_ANSWER_LENGTH
from kerasbert.text import valid_utf8


def signatures(task):
    """Returns a graph function of questions `(B,)` and contexts `(B,)` of any length.

    It returns the best answer for each row, of up to 30 tokens: `text`, string; `start` and `end`, int32, in
    characters of the context; `score` and `null_score`, float32, as in `Answer`; and `truncated`, bool,
    whether the question was truncated.
    """
    specs = {name: tf.TensorSpec((None,), tf.string, name) for name in ("question", "context")}
    return {task.endpoint: (lambda question, context: _answers(task, question, context), specs)}


def _answers(task, question, context):
    context = valid_utf8(context)
    questions = task.tokenizer.tokenize(question)
    contexts, starts, ends = task.tokenizer.tokenize_with_offsets(context)
    nothing = tf.zeros(0, tf.int32)
    special = tf.cast(task.tokenizer.packed_lengths(nothing, nothing), tf.int64)
    room = task.max_sequence_length - special
    limit = tf.minimum(tf.cast(task.preprocessor.max_question_length, tf.int64), room // 2)
    truncated = questions.row_lengths() > limit
    questions = questions[:, :limit]
    lengths = contexts.row_lengths()
    row, start, length = context_windows(
        lengths, room - questions.row_lengths(), task.preprocessor.window_step
    )

    first = tf.gather(contexts.row_starts(), row) + start
    windows = tf.gather(contexts.flat_values, tf.ragged.range(first, first + length))
    logits = task.answer_tokens(task.tokenizer.pack(tf.gather(questions, row), windows))
    place = tf.gather(questions.row_lengths(), row) + special - 1  # the start of the context in a window

    # All spans of all contexts, by their first token, in the window where it has the most context, and by
    # their length - 1.
    home = windows_with_most_context(row, start, length, lengths)
    token = tf.range(tf.size(home, tf.int64))
    at = tf.gather(place - first, home) + token
    more = tf.range(tf.cast(MAX_ANSWER_LENGTH, tf.int64))
    spans = at[:, None] + more
    inside = spans < tf.gather(place + length, home)[:, None]
    end = tf.gather(logits["end"], home)
    end = tf.gather(end, tf.where(inside, spans, 0), batch_dims=1)
    scores = tf.gather_nd(logits["start"], tf.stack([home, at], 1))[:, None] + end
    last = tf.minimum(token[:, None] + more, tf.size(home, tf.int64) - 1)
    # A token without characters, such as a lone prefix blank, is not an answer.
    inside &= tf.gather(ends.flat_values, last) > starts.flat_values[:, None]
    scores = tf.where(inside, scores, -float("inf"))

    rows = tf.size(context, tf.int64)
    of = starts.value_rowids()
    best = tf.reduce_max(scores, axis=1)
    score = tf.math.unsorted_segment_max(best, of, rows)
    chosen = tf.where(best == tf.gather(score, of), token, tf.int64.max)
    chosen = tf.math.unsorted_segment_min(chosen, of, rows)
    null = tf.math.unsorted_segment_min(logits["start"][:, 0] + logits["end"][:, 0], row, rows)
    found = score > -1e38
    chosen = tf.where(found, chosen, 0)
    more = tf.gather(tf.concat([tf.argmax(scores, 1), [0]], 0), chosen)
    begins = tf.where(found, tf.gather(tf.concat([starts.flat_values, [0]], 0), chosen), 0)
    stops = tf.where(found, tf.gather(tf.concat([ends.flat_values, [0]], 0), chosen + more), 0)
    return {
        "text": tf.strings.substr(context, begins, stops - begins, unit="UTF8_CHAR"),
        "start": begins,
        "end": stops,
        "score": tf.where(found, score, null),
        "null_score": tf.where(found, null - score, float("inf")),
        "truncated": truncated,
    }


def columns(x):
    """Returns the inputs by name."""
    questions, contexts = (x["text"], x["text_pair"]) if isinstance(x, dict) else x
    return {"question": list(questions), "context": list(contexts)}


def predictions(task, outputs, x):
    """Returns a list of `Answer`, with texts from the contexts, because the graph's strings are UTF-8."""
    names = ("start", "end", "score", "null_score")
    rows = zip(columns(x)["context"], *(outputs[name].tolist() for name in names), strict=True)
    return [Answer(context[start:end], start, end, *scores) for context, start, end, *scores in rows]
