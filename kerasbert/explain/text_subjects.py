"""What is explained of tasks whose rows are texts or pairs: a class, a similarity, a masked token."""

import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.data import raw_columns, same_length, single_texts, texts_in_memory
from kerasbert.explain.log_odds import log_odds, log_odds_of
from kerasbert.explain.subjects import Subject


def class_subject(task, x, target):
    """A class, a label or a number of a `BertTextClassifier`; by default the most probable one."""
    texts, tokens, places = _rows(task, x)
    kind = task.target.kind
    if target is None and kind == "numbers" and len(task.labels) > 1:
        raise checks.invalid(
            "A regression of several numbers needs a `target`.",
            fix="Name the number to explain.",
            where="kerasbert.explain",
            labels=task.labels,
        )
    if target is None:
        answers = np.asarray(task.predict(tokens, verbose=0)) if texts else []
        target = [task.labels[int(np.argmax(row))] for row in answers]
    names = _one_each(target, len(texts))
    for row, name in enumerate(names):
        checks.one_of(f"kerasbert.explain, row {row}", task.labels, target=name)

    def number(logits, values, mask):
        logits = ops.cast(logits, "float32")
        if kind == "numbers":
            return _picked(task.answers(logits)[task.output], values["label"])
        if task.problem == "single_label":
            return log_odds(logits, values["label"])
        if task.problem == "multi_label":
            return _picked(logits, values["label"])
        return log_odds_of(_picked(task.answers(logits)[task.output], values["label"]))

    return Subject(
        task=task,
        texts=texts,
        tokens=tokens,
        places=places,
        targets=list(names),
        measure="number" if kind == "numbers" else "log-odds",
        number=number,
        values={"label": np.array([task.labels.index(name) for name in names], "int32")},
        reads=_at(tokens, np.zeros(len(texts), int)),
    )


def similarity_subject(task, x, target):
    """The cosine similarity of pairs of texts: rows 0 to R - 1 are the first texts, the others the second.

    Each text is explained while the vector of the other stays as it is.
    """
    if target is not None or len(raw_columns(x)) < 2:
        raise checks.invalid(
            "For a `BertTextEmbedder`, the similarity of two texts is explained.",
            fix="Pass `(texts, others)`, and no target.",
            where="kerasbert.explain",
            x=type(x).__name__,
            target=target,
        )
    columns = texts_in_memory(x)
    texts, tokens, places = _rows(task, [*columns[0], *columns[1]])
    vectors = task.predict([*columns[1], *columns[0]], verbose=0)

    def number(logits, values, mask):
        a, b = ops.cast(logits, "float32"), values["other"]
        lengths = ops.sqrt(ops.sum(a * a, -1)) * ops.sqrt(ops.sum(b * b, -1))
        return ops.sum(a * b, -1) / ops.maximum(lengths, 1e-9)

    mask = tokens["padding_mask"].astype("float32")
    reads = _at(tokens, np.zeros(len(texts), int))
    if task.pooling != "cls":
        reads = mask / np.maximum(mask.sum(1, keepdims=True), 1)
    return Subject(
        task=task,
        texts=texts,
        tokens=tokens,
        places=places,
        targets=["similarity"] * len(texts),
        measure="cosine similarity",
        number=number,
        values={"other": np.asarray(vectors, "float32")},
        reads=reads,
    )


