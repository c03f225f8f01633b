"""Turns the documents of one shard into a file of examples."""

import dataclasses
import random

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.pretraining import records
from kerasbert.pretraining.pairs import make_examples
from kerasbert.pretraining.tokens import tokenize_documents


@dataclasses.dataclass(frozen=True)
class Shard:
    """Counts of a shard's examples, bytes, documents and tokens; all are int."""

    count: int
    size_bytes: int
    num_documents: int
    num_empty_documents: int
    num_tokens: int


def make_shard(folder, shard, num_shards, documents, tokenizer, settings):
    """Makes the examples of a shard and writes them, in random order.

    Args:
        folder: str.
        shard: int.
        num_shards: int.
        documents: iterable of lists of str, in the order of the corpus.
        tokenizer: a tokenizer.
        settings: `ExampleSettings`.

    Returns:
        `Shard`.

    Raises:
        ValueError: if pairs need at least two documents but there is only one.
    """
    documents = list(documents)
    layout = Layout.of(tokenizer, settings.pairs)
    room = layout.room(settings.max_length)
    tokens = tokenize_documents(documents, tokenizer, room, settings.split_sentences, settings.segment_words)
    num_documents = len(tokens.documents) - 1
    if settings.pairs == "next_sentence" and num_documents == 1:
        raise checks.invalid(
            "Pairs of sentences need at least two documents in every shard.",
            fix="Check `layout` (documents are separated by blank lines unless it says otherwise), pass a "
            'smaller `num_shards`, or choose pairs="sentence_order" or "none".',
            where=f"shard {shard}",
            num_documents=num_documents,
            num_shards=num_shards,
        )
    # With a text as its seed, this gives the same numbers on every machine, in whatever order shards are
    # made.
    rng = random.Random(f"{settings.seed}/{shard}")
    found = [
        layout.pack(tokens, example)
        for _ in range(settings.duplicates)
        for example in make_examples(tokens, settings, room, rng)
    ]
    rng.shuffle(found)
    size = records.write_shard(records.shard_path(folder, shard, num_shards), found)
    return Shard(len(found), size, num_documents, len(documents) - num_documents, len(tokens.token_ids))


def finish(folder, shards, tokenizer, settings):
    """Writes the `Manifest` of all shards, and returns it.

    Args:
        folder: str.
        shards: list of `Shard`, in order.
        tokenizer: a tokenizer.
        settings: `ExampleSettings`.

    Raises:
        ValueError: if there are no examples at all.
    """

    def total(name):
        return sum(getattr(shard, name) for shard in shards)

    if not total("count"):
        raise checks.invalid(
            "A corpus must have text.",
            fix="Check the files, and `layout`.",
            where="write_examples",
            num_documents=total("num_documents"),
            num_empty_documents=total("num_empty_documents"),
        )
    manifest = records.Manifest(
        folder=folder,
        counts=tuple(shard.count for shard in shards),
        sizes_bytes=tuple(shard.size_bytes for shard in shards),
        max_length=settings.max_length,
        vocabulary=records.vocabulary_digest(tokenizer),
        settings=settings.as_dict(),
        **{name: total(name) for name in ("num_documents", "num_empty_documents", "num_tokens")},
    )
    manifest.save()
    return manifest


@dataclasses.dataclass(frozen=True)
class Layout:
    """The positions of special tokens in an example.

    Args:
        before, between, after: lists of int, the special tokens before, between and after two texts. If
            examples are not pairs, `between` separates the texts of different documents.
        is_pair: bool, whether examples are pairs.
        has_segments: bool, whether the second text has segment id 1.
    """

    before: list[int]
    between: list[int]
    after: list[int]
    is_pair: bool
    has_segments: bool

    @classmethod
    def of(cls, tokenizer, pairs):
        """The layout in which a tokenizer packs examples, for a value of `ExampleSettings.pairs`."""
        first, second = -1, -2  # ids that no token has
        is_pair = pairs != "none"
        packed = tokenizer.pack(*(tf.constant([text]) for text in (first, second)[: 1 + is_pair]))
        ids = packed["token_ids"].numpy().tolist()
        at, last = ids.index(first), ids.index(second if is_pair else first)
        between = ids[at + 1 : last] if is_pair else [tokenizer.sep_id]
        return cls(ids[:at], between, ids[last + 1 :], is_pair, bool(packed["segment_ids"].numpy().any()))

    def room(self, max_length):
        """int, how many tokens of an example of `max_length` are not special tokens."""
        special = self.before + self.after + (self.between if self.is_pair else [])
        return max_length - len(special)

    def pack(self, tokens, example):
        """Adds special tokens to an `Example` of `TokenDocuments`, and serializes it."""
        slices = example.first + ([example.second] if self.is_pair else [])
        parts, marks = [self.before], [np.zeros(len(self.before), bool)]
        for number, (begin, end) in enumerate(slices):
            if number:
                parts.append(self.between)
                marks.append(np.zeros(len(self.between), bool))
            parts.append(tokens.token_ids[begin:end])
            marks.append(tokens.continues[begin:end])
        second_start = sum(map(len, parts[:-1]))
        parts.append(self.after)
        marks.append(np.zeros(len(self.after), bool))
        ids = np.concatenate(parts)
        if not self.has_segments:
            second_start = len(ids)
        return records.serialize(ids, np.concatenate(marks), second_start, example.label)
