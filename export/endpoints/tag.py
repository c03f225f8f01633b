"""The endpoint of token classifiers: the entities in texts."""

import numpy as np

from kerasbert.data import OUTSIDE, entities, type_of, word_windows, words_of_texts
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks import Entity
from kerasbert.text import as_text_tensor, valid_utf8


def signatures(task):
    """Returns a graph function of texts `(B,)` of any length.

    It returns the entities of each text in their order, `(B, E)` each: `text` and `type`, strings; `score`,
    float32; `start` and `end`, int32, in characters; and `first_word` and `end_word`, int32. They are padded
    with `""`, 0 and -1 if a text has fewer than E entities.
    """
    specs = {"text": tf.TensorSpec((None,), tf.string, "text")}
    return {task.endpoint: (lambda text: _answers(task, text), specs)}


def _answers(task, text):
    text = valid_utf8(text)
    ids, starts, ends, first = words_of_texts(text, task.tokenizer)
    label, score = _decide(task, ids, first)
    row = starts.value_rowids()
    first, last, inside, entity = _entities(task, label, row)
    row, of_row = tf.gather(row, first), tf.gather(starts.row_starts(), tf.gather(row, first))
    start, end = tf.gather(starts.flat_values, first), tf.gather(ends.flat_values, last)
    score = tf.math.unsorted_segment_mean(tf.gather(score, inside), entity, tf.size(first))
    label = tf.gather(label, first)
    found = {
        "text": (tf.strings.substr(tf.gather(text, row), start, end - start, unit="UTF8_CHAR"), ""),
        "type": (tf.gather(as_text_tensor(_types(task), "labels"), label), ""),
        "score": (score, 0.0),
        "start": (start, -1),
        "end": (end, -1),
        "first_word": (tf.cast(first - of_row, tf.int32), -1),
        "end_word": (tf.cast(last + 1 - of_row, tf.int32), -1),
    }
    rows = tf.size(text, tf.int64)
    return {
        name: tf.RaggedTensor.from_value_rowids(values, row, rows, validate=False).to_tensor(nothing)
        for name, (values, nothing) in found.items()
    }


def _decide(task, ids, first):
    """The label of each word, C for a word without tokens, and its probability, both `(words,)`."""
    windows, decided = word_windows(ids, first, task.max_sequence_length - 2, task.preprocessor.window_step)
    # The model cannot run on a batch without rows.
    none = tf.RaggedTensor.from_row_lengths(tf.zeros(0, tf.int32), tf.zeros(1, tf.int64))
    none = none[: tf.maximum(1 - windows.nrows(tf.int32), 0)]
    windows, decided = tf.concat([windows, none], 0), tf.concat([decided, none], 0)
    probabilities = task.answer_tokens(task.tokenizer.pack(windows))[task.output]
    decided = tf.pad(decided.to_tensor(-1), [[0, 0], [1, 1]], constant_values=-1)
    places = tf.where(decided >= 0)
    word, probabilities = tf.gather_nd(decided, places)[:, None], tf.gather_nd(probabilities, places)
    count = tf.size(first.flat_values)
    label, score = tf.fill([count], len(task.labels)), tf.ones([count])
    label = tf.tensor_scatter_nd_update(label, word, tf.argmax(probabilities, -1, tf.int32))
    return label, tf.tensor_scatter_nd_update(score, word, tf.reduce_max(probabilities, -1))


def _entities(task, label, row):
    """The first and the last word of each entity; and all words in entities, with the entity of each."""
    names = [*task.labels, OUTSIDE]
    # Whether an entity begins or ends between two words only depends on their labels.
    pairs = [[entities([a, b], task.scheme) for b in names] for a in names]
    begins = np.array([[any(begin == 1 for begin, _, _ in pair) for pair in line] for line in pairs])
    ends = np.array([[any(end == 1 for _, end, _ in pair) for pair in line] for line in pairs])
    outside, same = [len(task.labels)], row[1:] == row[:-1]
    before = tf.concat([outside, tf.where(same, label[:-1], outside)], 0)[: tf.size(label)]
    after = tf.concat([tf.where(same, label[1:], outside), outside], 0)[: tf.size(label)]
    begins = tf.gather_nd(begins, tf.stack([before, label], 1))
    first = tf.reshape(tf.where(begins), [-1])
    last = tf.reshape(tf.where(tf.gather_nd(ends, tf.stack([label, after], 1))), [-1])
    entity = tf.cumsum(tf.cast(begins, tf.int32)) - 1
    inside = tf.range(tf.size(label, tf.int64)) <= tf.gather(tf.concat([[-1], last], 0), entity + 1)
    inside = tf.reshape(tf.where(inside), [-1])
    return first, last, inside, tf.gather(entity, inside)


def columns(x):
    """Returns the inputs by name."""
    return {"text": list(x)}


def predictions(task, outputs, x):
    """Returns a list of `Entity` for each text."""
    names = ("type", "score", "start", "end", "first_word", "end_word")
    # The graph's strings are UTF-8, without lone surrogates: texts and types are taken from the originals.
    types = dict(zip(as_text_tensor(_types(task), "labels").numpy(), _types(task), strict=True))
    rows = zip(x, *(outputs[name].tolist() for name in names), strict=True)
    return [
        [
            Entity(text[start:end], types[kind], score, start, end, *words)
            for kind, score, start, end, *words in zip(*fields, strict=True)
            if start >= 0
        ]
        for text, *fields in rows
    ]


def _types(task):
    """The type of each label, "" for the label outside entities."""
    return [type_of(name, task.scheme) or "" for name in task.labels]
