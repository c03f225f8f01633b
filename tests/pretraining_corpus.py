"""A corpus of random words, and what became of it."""

import hashlib

import tensorflow as tf

from kerasbert.pretraining.records import parse

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [f"w{i}" for i in range(60)]
PIECES = [f"##p{i}" for i in range(20)]
TOKENS = [*SPECIAL, *WORDS, *PIECES]


def random_text(rng, num_documents, longest_sentence=12, longest_document=12):
    """Documents of sentences a line, in words that the vocabulary has."""

    def word():
        return WORDS[rng.integers(len(WORDS))] + "".join(
            PIECES[rng.integers(len(PIECES))][2:] for _ in range(rng.integers(3) if rng.random() < 0.4 else 0)
        )

    def sentence():
        return " ".join(word() for _ in range(rng.integers(1, longest_sentence)))

    documents = [[sentence() for _ in range(rng.integers(1, longest_document))] for _ in range(num_documents)]
    return "\n".join("\n".join(document) + "\n" for document in documents)


def read(manifest):
    """All examples, as `records.parse` gives them."""
    return parse(tf.stack(list(tf.data.TFRecordDataset(manifest.paths))), manifest.has_pairs)


def digests(dataset):
    """A short text for each batch, different for different batches."""
    found = []
    for batch in dataset:
        digest = hashlib.sha256()
        for name in sorted(batch):
            digest.update(name.encode() + batch[name].numpy().tobytes())
        found.append(digest.hexdigest()[:16])
    return found
