"""What every task shares: an encoder, a tokenizer, a head, and the ways in and out of a file."""

import pathlib

import keras

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.checkpoints import PresetLoader, load_weights, open_checkpoint, own_weights, write_preset
from kerasbert.data import count_batches
from kerasbert.encoder import BertEncoder
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.r_drop import RDrop
from kerasbert.tasks.replicas import Replicas
from kerasbert.text import tokenizer_from_folder
from kerasbert.training import BertAdamW, WarmupLinearDecay
from kerasbert.training.distribution import check_distribution

BATCH_SIZE = 32


class Task(RDrop, Replicas, PresetLoader, keras.Model):
    """The base of tasks.

    A subclass names its heads (`heads`, layers; `head_names`, as checkpoints know them), says whether it
    needs a pooler (`needs_pooler`; None: if the checkpoint has one), which of its arguments a checkpoint
    keeps (`preset_arguments`), and its `default_loss` and `default_metrics`.

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer`, or another of `kerasbert.text`, whose vocabulary fits the encoder's
            embedding; or None: the task then takes tokens only.
        max_sequence_length: int or None, the longest input, in tokens, special ones counted; longer texts
            are truncated. None: as long as the encoder allows.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: if the vocabulary is larger than the embedding, `max_sequence_length` than the encoder's,
            or a pooler that is needed is missing.
    """

    head_names = ()
    needs_pooler = False
    preset_arguments = ()

    def __init__(self, encoder, tokenizer, max_sequence_length=None, **kwargs):
        super().__init__(**kwargs)
        limit = encoder.config.max_sequence_length
        max_sequence_length = limit if max_sequence_length is None else max_sequence_length
        checks.positive_int(self.name, max_sequence_length=max_sequence_length)
        if not 3 <= max_sequence_length <= limit:
            raise checks.invalid(
                f"`max_sequence_length` must be from 3 to the encoder's {limit}.",
                fix="Choose one in this range, or an encoder with more positions (`extend_positions_to`).",
                where=self.name,
                max_sequence_length=max_sequence_length,
            )
        if tokenizer is not None and tokenizer.vocabulary_size > encoder.config.vocabulary_size:
            raise checks.invalid(
                "The vocabulary must not be larger than the encoder's embedding.",
                fix="Use the vocabulary that the encoder was trained with.",
                where=self.name,
                vocabulary_size=tokenizer.vocabulary_size,
                embedding_rows=encoder.config.vocabulary_size,
            )
        if self.needs_pooler and encoder.pooler is None:
            raise checks.invalid(
                f"The encoder of a {type(self).__name__} must have a pooler.",
                fix="Build it with `pooler=True`.",
                where=self.name,
                pooler=None,
            )
        self.encoder = encoder
        self.tokenizer = tokenizer
        self.max_sequence_length = max_sequence_length
        self.load_report = None

    @property
    def heads(self):
        """The layers after the encoder, as `head_names` lists them."""
        return [self.head]

    # === Presets ===

    @classmethod
    def from_preset(cls, preset, *, tokenizer="from preset", dtype=None, extend_positions_to=None, **kwargs):
        """Builds a task on the weights of a checkpoint, its head included if it has one for this task.

        Args:
            preset: str or path of a folder, or `"hf://owner/name"`. README lists what loads.
            tokenizer: a tokenizer in place of the preset's, or None for a task that takes tokens only, such
                as where the preset's tokenizer is of a kind that kerasbert lacks.
            dtype: Keras dtype or policy, such as `"mixed_bfloat16"`.
            extend_positions_to: int or None, a `max_sequence_length` beyond that of the checkpoint; positions
                are extended by hierarchical decomposition (Su 2020, https://kexue.fm/archives/7947).
            **kwargs: of the task. What is not given is as the checkpoint says, such as its labels.

        Returns:
            The task; its `load_report` says what became of every weight in the preset.

        Raises:
            FileNotFoundError: if the folder or a file in it is missing.
            ValueError: if the checkpoint is damaged or of another architecture.

        Warns:
            UserWarning: if the preset holds weights that the task has no place for, or lacks some.
        """
        checkpoint = open_checkpoint(preset)
        if extend_positions_to is not None:
            checkpoint = checkpoint.with_positions(extend_positions_to)
        arguments, fresh_heads = cls._arguments(checkpoint, kwargs)
        if isinstance(tokenizer, str):
            tokenizer = tokenizer_from_folder(checkpoint.folder)
        encoder = BertEncoder.to_be_loaded(checkpoint, cls._pooler_of(arguments), dtype)
        task = cls(encoder, tokenizer, dtype=dtype, **arguments)
        task.load_report = load_weights(task, checkpoint, fresh_heads)
        return task

    @classmethod
    def _pooler_of(cls, arguments):
        """Whether a task of these arguments needs a pooler, as `needs_pooler`."""
        return cls.needs_pooler

    @classmethod
    def _arguments(cls, checkpoint, given):
        """The arguments of a task on a checkpoint, and the heads that it does not take from there."""
        names = ("max_sequence_length",)
        if set(cls.head_names) & set(checkpoint.heads):
            names += cls.preset_arguments
        kept = {name: checkpoint.arguments[name] for name in names if name in checkpoint.arguments}
        return kept | given, ()

    def save_to_preset(self, folder):
        """Writes weights, config and tokenizer as a folder that `from_preset` and transformers load.

        Args:
            folder: str or path. A folder that holds a preset is replaced once the new one is complete.

        Raises:
            FileExistsError: if the folder holds other files.
        """
        write_preset(
            folder,
            self.encoder.config,
            self.weight_values(),
            heads=self.head_names,
            arguments=self.preset_values(),
            tokenizer=self.tokenizer,
            finish=self._add_to_preset,
        )

    def _add_to_preset(self, folder):
        """Writes what only this kind of task has into the folder of a preset."""

    def preset_values(self):
        """The arguments of this task that a preset keeps, by name."""
        config = self.get_config()
        return {name: config[name] for name in ("max_sequence_length", *self.preset_arguments)}

    def named_weights(self):
        """Returns all weights by path: `encoder/...`, and those of a head under its name."""
        named = self.encoder.named_weights()
        for head in self.heads:
            named |= own_weights(head)
        return named

    def weight_values(self):
        """Returns what of `named_weights()` other libraries have in such a model, as numpy arrays.

        That is all but a pooler that the task does not read.
        """
        values = self.encoder.weight_values()
        for head in self.heads:
            values |= {path: keras.ops.convert_to_numpy(w) for path, w in own_weights(head).items()}
        if self.needs_pooler is not False:
            return values
        return {path: value for path, value in values.items() if not path.startswith("encoder/pooler/")}

    # === Training ===

    @property
    def trainable_variables(self):
        """What training changes: all but what is frozen, and a pooler that the task does not read."""
        return self._but_idle(super().trainable_variables)

    @property
    def trainable_weights(self):
        """As `trainable_variables`."""
        return self._but_idle(super().trainable_weights)

    def _but_idle(self, variables):
        if self.needs_pooler or self.encoder.pooler is None:
            return variables
        idle = {id(variable) for variable in self.encoder.pooler.variables}
        return [variable for variable in variables if id(variable) not in idle]

    def compile(self, optimizer="auto", loss="auto", metrics="auto", jit_compile="auto", **kwargs):
        """Configures training, as `keras.Model.compile` does, with defaults that suit the task.

        Args:
            optimizer: `"auto"` for `BertAdamW()`, or any Keras optimizer.
            loss: `"auto"` for the task's, or any Keras loss on its logits.
            metrics: `"auto"` for the task's, or a list of Keras metrics on its logits.
            jit_compile: `"auto"` for XLA where it pays: on GPU and TPU, not on CPU.
            **kwargs: of `keras.Model.compile`; and `r_drop`, float or None: how much it counts that a batch
                passes twice with about one result (R-Drop, Liang et al. 2021,
                https://arxiv.org/abs/2106.14448), such as 1.0. A step takes about twice as long.
        """
        if jit_compile == "auto" and keras.backend.backend() == "tensorflow" and _on_cpu():
            jit_compile = False
        super().compile(
            optimizer=BertAdamW() if _is_auto(optimizer) else optimizer,
            loss=self.default_loss() if _is_auto(loss) else loss,
            metrics=self.default_metrics() if _is_auto(metrics) else metrics,
            jit_compile=jit_compile,
            **kwargs,
        )

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        *args,
        initial_epoch=0,
        steps_per_epoch=None,
        **kwargs,
    ):
        """Trains on tokens, as `keras.Model.fit`; a `WarmupLinearDecay` learns how many steps there are."""
        check_distribution()
        self.agree_on_seed()
        self._plan_schedule(x, batch_size or BATCH_SIZE, steps_per_epoch, epochs - initial_epoch)
        return super().fit(
            x,
            y,
            batch_size,
            epochs,
            *args,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            **kwargs,
        )

    def _plan_schedule(self, x, batch_size, steps_per_epoch, epochs):
        """Tells a schedule of ours how many steps this `fit` has."""
        if not self.compiled:
            return  # Keras says so
        optimizer = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        schedule = getattr(optimizer, "_learning_rate", None)
        if not isinstance(schedule, WarmupLinearDecay):
            return
        batches = (steps_per_epoch or count_batches(x, batch_size)) * epochs
        per_step = optimizer.gradient_accumulation_steps or 1
        first_step = int(keras.ops.convert_to_numpy(optimizer.iterations))
        if schedule.plan(first_step, max(batches // per_step, 1), per_step):
            self.train_function = None  # the step numbers are constants of its graph

    def make_train_function(self, force=False):
        """As Keras'. The optimizer's variables are made first: made within, all would be traced twice."""
        if not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        return super().make_train_function(force)

    def default_metrics(self):
        """None but the loss."""
        return None

    # === Saving ===

    def save(self, filepath, overwrite=True, **kwargs):
        """Saves weights, tokenizer and labels in one `.keras` file; an old file stays until it is whole."""
        path = pathlib.Path(filepath)
        if path.exists() and not overwrite:
            raise checks.invalid(
                "With `overwrite=False` the file must not exist.",
                fix="Choose another name.",
                kind=FileExistsError,
                filepath=str(path),
            )
        with replacing(path) as temporary:
            super().save(temporary, **kwargs)

    def compile_from_config(self, config):
        """Compiles a loaded model as it was compiled when it was saved."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "tokenizer": keras.saving.serialize_keras_object(self.tokenizer),
            "max_sequence_length": self.max_sequence_length,
        }

    @classmethod
    def from_config(cls, config):
        """Builds a task from `get_config`'s result."""
        config = dict(config)
        for name in ("encoder", "tokenizer"):
            config[name] = config[name] and keras.saving.deserialize_keras_object(config[name])
        return cls(**config)


def _is_auto(argument):
    return isinstance(argument, str) and argument == "auto"


def _on_cpu():
    return not (tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("TPU"))
