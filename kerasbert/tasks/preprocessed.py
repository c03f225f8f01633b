"""The preprocessor of a task."""

import copy
from typing import Any

from kerasbert import checks
from kerasbert.preprocessing import Preprocessor
from kerasbert.text.base import TextTokenizer


class Preprocessed:
    """The part of a task that holds its preprocessor."""

    preprocessor_class: type[Preprocessor] = Preprocessor

    @classmethod
    def _preprocessor_of(cls, given, encoder, tokenizer, max_sequence_length, **arguments):
        """The given preprocessor, or a new one of the class's own kind with these arguments."""
        if given is None:
            limit = encoder.config.max_sequence_length if max_sequence_length is None else max_sequence_length
            return cls.preprocessor_class(tokenizer, max_sequence_length=limit, **arguments)
        twice = {"tokenizer": tokenizer, "max_sequence_length": max_sequence_length}
        twice = {name: value for name, value in twice.items() if value is not None}
        if twice:
            raise checks.invalid(
                "A preprocessor already has a tokenizer and a maximum length.",
                fix="With `preprocessor`, pass neither `tokenizer` nor `max_sequence_length`.",
                where=cls.__name__,
                **twice,
            )
        return given

    @property
    def preprocessor(self) -> Any:
        """Turns rows into batches. It can be replaced by another one that fits the same encoder and head."""
        return self._preprocessor

    @preprocessor.setter
    def preprocessor(self, preprocessor: Preprocessor) -> None:
        config, tokenizer = self.encoder.config, preprocessor.tokenizer
        if not 3 <= preprocessor.max_sequence_length <= config.max_sequence_length:
            raise checks.invalid(
                f"`max_sequence_length` must be from 3 to the encoder's {config.max_sequence_length}.",
                fix="Choose a length in this range, or load the encoder with more positions "
                "(`extend_positions_to`).",
                where=self.name,
                max_sequence_length=preprocessor.max_sequence_length,
            )
        if tokenizer is not None and tokenizer.vocabulary_size > config.vocabulary_size:
            raise checks.invalid(
                "The vocabulary must not be larger than the encoder's embedding.",
                fix="Use the vocabulary that the encoder was trained with.",
                where=self.name,
                vocabulary_size=tokenizer.vocabulary_size,
                embedding_rows=config.vocabulary_size,
            )
        self.check_extra_inputs(preprocessor)
        self._preprocessor = copy.copy(preprocessor)  # another task with another encoder may use it
        self._preprocessor.extra_inputs = self.extra_inputs
        self._preprocessor.encoder_config = config

    @property
    def tokenizer(self) -> TextTokenizer | Any:
        """The preprocessor's tokenizer, or None for a task that takes tokens only."""
        return self.preprocessor.tokenizer

    @property
    def max_sequence_length(self) -> int:
        """int, the longest input in tokens, including special tokens."""
        return self.preprocessor.max_sequence_length