def mask_subject(task, x, target):
    """The token at the only `[MASK]` of each text; by default the most probable one."""
    texts = single_texts(x, "kerasbert.explain")
    tokenizer = task.mask_tokenizer("kerasbert.explain")
    if target is None:
        target = [row[0][0][0] for row in task.fill_masks(texts, top_k=1)] if texts else []
    tokens, places = _packed(tokenizer, [texts], task.max_sequence_length)
    found = [np.flatnonzero(ids == tokenizer.mask_id) for ids in tokens["token_ids"]]
    for row, masks in enumerate(found):
        if len(masks) != 1:
            raise checks.invalid(
                "A text must have exactly one mask, whose token is explained.",
                fix="Fill the other masks in.",
                where=f"kerasbert.explain, row {row}",
                text=texts[row],
                masks=len(masks),
            )
        places[row][masks[0]] = None  # it stays in a baseline
    names = _one_each(target, len(texts))
    known = set(tokenizer.vocabulary)
    for row, name in enumerate(names):
        if name not in known:
            raise checks.invalid(
                "The target must be a token of the vocabulary.",
                fix="Choose one that `fill_masks` returns.",
                where=f"kerasbert.explain, row {row}",
                target=name,
            )

    def number(logits, values, mask):
        return log_odds(ops.cast(logits, "float32")[:, 0], values["token"])

    at = np.array([masks[0] for masks in found], "int32")
    return Subject(
        task=task,
        texts=[(text,) for text in texts],
        tokens=tokens,
        places=places,
        targets=list(names),
        measure="log-odds",
        number=number,
        values={"token": np.array([tokenizer.vocabulary.id_of(n) for n in names], "int32"), "mask": at},
        reads=_at(tokens, at),
        position="mask",
    )


def _rows(task, x):
    """The texts of rows, their tokens as the task's preprocessor makes them, and the places of these."""
    columns = texts_in_memory(x)
    if not columns[0]:
        return [], _packed(task.tokenizer, [[]], task.max_sequence_length)[0], []
    packed, places = _packed(task.tokenizer, columns, task.max_sequence_length)
    tokens = {name: value.numpy() for name, value in task.preprocessor(x).items()}
    if not np.array_equal(packed["token_ids"], tokens["token_ids"]):
        raise checks.invalid(
            "Explanations need inputs as `tokenizer.pack` makes them.",
            fix="A preprocessor that changes the texts has no characters to point at.",
            where="kerasbert.explain",
            preprocessor=type(task.preprocessor).__name__,
        )
    return list(zip(*columns, strict=True)), tokens, places


def _packed(tokenizer, columns, max_length):
    """Tokens of texts or pairs as arrays, and their places in the texts."""
    found = [tokenizer.tokenize_with_offsets(column) for column in columns]
    packed = tokenizer.pack(*(ids for ids, _, _ in found), max_length=max_length)
    packed = {name: value.numpy() for name, value in packed.items()}
    offsets = [
        [
            [(part, start, end) for start, end in zip(*row, strict=True)]
            for row in zip(starts.to_list(), ends.to_list(), strict=True)
        ]
        for part, (_, starts, ends) in enumerate(found)
    ]
    places = []
    for row, mask in enumerate(packed["padding_mask"]):
        own = [part[row] for part in offsets]
        room = int(mask.sum()) - 2 - (tokenizer.num_separators if len(own) == 2 else 0)
        if len(own) == 2:  # the longer text has lost tokens
            second = min(len(own[1]), room - min(len(own[0]), max((room + 1) // 2, room - len(own[1]))))
            middle = [None] * tokenizer.num_separators
            line = [None, *own[0][: room - second], *middle, *own[1][:second], None]
        else:
            line = [None, *own[0][:room], None]
        places.append(line + [None] * (len(mask) - len(line)))
    return packed, places


def _one_each(target, count):
    """A target for each row: the same for all, or one of a list."""
    if isinstance(target, str):
        return [target] * count
    if not hasattr(target, "__iter__"):
        raise checks.invalid(
            "`target` must be a name, or a list with one for each row.",
            fix='Pass a str, such as "positive"; of a class number, `task.labels[number]`.',
            where="kerasbert.explain",
            kind=TypeError,
            target=target,
        )
    target = [str(name) if isinstance(name, str) else name for name in target]
    same_length("kerasbert.explain", x=range(count), target=target)
    return target


def _at(tokens, positions):
    reads = np.zeros(tokens["token_ids"].shape, "float32")
    reads[np.arange(len(reads)), positions] = 1
    return reads


def _picked(values, labels):
    """`values[row, labels[row]]` of a tensor `(B, C)`."""
    return ops.take_along_axis(values, labels[:, None], axis=1)[:, 0]
