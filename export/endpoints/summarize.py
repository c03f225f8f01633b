"""The endpoint of summarizers: how probably each sentence of a text belongs in its summary."""

from kerasbert.data import sentence_spans
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.summaries import UNSCORED, best_summary


def signatures(task):
    """Returns a graph function of documents `(B, N)`: one string per sentence, padded with `""`.

    It returns `score`, float32 `(B, N)`: the probability that a sentence belongs in the summary, -1 for one
    without tokens; and `truncated`, bool `(B, N)`, whether the sentence was too long for the model.
    """
    specs = {"sentences": tf.TensorSpec((None, None), tf.string, "sentences")}
    return {task.endpoint: (lambda sentences: _answers(task, sentences), specs)}


def _answers(task, sentences):
    shape, limit = tf.shape(sentences), task.max_sequence_length
    ids = task.tokenizer.tokenize(tf.reshape(sentences, [-1]))
    truncated = tf.reshape(ids.row_lengths() + 2 > limit, shape)
    number = tf.where(ids.row_lengths() > 0)[:, 0]
    row = number // tf.cast(shape[1], tf.int64)
    ids = tf.gather(ids, number)[:, : limit - 2]
    row, ids = (
        tf.concat([row, [-1]], 0),
        tf.concat([ids, tf.ragged.constant([[]], tf.int32)], 0),
    )  # so that there is always a sentence
    window = _windows(tf.cast(ids.row_lengths(), tf.int32) + 2, row, limit)

    tokens = tf.concat(
        [tf.fill([ids.nrows(), 1], x) for x in (task.tokenizer.cls_id, task.tokenizer.sep_id)], 1
    )
    ids = tf.concat([tokens[:, :1], ids, tokens[:, 1:]], 1)
    lengths = ids.row_lengths()
    count = window[-1] + 1
    starts = tf.math.unsorted_segment_min(tf.range(tf.size(window)), window, count)
    parity = (tf.range(tf.size(window)) - tf.gather(starts, window)) % 2
    parity *= task.encoder.config.num_segments > 1
    window_lengths = tf.math.unsorted_segment_sum(lengths, window, count)

    def packed(values, padding):
        return tf.RaggedTensor.from_row_lengths(values, window_lengths, validate=False).to_tensor(padding)

    scores = task.answer_tokens(
        {
            "token_ids": packed(ids.flat_values, task.tokenizer.pad_id),
            "segment_ids": packed(tf.repeat(parity, lengths), 0),
            "padding_mask": packed(tf.ones_like(ids.flat_values), 0),
        }
    )[task.output]
    before = tf.cumsum(lengths, exclusive=True)
    place = before - tf.gather(before, tf.gather(starts, window))
    scores = tf.gather_nd(scores, tf.stack([tf.cast(window, tf.int64), place], 1))[:-1]
    flat = tf.tensor_scatter_nd_update(tf.fill([tf.size(sentences)], UNSCORED), number[:, None], scores)
    return {"score": tf.reshape(flat, shape), "truncated": truncated}


def _windows(lengths, rows, limit):
    """Assigns each sentence to a window; a window has as many sentences of one row as fit."""

    def step(state, sentence):
        window, room, row = state
        length, this = sentence
        fits = (length <= room) & (this == row)
        return tf.where(fits, window, window + 1), tf.where(fits, room, limit) - length, this

    return tf.scan(step, (lengths, rows), (tf.constant(-1), tf.constant(0), tf.constant(-2, tf.int64)))[0]


def columns(x):
    """Returns the inputs by name."""
    rows = [[text[slice(*span)] for span in spans] for text, spans in sentence_spans(x)]
    longest = max(map(len, rows), default=0)
    return {"sentences": [[*row, *[""] * (longest - len(row))] for row in rows]}


def predictions(task, outputs, x):
    """Returns a list of `Summary`."""
    rows = zip(sentence_spans(x), outputs["score"], strict=True)
    return [best_summary(text, spans, scores[: len(spans)]) for (text, spans), scores in rows]
