"""Documents whose summary is the sentence that begins with "note", and a small task."""

import numpy as np

import kerasbert

WORDS = ["note", "ann", "ben", "left", "came", "it", "rained", "in", "bonn", "rome", "then", ".", "雨", "##s"]
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
CLS, SEP = 2, 3


def make(tokenizer=None, **kwargs):
    tokenizer = tokenizer or kerasbert.BertTokenizer(TOKENS)
    sizes = {"num_layers": 1, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 16}
    config = kerasbert.BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        max_sequence_length=24,
        hidden_dropout=0.0,
        attention_dropout=0.0,
        initializer_range=0.3,
        **sizes | kwargs,
    )
    return kerasbert.BertSummarizer(kerasbert.BertEncoder(config), tokenizer)


def documents(count, seed=0, longest=4):
    """Documents as lists of sentences, and the labels of these."""
    generator = np.random.default_rng(seed)
    words = ["Ann", "Ben", "left", "came", "it", "rained", "in", "Bonn", "Rome", "then"]
    rows, labels = [], []
    for _ in range(count):
        length = generator.integers(1, longest + 1)
        row = [" ".join(generator.choice(words, generator.integers(2, 6))) + "." for _ in range(length)]
        marked = int(generator.integers(length))
        row[marked] = "Note " + row[marked]
        rows.append([sentence.capitalize() for sentence in row])
        labels.append([int(number == marked) for number in range(length)])
    return rows, labels


def pack(document, max_length=24, num_segments=2):
    """The layout of the paper, in words of plain Python: ids, segments and places of `[CLS]` of each window.

    `document` is a list of lists of ids.
    """
    windows = [[]]
    for number, sentence in enumerate(document):
        if sentence:
            packed = [CLS, *sentence[: max_length - 2], SEP]
            if sum(len(other) for _, other in windows[-1]) + len(packed) > max_length:
                windows.append([])
            windows[-1].append((number, packed))
    results = []
    for window in windows:
        ids, segments, numbers = [], [], {}
        for place, (number, packed) in enumerate(window):
            numbers[len(ids)] = number
            ids += packed
            segments += [place % 2 if num_segments > 1 else 0] * len(packed)
        if ids:
            results.append((ids, segments, numbers))
    return results
