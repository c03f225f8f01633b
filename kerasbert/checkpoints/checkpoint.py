"""A checkpoint of any format, opened: what its model is, and where each weight lies."""

import dataclasses
import pathlib

from kerasbert import checks
from kerasbert.checkpoints.positions import ExtendedPositions
from kerasbert.config import BertConfig

POSITIONS = "encoder/embeddings/position_embedding/embeddings"
POOLER = "encoder/pooler/dense/kernel"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """An open checkpoint.

    Args:
        folder: `pathlib.Path`, where its tokenizer's files are.
        config: `BertConfig` of its encoder.
        tensors: an open file: `path`, `shapes` by name, and `read(name)`.
        places: dict, our path of a weight -> `Place`, for all that such a checkpoint can hold.
        names: dict, the name that a `Place` has -> the one in this file; they differ in prefixes and in
            files of old versions.
        heads: tuple of str, the heads that it was saved with, such as `"classification"`.
        arguments: dict, what it says of a task: `labels`, `problem`, `dropout`, `tied`.
        bookkeeping: tuple of names in the file that are no weights of a model.
        root: `pathlib.Path` or None, the preset; `folder` is a part of it where sentence-transformers has
            the transformer in a subfolder.
    """

    folder: pathlib.Path
    config: BertConfig
    tensors: object
    places: dict
    names: dict
    heads: tuple = ()
    arguments: dict = dataclasses.field(default_factory=dict)
    bookkeeping: tuple = ()
    root: pathlib.Path | None = None

    def find(self, path):
        """The name in the file of our weight `path`, or None if the file lacks it."""
        place = self.places.get(path)
        return None if place is None else self.names.get(place.name)

    def is_own(self, path):
        """Whether the weight `path` is of a layer that only kerasbert, or a class of its user, has."""
        return self.places[path].name == path

    @property
    def has_pooler(self):
        """Whether the file holds a pooler."""
        return self.find(POOLER) is not None

    def with_positions(self, max_sequence_length):
        """The same checkpoint, its positions extended to more than it learned (Su 2020).

        Raises:
            ValueError: if it has as many already, or none that were learned.
        """
        config = self.config
        if config.position_embedding != "learned" or max_sequence_length <= config.max_sequence_length:
            raise checks.invalid(
                "Only learned positions can be extended, and only to more than there are.",
                fix="Leave `extend_positions_to` out, or choose a larger number.",
                where=str(self.tensors.path),
                extend_positions_to=max_sequence_length,
                max_sequence_length=config.max_sequence_length,
                position_embedding=config.position_embedding,
            )
        place = ExtendedPositions(
            **vars(self.places[POSITIONS]),
            rows=config.max_sequence_length + config.position_offset,
            offset=config.position_offset,
        )
        return dataclasses.replace(
            self,
            config=dataclasses.replace(config, max_sequence_length=max_sequence_length),
            places=self.places | {POSITIONS: place},
        )
