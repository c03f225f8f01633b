"""Sentences of a few words, their labels, and a small task that learns them."""

import itertools

import keras
import numpy as np

import kerasbert
from kerasbert.data import scheme_labels

PEOPLE, OTHERS = ["anna", "ben"], ["in", "is", "and", "the", "."]
TOKENS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "bonn",
    "rom",
    "##e",
    *PEOPLE,
    *OTHERS,
    "new",
    "##s",
    "##a",
]
TOKENS += ["東", "sao", "york"]  # "Rome" has two pieces
LABELS = scheme_labels(["LOC", "PER"])
SENTENCES = [
    ["Anna", "is", "in", "Bonn", "."],
    ["the", "New", "York"],
    ["Ben", "and", "Anna", "is", "in", "Rome", "and", "New", "York", "."],
    ["is", "Bonn", "the", "Rome"],
    ["."],
    ["in", "São", "and", "東", "is", "Ben"],
    ["Rome", "Anna", "the", "Ben", "in", "New", "York", "and", "São"],
]


def label(words):
    kinds = dict.fromkeys(["bonn", "rome", "são", "東", "new"], "B-LOC") | dict.fromkeys(PEOPLE, "B-PER")
    return [kinds.get(word.lower(), "I-LOC" if word == "York" else "O") for word in words]


Y = [label(words) for words in SENTENCES]
TEXTS = [" ".join(words) for words in SENTENCES]


def spans(words):
    """The entities of a sentence in characters, found the simple way."""
    ends = list(itertools.accumulate(len(word) + 1 for word in words))
    found = []
    for word, name, end in zip(words, label(words), ends, strict=True):
        if name.startswith("B"):
            found.append((end - len(word) - 1, end - 1, name[2:]))
        elif name.startswith("I"):
            found[-1] = (found[-1][0], end - 1, name[2:])
    return found


def make(labels=LABELS, tokenizer=None, **kwargs):
    tokenizer = tokenizer or kerasbert.BertTokenizer(TOKENS)
    config = kerasbert.BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=1,
        num_heads=2,
        hidden_dim=16,
        intermediate_dim=16,
        max_sequence_length=24,
        hidden_dropout=0.0,
        attention_dropout=0.0,
        initializer_range=0.3,
    )
    return kerasbert.BertTokenClassifier(kerasbert.BertEncoder(config), tokenizer, labels, **kwargs)


def teach():
    """A task that knows its few words by heart."""
    keras.utils.set_random_seed(0)
    task = make(dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(2e-2))
    generator = np.random.default_rng(0)
    words = ["New York", *(word for words in SENTENCES for word in words if word not in ("New", "York"))]
    rows = [" ".join(generator.choice(words, generator.integers(1, 12))).split() for _ in range(200)]
    task.fit(SENTENCES + rows, Y + [label(row) for row in rows], batch_size=16, epochs=12, verbose=0)
    return task


def tokens_of(task):
    """All sentences as tokens, with class numbers, made one by one."""
    rows, labels = [], []
    for words, names in zip(SENTENCES, Y, strict=True):
        pieces = [task.tokenizer.tokenize(word).numpy().tolist() for word in words]
        rows.append([2, *itertools.chain(*pieces), 3])
        numbers = [
            [task.labels.index(name)] + [-100] * (len(p) - 1) for p, name in zip(pieces, names, strict=True)
        ]
        labels.append([-100, *itertools.chain(*numbers), -100])
    length = max(map(len, rows))
    ids = np.array([row + [0] * (length - len(row)) for row in rows], "int32")
    y = np.array([row + [-100] * (length - len(row)) for row in labels], "int32")
    return {
        "token_ids": ids,
        "segment_ids": np.zeros_like(ids),
        "padding_mask": (ids > 0).astype("int32"),
    }, y


def numbers():
    return [[LABELS.index(name) for name in row] for row in Y]
