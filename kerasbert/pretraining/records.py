"""Examples in files: TFRecord shards, and a manifest that describes them."""

import contextlib
import dataclasses
import hashlib
import json
import os
import uuid

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.types import Config, PathLike, Self

MANIFEST = "examples.json"
_VERSION = 1


@dataclasses.dataclass(frozen=True)
class Manifest:
    """The content of a folder of examples.

    Args:
        folder: str.
        counts: tuple of int, the number of examples in each shard.
        sizes_bytes: tuple of int, the size of each shard.
        max_length: int, the most tokens in an example.
        vocabulary: str, the `vocabulary_digest` of the tokenizer that made the examples.
        settings: dict, the `ExampleSettings`.
        num_documents: int, the number of documents with tokens.
        num_empty_documents: int, the number of documents with text but without tokens.
        num_tokens: int, the number of tokens in all documents.
    """

    folder: str
    counts: tuple[int, ...]
    sizes_bytes: tuple[int, ...]
    max_length: int
    vocabulary: str
    settings: Config
    num_documents: int
    num_empty_documents: int
    num_tokens: int

    @property
    def num_examples(self) -> int:
        """int, the number of examples in all shards."""
        return sum(self.counts)

    @property
    def has_pairs(self) -> bool:
        """Whether examples are pairs with a label."""
        return self.settings["pairs"] != "none"

    @property
    def paths(self) -> list[str]:
        """List of str, the paths of the shards."""
        return [shard_path(self.folder, shard, len(self.counts)) for shard in range(len(self.counts))]

    def save(self) -> None:
        """Writes the manifest. This is done last, so a folder that contains it is complete."""
        page = {"kerasbert_examples": _VERSION} | dataclasses.asdict(self)
        del page["folder"]
        with whole_file(os.path.join(self.folder, MANIFEST)) as path, tf.io.gfile.GFile(path, "w") as file:
            file.write(json.dumps(page, indent=1) + "\n")

    @classmethod
    def load(cls, folder: PathLike) -> Self:
        """Reads the manifest of a folder, and checks that all shards are there and have the right size.

        Args:
            folder: str or path.

        Returns:
            A `Manifest`.

        Raises:
            FileNotFoundError: if the folder contains no examples, or not all of them.
            ValueError: if the examples are of another version, or a shard was changed.
        """
        folder = os.fspath(folder)
        path = os.path.join(folder, MANIFEST)
        if not tf.io.gfile.exists(path):
            raise checks.invalid(
                f"A folder of examples must hold {MANIFEST}.",
                fix="Write the examples with `write_examples`; if this was interrupted, do it again.",
                kind=FileNotFoundError,
                folder=folder,
            )
        with tf.io.gfile.GFile(path) as file:
            page = json.loads(file.read())
        if page.pop("kerasbert_examples", None) != _VERSION:
            raise checks.invalid(
                "The examples must be of this version of kerasbert.",
                fix="Write them again with `write_examples`.",
                where=path,
                wanted=_VERSION,
            )
        page |= {name: tuple(page[name]) for name in ("counts", "sizes_bytes")}
        manifest = cls(folder=folder, **page)
        for shard, size in zip(manifest.paths, manifest.sizes_bytes, strict=True):
            found = tf.io.gfile.stat(shard).length if tf.io.gfile.exists(shard) else None
            if found != size:
                raise checks.invalid(
                    "A shard must be exactly as long as when it was written.",
                    fix="Copy the folder again, or write the examples again.",
                    where=shard,
                    size_bytes=found,
                    wanted_bytes=size,
                )
        return manifest


def vocabulary_digest(tokenizer):
    """A short hash of a tokenizer's vocabulary, a str."""
    return hashlib.sha256("\n".join(tokenizer.vocabulary).encode()).hexdigest()[:16]


def shard_path(folder, shard, num_shards):
    """The path of a shard."""
    return os.path.join(folder, f"examples-{shard:05d}-of-{num_shards:05d}.tfrecord")


@contextlib.contextmanager
def whole_file(path):
    """Like `atomic.replacing`, for files on any file system that TensorFlow supports.

    Args:
        path: str.

    Yields:
        str, a temporary path in the same folder.
    """
    temporary = f"{path}.{uuid.uuid4().hex}"
    try:
        yield temporary
        tf.io.gfile.rename(temporary, path, overwrite=True)
    except BaseException:
        if tf.io.gfile.exists(temporary):
            tf.io.gfile.remove(temporary)
        raise


def write_shard(path, records):
    """Writes serialized examples to a TFRecord file, which appears whole or not at all.

    Args:
        path: str.
        records: list of bytes.

    Returns:
        int, the size of the file in bytes.
    """
    with whole_file(path) as temporary:
        with tf.io.TFRecordWriter(temporary) as writer:
            for record in records:
                writer.write(record)
        return tf.io.gfile.stat(temporary).length


def serialize(token_ids, continues, second_start, label):
    """Serializes one example as a `tf.train.Example`.

    Args:
        token_ids: int array `(S,)`, special tokens included.
        continues: bool array `(S,)`, as in `TokenDocuments`.
        second_start: int, where segment 1 begins; S if there is no segment 1.
        label: int, or None if examples are not pairs.

    Returns:
        bytes, always the same for the same values.
    """
    train = tf.train
    features = {"token_ids": token_ids, "continues": continues, "second_start": [second_start]}
    if label is not None:
        features["next_sentence"] = [label]
    features = {
        name: train.Feature(int64_list=train.Int64List(value=np.asarray(values, np.int64)))
        for name, values in features.items()
    }
    example = train.Example(features=train.Features(feature=features))
    return example.SerializeToString(deterministic=True)


def parse(records, has_pairs):
    """Reads many serialized examples, in the graph.

    Args:
        records: string tensor `(N,)`.
        has_pairs: bool, whether examples are pairs with labels.

    Returns:
        dict of `token_ids`, ragged int32 `(N, None)`; `continues`, ragged bool `(N, None)`; `second_start`
        and, if examples are pairs, `next_sentence`, int32 `(N,)`.
    """
    one = tf.io.FixedLenFeature((), tf.int64)
    several = tf.io.RaggedFeature(tf.int64, row_splits_dtype=tf.int64)
    features = {"token_ids": several, "continues": several, "second_start": one}
    if has_pairs:
        features["next_sentence"] = one
    rows = tf.io.parse_example(records, features)
    rows = {name: tf.cast(values, tf.int32) for name, values in rows.items()}
    return rows | {"continues": tf.cast(rows["continues"], tf.bool)}
