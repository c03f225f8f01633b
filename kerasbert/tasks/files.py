"""Loads and saves tasks: presets and `.keras` files."""

import warnings
from typing import Any, NoReturn

import keras

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.checkpoints import PresetLoader, heads_among, load_weights, open_checkpoint, write_preset
from kerasbert.checkpoints.report import LoadReport
from kerasbert.encoder import BertEncoder
from kerasbert.text import tokenizer_from_folder
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, PathLike, Self

# The most rows of an embedding that may have no token, because its size was rounded up for speed.
MOST_PADDING_ROWS = 1024


class TaskFiles(PresetLoader):
    """The part of a task that reads and writes files.

    `preset_arguments` lists the arguments of a task that a preset stores.
    """

    preset_arguments: tuple[str, ...] = ()

    # === Presets ===

    @classmethod
    def from_preset(
        cls,
        preset: PathLike,
        *,
        tokenizer: TextTokenizer | str | None = "from preset",
        dtype: Any = None,
        extend_positions_to: int | None = None,
        **kwargs: Any,
    ) -> Self:
        """Builds a task with the weights of a checkpoint, including its head if it has one for this task.

        Args:
            preset: str or path of a folder, or `"hf://owner/name"`. The page on checkpoints lists the
                supported formats.
            tokenizer: a tokenizer to use instead of the preset's, or None for a task that takes tokens only,
                for example because kerasbert does not support the preset's kind of tokenizer.
            dtype: Keras dtype or policy, such as `"mixed_bfloat16"`.
            extend_positions_to: int or None, a `max_sequence_length` larger than the checkpoint's; positions
                are extended by hierarchical decomposition (Su 2020, https://kexue.fm/archives/7947).
            **kwargs: arguments of the task. Those that are not given, such as the labels, are the
                checkpoint's.

        Returns:
            The task; its `load_report` says what happened to each weight of the preset.

        Raises:
            FileNotFoundError: if the folder or a file in it is missing.
            ValueError: if the checkpoint is damaged or has another architecture, a weight is NaN or infinite,
                or the vocabulary is far smaller than the embedding.

        Warns:
            UserWarning: in one line, if weights of the preset were not used, or expected weights are missing.
                A new head is not reported; `predict`, `evaluate` and exports warn while it is untrained.
        """
        checkpoint = open_checkpoint(preset)
        if extend_positions_to is not None:
            checkpoint = checkpoint.with_positions(extend_positions_to)
        arguments, fresh_heads = cls._arguments(checkpoint, kwargs)
        if isinstance(tokenizer, str):
            tokenizer = tokenizer_from_folder(checkpoint.folder)
        _check_vocabulary(tokenizer, checkpoint)
        encoder = BertEncoder.to_be_loaded(checkpoint, cls._pooler_of(arguments), dtype)
        task = cls(encoder, tokenizer, dtype=dtype, **arguments)
        task.load_report = load_weights(task, checkpoint, fresh_heads)
        task.note_new_heads()
        return task

    def load_preset(self, preset: PathLike) -> LoadReport:
        """See `PresetLoader.load_preset`."""
        report = super().load_preset(preset)
        self.note_new_heads()
        return report

    @classmethod
    def _pooler_of(cls, arguments):
        """Whether a task with these arguments needs a pooler; see `needs_pooler`."""
        return cls.needs_pooler

    @classmethod
    def _arguments(cls, checkpoint, given):
        """The arguments of a task built on a checkpoint, and the heads that are not loaded from it."""
        names = ("max_sequence_length",)
        if set(cls.head_names) & set(checkpoint.heads):
            names += cls.preset_arguments
        kept = {name: checkpoint.arguments[name] for name in names if name in checkpoint.arguments}
        return kept | given, ()

    def save_to_preset(self, folder: PathLike) -> None:
        """Writes weights, config and tokenizer to a folder that `from_preset` and transformers can load.

        Args:
            folder: str or path. A preset that kerasbert wrote there, and that has not been changed since, is
                replaced once the new one is complete.

        Raises:
            FileExistsError: if the folder contains anything except a preset that kerasbert wrote.

        Warns:
            UserWarning: if a class of yours overrides `call` or `transform` of the encoder: a preset names no
                classes, and `from_preset` builds a `BertEncoder`.
        """
        overridden = checks.overridden(self.encoder, "call", "transform")
        if overridden:
            warnings.warn(
                f"The preset will not compute what this task does: it does not hold {', '.join(overridden)}, "
                "and `from_preset` builds a `BertEncoder`. A `.keras` file (`save`) keeps the class.",
                stacklevel=2,
            )
        weights = self.weight_values()
        write_preset(
            folder,
            self.encoder.config,
            weights,
            heads=heads_among(weights),
            arguments=self.preset_values(),
            tokenizer=self.tokenizer,
            finish=self._add_to_preset,
        )

    def _add_to_preset(self, folder):
        """Adds the files that only this kind of task has to the folder of a preset."""

    def preset_values(self) -> Config:
        """Returns the arguments of this task that a preset stores, by name."""
        config = self.get_config()
        return {name: config[name] for name in ("max_sequence_length", *self.preset_arguments)}

    # === Keras' files ===

    def export(self, filepath: PathLike, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises ValueError, because Keras' file would not take texts; use `kerasbert.export`."""
        raise checks.invalid(
            "Tasks are exported with `kerasbert.export`, which includes the tokenizer and compares the file "
            "with the model.",
            fix="Write `from kerasbert import export; export.to_saved_model(task, path)`, or `to_tflite` or "
            "`to_onnx`.",
            where=self.name,
            filepath=str(filepath),
        )

    def save(self, filepath: PathLike, overwrite: bool = True, **kwargs: Any) -> None:
        """Saves weights, tokenizer and labels to a `.keras` file; an old one stays until it is complete."""
        path = checks.keras_file(filepath)
        if path.exists() and not overwrite:
            raise checks.invalid(
                "With `overwrite=False`, the file must not exist yet.",
                fix="Choose another name.",
                kind=FileExistsError,
                filepath=str(path),
            )
        self.build_heads()
        if self.compiled and not self.optimizer.built:  # `compile_from_config` builds it before it is loaded
            self.optimizer.build(self.trainable_variables)
        with replacing(path) as temporary:
            super().save(temporary, **kwargs)

    def compile_from_config(self, config: Config) -> None:
        """Compiles a loaded model as it was compiled when it was saved."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        serialized = {"encoder": self.encoder, "tokenizer": self.tokenizer}
        arguments = self.preprocessor.get_config()
        arguments = {n: arguments[n] for n in arguments if n not in self.preprocessor.of_encoder}
        if type(self.preprocessor) is not self.preprocessor_class:
            serialized |= {"tokenizer": None, "preprocessor": self.preprocessor}
            arguments = {}
        serialized = {n: keras.saving.serialize_keras_object(part) for n, part in serialized.items()}
        return {**super().get_config(), **arguments, **serialized}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Builds a task from `get_config`'s result."""
        config = dict(config)
        for name in ("encoder", "tokenizer", "preprocessor"):
            if config.get(name):
                config[name] = keras.saving.deserialize_keras_object(config[name])
        if not isinstance(config.get("encoder"), BertEncoder):
            raise checks.invalid(
                "The config of a task must contain its encoder.",
                fix="Pass the result of `get_config`, or save the model again.",
                where=f"{cls.__name__}.from_config",
                encoder=config.get("encoder"),
            )
        task = cls(**config)
        task.build_heads()
        return task


def _check_vocabulary(tokenizer, checkpoint):
    """Raises ValueError if the vocabulary is far smaller than the embedding: it is another checkpoint's."""
    rows = checkpoint.config.vocabulary_size
    if tokenizer is not None and rows - tokenizer.vocabulary_size >= MOST_PADDING_ROWS:
        raise checks.invalid(
            f"The vocabulary must have a token for each row of the embedding, but for {MOST_PADDING_ROWS} at "
            "most that round its size up.",
            fix="Pass the vocabulary that the checkpoint was trained with.",
            where=str(checkpoint.folder),
            vocabulary_size=tokenizer.vocabulary_size,
            embedding_rows=rows,
        )
