"""What is explained of tasks that find spans: an entity, an answer."""

import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.data import ordered_batches, same_length, spans_to_labels
from kerasbert.explain.log_odds import log_odds
from kerasbert.explain.subjects import Subject
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing import question_columns

_HIDDEN = -1e9


def entity_subject(task, x, target):
    """The entities of a `BertTokenClassifier`, one of each row; by default the one with the best score."""
    preprocessor = task.preprocessor
    words = preprocessor.words(x)
    entities = _one_each(_best_entities(task, x) if target is None else target, len(words.texts))
    ids, decided = preprocessor.windows(words)
    firsts, row_ids, decides = words.first.to_list(), ids.to_list(), decided.to_list()
    lines, places, values, targets = [], [], [], []
    for row, entity in enumerate(entities):
        where = f"kerasbert.explain, row {row}"
        begin, end, type_ = _words_of_entity(entity, words.spans[row], where)
        labels = spans_to_labels([(begin, end, type_)], len(words.spans[row]), task.scheme)[begin:end]
        for label in labels:
            checks.one_of(where, task.labels, label=label)
        number = words.splits[row] + begin
        window = next((i for i, line in enumerate(decides) if number in line), None)
        if window is None:
            raise checks.invalid(
                "An entity must begin with a word that has tokens.",
                fix="Choose one that `predict` returns.",
                where=where,
                target=entity,
            )
        start = firsts[row][begin] - decides[window].index(number)  # of the window in its row
        length = len(row_ids[window])
        owner = _owners(firsts[row], start, length)
        lines.append(row_ids[window])
        places.append([None, *((0, *words.spans[row][w]) for w in owner), None])
        found = [
            (1 + firsts[row][word] - start, task.labels.index(label))
            for word, label in zip(range(begin, end), labels, strict=True)
            if firsts[row][word] >= 0 and 0 <= firsts[row][word] - start < length
        ]
        values.append(found)
        text = words.texts[row][words.spans[row][begin][0] : words.spans[row][end - 1][1]]
        targets.append(f"{type_} {text!r}")
    tokens = {name: v.numpy() for name, v in _pack(task, lines).items()}
    most = max(map(len, values), default=1)
    at, labels, weights = (np.zeros((len(values), most), kind) for kind in ("int32", "int32", "float32"))
    reads = np.zeros(tokens["token_ids"].shape, "float32")
    for row, found in enumerate(values):
        for i, (position, label) in enumerate(found):
            at[row, i], labels[row, i], weights[row, i] = position, label, 1 / len(found)
            reads[row, position] = 1 / len(found)

    def number(logits, values, mask):
        chosen = ops.take_along_axis(ops.cast(logits, "float32"), values["at"][..., None], axis=1)
        return ops.sum(log_odds(chosen, values["label"]) * values["weight"], -1)

    return Subject(
        task=task,
        texts=[(text,) for text in words.texts],
        tokens=tokens,
        places=_padded(places, tokens),
        targets=targets,
        measure="log-odds",
        number=number,
        values={"at": at, "label": labels, "weight": weights},
        reads=reads,
        words=words.spans,
    )


