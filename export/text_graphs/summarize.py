"""How well each sentence of a text stands for it."""

from kerasbert.data import sentence_spans
from kerasbert.export.text_graphs.tokenize import TEXT, as_code_points, in_windows, text_spec
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.summaries import UNSCORED, best_summary
from kerasbert.text import TOKEN_INPUTS


def signatures(task, tokenizer, run):
    """A graph function of the sentences of a text, int32 `(K, N)`, shorter ones with zeros behind them.

    It returns `score`, float32 `(1, K)`: how probably each sentence belongs in the summary, -1 for one
    without tokens; and `truncated`, int32 `(1, K)`, whether it was longer than the model takes.
    """

    def answers(code_points):
        ids, segments, begins, starts, truncated = _windows(task, tokenizer, code_points)

        def tokens(window):
            part = slice(begins[window], begins[window + 1])
            rows = (ids[part], segments[part], tf.ones_like(ids[part]))
            return {name: row[tf.newaxis] for name, row in zip(TOKEN_INPUTS, rows, strict=True)}

        def parts(_, answers):
            return (answers[task.output][0],)

        (scores,) = in_windows(tf.size(begins) - 1, run, tokens, parts, ((),))
        scores = tf.where(starts >= 0, tf.gather(scores, starts + 1), UNSCORED)
        return {"score": scores[tf.newaxis], "truncated": truncated[tf.newaxis]}

    return {f"{task.endpoint}_text": (answers, [text_spec(TEXT, rows=None)])}


def _windows(task, tokenizer, sentences):
    """Packs sentences; see `kerasbert.data.sentence_windows`.

    Returns:
        Five int32 tensors: tokens and segments of all windows in a row; where each window begins, and the
        last has ended; and for each sentence its first token, -1 if it has none, and whether it was cut.
    """
    limit = task.max_sequence_length
    alternate = int(task.encoder.config.num_segments > 1)

    def step(number, room, parity, ids, segments, begins, starts, truncated):
        pieces = tokenizer.tokenize(tf.gather(sentences, number))
        packed = tokenizer.join([pieces], limit)["token_ids"][0]
        size = tf.size(packed) * tf.cast(tf.size(pieces[0]) > 0, tf.int32)
        new = size > room
        room = tf.where(new, limit, room) - size
        parity = tf.where(new, 0, tf.where(size > 0, alternate - parity, parity))
        cut = tf.cast(tokenizer.joined_length([tf.size(pieces[0])]) > limit, tf.int32)
        return (
            number + 1,
            room,
            parity,
            tf.concat([ids, packed[:size]], 0),
            tf.concat([segments, tf.fill([size], parity)], 0),
            tf.concat([begins, tf.fill([tf.cast(new, tf.int32)], tf.size(ids))], 0),
            tf.concat([starts, [tf.where(size > 0, tf.size(ids), -1)]], 0),
            tf.concat([truncated, [cut]], 0),
        )

    none = tf.zeros(0, tf.int32)
    one, many = tf.TensorShape(()), tf.TensorShape((None,))
    _, _, _, ids, *rest = tf.while_loop(
        lambda number, *_: number < tf.shape(sentences)[0],
        step,
        (0, 0, 0, none, none, none, none, none),
        shape_invariants=(one, one, one, many, many, many, many, many),
    )
    segments, begins, starts, truncated = rest
    return ids, segments, tf.concat([begins, [tf.size(ids)]], 0), starts, truncated


def inputs(kind, row):
    """The signature that answers a row, a tuple of a document, and its inputs."""
    ((text, spans),) = sentence_spans(row)
    sentences = [text[slice(*span)] for span in spans] or [""]
    return f"{kind}_text", {TEXT: as_code_points(*sentences)}


def predictions(description, rows, outputs):
    """A list of `Summary`."""
    found = []
    for row, output in zip(rows, outputs, strict=True):
        ((text, spans),) = sentence_spans(row)
        found.append(best_summary(text, spans, output["score"][0, : len(spans)]))
    return found
