"""An open checkpoint of any format: its config, and where to find each weight."""

import dataclasses
import pathlib
from typing import Any

from kerasbert import checks
from kerasbert.checkpoints.places import Place
from kerasbert.checkpoints.positions import ExtendedPositions
from kerasbert.config import BertConfig

POSITIONS = "encoder/embeddings/position_embedding/embeddings"
POOLER = "encoder/pooler/dense/kernel"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """An open checkpoint.

    Args:
        folder: `pathlib.Path`, the folder with the tokenizer's files.
        config: `BertConfig` of its encoder.
        tensors: an open file with `path`, `shapes` by name, and `read(name)`.
        places: dict, our path of a weight -> `Place`, for all weights that such a checkpoint can contain.
        names: dict, the name in a `Place` -> the name in this file. They differ if the file has a prefix, or
            was written by an old version.
        heads: tuple of str, the heads that were saved with it, such as `"classification"`.
        arguments: dict, the arguments of a task that it stores: `labels`, `problem`, `dropout`, `tied`.
        bookkeeping: tuple of names in the file that are not weights of a model.
        root: `pathlib.Path` or None, the preset's folder. In a preset of sentence-transformers, `folder` can
            be a subfolder of it.
    """

    folder: pathlib.Path
    config: BertConfig
    tensors: object
    places: dict[str, Place]
    names: dict[str, str]
    heads: tuple[str, ...] = ()
    arguments: dict[str, Any] = dataclasses.field(default_factory=dict)
    bookkeeping: tuple[str, ...] = ()
    root: pathlib.Path | None = None

    def find(self, path):
        """The name in the file of our weight `path`, or None if the file does not contain it."""
        place = self.places.get(path)
        return None if place is None else self.names.get(place.name)

    def is_own(self, path):
        """Whether the weight `path` belongs to a layer that exists only in kerasbert or in a user's class."""
        return self.places[path].name == path

    @property
    def has_pooler(self):
        """Whether the file contains a pooler."""
        return self.find(POOLER) is not None

    def with_positions(self, max_sequence_length):
        """The same checkpoint with position embeddings for longer sequences (Su 2020).

        Raises:
            ValueError: if it already has that many positions, or its positions are not learned.
        """
        config = self.config
        if config.position_embedding != "learned" or max_sequence_length <= config.max_sequence_length:
            raise checks.invalid(
                "Only learned positions can be extended, and only to more than there are.",
                fix="Leave out `extend_positions_to`, or choose a larger number.",
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
