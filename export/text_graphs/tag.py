"""Entities in a text of any length."""

import numpy as np

from kerasbert.data import OUTSIDE, entities, type_of
from kerasbert.export.text_graphs.tokenize import TEXT, as_code_points, in_windows, places, text_spec
from kerasbert.export.text_graphs.words import WordGraph
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks import Entity

OUTPUTS = ("start", "end", "type", "score", "first_word", "end_word")


def signatures(task, tokenizer, run):
    """A graph function of a text.

    It returns, `(1, E)` each, the entities in their order: `start` and `end`, int32, in code points of the
    text; `type`, int32, a line of `labels.txt`; `score`, float32; and `first_word` and `end_word`, int32.
    """
    graph, types = WordGraph(), entity_types(task)
    types = [types.index(kind) if (kind := type_of(name, task.scheme)) else -1 for name in task.labels]

    def answers(code_points):
        ids, token_starts, token_ends = tokenizer.tokenize(code_points)
        starts, ends, first = graph.words(code_points, token_starts, token_ends)
        label, score = _decide(task, tokenizer, run, (ids, token_starts, token_ends), first)
        first, last, score = _entities(task, label, score)
        found = {
            "start": tf.gather(starts, first),
            "end": tf.gather(ends, last),
            "type": tf.gather(tf.constant(types), tf.gather(label, first)),
            "score": score,
            "first_word": first,
            "end_word": last + 1,
        }
        return {name: values[tf.newaxis] for name, values in found.items()}

    return {f"{task.endpoint}_text": (answers, [text_spec(TEXT)])}


def entity_types(task):
    """The types of entities, in the order of the labels that name them first."""
    types = (type_of(name, task.scheme) for name in task.labels)
    return list(dict.fromkeys(kind for kind in types if kind))


def _decide(task, tokenizer, run, pieces, first):
    """The label of each word, C for one without tokens, and its probability; see `word_windows`."""
    size, room, stride = tf.size(pieces[0]), task.max_sequence_length - 2, task.preprocessor.window_step
    beyond, length = tf.maximum(size - room, 0), tf.minimum(size, room)
    last = (beyond + stride - 1) // stride  # of the last window; ONNX divides negative numbers otherwise

    def tokens(window):
        begin = tf.minimum(window * stride, beyond)
        return tokenizer.join([[values[begin : begin + length] for values in pieces]])

    def parts(_, answers):
        return (answers[task.output][0, 1:-1],)

    (found,) = in_windows(last + 1, run, tokens, parts, ((len(task.labels),),))
    token = tf.maximum(first, 0)
    passed = (tf.maximum(2 * token - (room - 1) - stride, 0) + 2 * stride - 1) // (2 * stride)
    passed = tf.minimum(passed, tf.maximum(last - 1, 0))
    reached = (last > 0) & (2 * token > (last - 1) * stride + beyond + room - 1)
    window = tf.where(reached, last, passed)
    place = 1 + window * length + token - tf.minimum(window * stride, beyond)
    found = tf.gather(found, tf.where(first >= 0, place, 0))
    label = tf.where(first >= 0, tf.argmax(found, -1, tf.int32), len(task.labels))
    return label, tf.where(first >= 0, tf.reduce_max(found, -1), 1.0)


def _entities(task, label, score):
    """The first and the last word of each entity, and its score; the last word is outside."""
    names = [*task.labels, OUTSIDE]
    # Whether an entity begins, or has ended, between two words, depends on their labels alone.
    pairs = [[entities([a, b], task.scheme) for b in names] for a in names]
    begins = np.array([any(begin == 1 for begin, _, _ in pair) for line in pairs for pair in line], "int32")
    ends = np.array([any(end == 1 for _, end, _ in pair) for line in pairs for pair in line], "int32")
    outside = [len(task.labels)]
    before, after = tf.concat([outside, label[:-1]], 0), tf.concat([label[1:], outside], 0)
    begins = tf.gather(begins, before * len(names) + label)
    first = places(begins > 0)
    last = places(tf.gather(ends, label * len(names) + after) > 0)
    count, number = tf.size(first), tf.cumsum(begins) - 1
    inside = tf.range(tf.size(label)) <= tf.gather(tf.concat([[-1], last], 0), number + 1)
    number = tf.where(inside, number, count)  # words outside are summed too, behind the entities

    def summed(values):
        return tf.math.unsorted_segment_sum(values, number, count + 1)[:-1]

    return first, last, summed(score) / summed(tf.ones_like(score))


def inputs(kind, row):
    """The signature that answers a row, a tuple of a text, and its inputs."""
    return f"{kind}_text", {TEXT: as_code_points(*row)}


def predictions(description, rows, outputs):
    """Lists of `Entity`."""
    types, found = description["types"], []
    for (text,), row in zip(rows, outputs, strict=True):
        values = (row[name][0].tolist() for name in OUTPUTS)
        found.append(
            [
                Entity(text[start:end], types[kind], score, start, end, *words)
                for start, end, kind, score, *words in zip(*values, strict=True)
            ]
        )
    return found