def answer_subject(task, x, target):
    """The answers of a `BertQuestionAnswerer`: the mean of the log-odds of their starts and ends."""
    questions, contexts = question_columns(x)
    answers = _one_each(task.predict(x, verbose=0) if target is None else target, len(questions))
    windows = task.preprocessor.for_one_call().windows(questions, contexts)
    offsets, lengths = windows.contexts, windows.contexts.lengths
    home = np.cumsum(lengths) - lengths
    chosen, at, targets = [], [], []
    for row, answer in enumerate(answers):
        where = f"kerasbert.explain, row {row}"
        begin, end = _positions(answer, ("start", "end"), "an answer", where)
        part = offsets.slice(row)
        first = int(np.searchsorted(offsets.ends[part], begin, side="right"))
        last = int(np.searchsorted(offsets.starts[part], end, side="left")) - 1
        if not 0 <= begin < end <= len(contexts[row]) or first > last:
            raise checks.invalid(
                "An answer must be a part of the context, from `start` to `end`, that has a token.",
                fix="Pass `target=(start, end)` in characters for a question without an answer.",
                where=where,
                answer=(begin, end),
            )
        window = int(windows.most_context[home[row] + first])
        inside = last - windows.start[window]
        if inside >= windows.length[window]:
            raise checks.invalid(
                "An answer must end in the window in which its first token has the most context.",
                fix="Choose a shorter one, such as `predict` returns.",
                where=where,
                answer=(begin, end),
            )
        chosen.append(window)
        at.append([windows.place[window] + place for place in (first - windows.start[window], inside)])
        targets.append(repr(contexts[row][begin:end]))
    columns, slices = windows.slices(np.array(chosen, int))
    batches = ordered_batches(columns, slices, max(len(chosen), 1), None)
    tokens = {n: v.numpy() for n, v in (next(iter(batches))[0] if chosen else _pack(task, [])).items()}
    positions = np.array(at, "int32").reshape(-1, 2)
    reads = np.zeros(tokens["token_ids"].shape, "float32")
    np.add.at(reads, (np.arange(len(chosen))[:, None], positions), 0.5)

    def number(logits, values, mask):
        hidden = (1.0 - ops.cast(mask, "float32")) * _HIDDEN
        parts = [ops.cast(logits[name], "float32") + hidden for name in ("start", "end")]
        return sum(log_odds(part, values["at"][:, i]) for i, part in enumerate(parts)) / 2

    places = [windows.places(window) for window in chosen]
    return Subject(
        task=task,
        texts=list(zip(questions, contexts, strict=True)),
        tokens=tokens,
        places=_padded(places, tokens),
        targets=targets,
        measure="log-odds",
        number=number,
        values={"at": positions},
        reads=reads,
    )


def _best_entities(task, x):
    found = task.predict(x, verbose=0)
    for row, entities in enumerate(found):
        if not entities:
            raise checks.invalid(
                "Without a `target`, every text must have an entity that the model finds.",
                fix="Leave the text out, or pass a target `(start, end, type)` for each text.",
                where=f"kerasbert.explain, row {row}",
                entities=[],
            )
    return [max(entities, key=lambda entity: entity.score) for entities in found]


def _words_of_entity(entity, spans, where):
    """The first word of an entity, the word after its last, and its type."""
    if hasattr(entity, "first_word"):
        return entity.first_word, entity.end_word, entity.type
    start, end, type_ = _positions(entity, ("start", "end", "type"), "an entity", where)
    inside = [i for i, (a, b) in enumerate(spans) if a >= start and b <= end]
    if not inside or (spans[inside[0]][0], spans[inside[-1]][1]) != (start, end):
        raise checks.invalid(
            "An entity must begin and end at the borders of words.",
            fix="`task.words_of(texts)` says where these are.",
            where=where,
            entity=tuple(entity),
        )
    return inside[0], inside[-1] + 1, type_


def _positions(target, names, what, where):
    """The parts of a target by name, or in their order; raises TypeError if it is something else."""
    parts = [getattr(target, name, None) for name in names]
    if isinstance(target, (list, tuple)) and len(target) == len(names):
        parts = list(target)
    if not all(isinstance(part, (int, np.integer)) for part in parts[:2]) or None in parts:
        raise checks.invalid(
            f"A target must be {what} of each row: what `predict` returns, or `({', '.join(names)})`, in "
            "characters.",
            fix="Leave the rows out of which nothing is to be explained.",
            where=where,
            kind=TypeError,
            target=target,
        )
    return parts


def _owners(firsts, start, length):
    """The word of each token of a window: the last word that has begun there."""
    words = [i for i, first in enumerate(firsts) if first >= 0]
    begins = [firsts[i] for i in words]
    at = np.searchsorted(begins, np.arange(start, start + length), side="right") - 1
    return [words[max(i, 0)] for i in at]


def _pack(task, lines):
    return task.tokenizer.pack(tf.ragged.constant(lines, tf.int32, ragged_rank=1))


def _padded(places, tokens):
    length = tokens["token_ids"].shape[1]
    return [line + [None] * (length - len(line)) for line in places]


def _one_each(target, count):
    """A target for each row; a single one is for a single row."""
    single = hasattr(target, "start") or isinstance(target, str) or not hasattr(target, "__iter__")
    single = single or (isinstance(target, tuple) and target and not hasattr(target[0], "__iter__"))
    target = [target] if single else list(target)
    same_length("kerasbert.explain", x=range(count), target=target)
    return target
