"""The base class of all tasks: Keras' loops over rows of text, and the contract of a task."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.data import RowOrder, check_some_rows, few_lengths, full_batches, is_dataset, is_tokens
from kerasbert.encoder import BertEncoder
from kerasbert.keras_private import is_validation_of_fit
from kerasbert.preprocessing import Preprocessor, checked_batch_size, cut_arrays, split_rows
from kerasbert.tasks.compiling import Compiling
from kerasbert.tasks.extra_inputs import ExtraInputs
from kerasbert.tasks.files import TaskFiles
from kerasbert.tasks.fitting import Fitting
from kerasbert.tasks.heads import Heads
from kerasbert.tasks.labels import refuse_other_names
from kerasbert.tasks.notebook import NotebookView
from kerasbert.tasks.preprocessed import Preprocessed
from kerasbert.tasks.r_drop import RDrop
from kerasbert.tasks.replicas import Replicas
from kerasbert.tasks.unknown_tokens import UnknownTokens, warn_of_tokens
from kerasbert.tasks.untrained import UntrainedHeads
from kerasbert.tasks.without_rows import WithoutRows
from kerasbert.training.distribution import check_distribution
from kerasbert.training.resume import resuming
from kerasbert.types import Labels, Rows, Tensors


class Task(
    Preprocessed,
    ExtraInputs,
    Compiling,
    Heads,
    UntrainedHeads,
    Fitting,
    RDrop,
    Replicas,
    TaskFiles,
    NotebookView,
    WithoutRows,
    keras.Model,
):
    """An encoder, a preprocessor and a head; `fit`, `evaluate` and `predict` take strings.

    A new kind of task has to define:

    - its inputs: the `preprocessor`, by default a `preprocessor_class`, which turns rows into batches of
      tokens and numeric labels; and `extra_inputs`, numbers in addition to the text;
    - its head: `make_head`, which returns a layer, and `logits(encoder_outputs, training)`, which computes
      the input of the loss from the encoder's outputs. `first_token_only` says that it only uses the vector
      of `[CLS]`, `needs_pooler` that it uses `pooled_output`;
    - its loss and metrics: `default_loss` and `default_metrics`;
    - its answers: `answers(logits)`, a dict of named tensors, of which `predict` returns `output` (through
      `postprocess`); `endpoint` is their name in exports. A call, `train_on_batch`, `test_on_batch` and
      `predict_on_batch` only work with tokens and logits; `predict` returns answers;
    - its files: `head_names`, the names of the heads in checkpoints, and `preset_arguments`, the arguments
      that a checkpoint stores.

    For a custom head alone, override `make_head` in a subclass of the task that has the right answers.

    Args:
        encoder: `BertEncoder`.
        preprocessor: `kerasbert.preprocessing.Preprocessor`, whose vocabulary fits the encoder's embedding.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: if the vocabulary is larger than the embedding, `max_sequence_length` is larger than the
            encoder's, or the encoder has no pooler although the task needs one.

    Example: a custom head. `TextTask` has an example of a whole task.

    >>> from kerasbert.tasks import BertTextClassifier
    >>> class Deep(BertTextClassifier):
    ...     def make_head(self):
    ...         layers = [keras.layers.Dense(4, "gelu"), keras.layers.Dense(len(self.labels))]
    ...         return keras.Sequential(layers, name=self.head_names[0])
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> isinstance(Deep(BertEncoder(config), tokenizer, labels=["bad", "good"]), Task)
    True
    """

    first_token_only = False
    token_axes = 2  # the number of axes of a batch of tokens: B, S

    def __init__(self, encoder: BertEncoder, preprocessor: Preprocessor, **kwargs: Any) -> None:
        refuse_other_names(kwargs, type(self).__name__)
        super().__init__(**kwargs)
        self.encoder = encoder
        self.load_report = None
        if self.needs_pooler and encoder.pooler is None:
            raise checks.invalid(
                f"The encoder of a {type(self).__name__} must have a pooler.",
                fix="Build it with `pooler=True`.",
                where=self.name,
                pooler=None,
            )
        self.preprocessor = preprocessor

    # === Tokens in, logits out ===

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Computes the logits of tokens."""
        if not is_tokens(inputs):
            raise checks.invalid(
                "Calling a task, and `train_on_batch`, `test_on_batch` and `predict_on_batch`, take tokens: "
                "a dict with `token_ids`.",
                fix="Pass `task.preprocessor(texts)`; or call `fit`, `evaluate` or `predict` with texts.",
                where=self.name,
                kind=TypeError,
                inputs=inputs,
            )
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs: Tensors, training: bool | None = None) -> Any:
        """See the class."""
        extra = self.extra_of(inputs)
        tokens = {name: value for name, value in inputs.items() if name not in extra}
        outputs = self.encoder(tokens, first_token_only=self.first_token_only, training=training)
        mask = inputs.get("padding_mask")
        mask = ops.ones_like(inputs["token_ids"]) if mask is None else mask
        logits = self.sequence_logits if len(mask.shape) == 1 else self.logits
        return logits(outputs | {"padding_mask": mask} | extra, training=training)

    def answer_tokens(self, tokens: Tensors) -> Tensors:
        """Computes the `answers` for a batch of tokens `(B, S)` or for one sequence `(S,)`."""
        return self.answers(Task.call(self, tokens, training=False))

    @property
    def answer_names(self) -> tuple[str, ...]:
        """The names of `answers`."""
        return (self.output,)

    # === Keras' loops ===

    def fit(
        self,
        x: Rows = None,
        y: Labels = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[Any, float] | str | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on texts, in batches of similar length, padded to the longest text of the batch.

        With XLA, batches are padded to one of eight lengths, because XLA compiles again for each length. On
        TPUs, rows that do not fill a batch are left out, different ones in each epoch. A `WarmupLinearDecay`
        without `total_steps` covers the steps of all `epochs`; the steps before `initial_epoch` count as
        done, so a model that was loaded continues its schedule.

        Args:
            x: texts: a sequence of str (list, tuple, array, pandas Series, column of a Hugging Face data set;
                a single str is refused); a tuple of two such sequences; a dict of `text` and `text_pair`;
                the rows of a reader of `kerasbert.data`, or a `tf.data.Dataset` of `(x, y)`, which are both
                read part by part, and once more beforehand if the rows have to be counted; or tokens, as a
                `BertTokenizer` returns them.
            y: the task's labels, one for each row; None if `x` contains the labels.
            batch_size: int or None for 32; not used for a data set of batches.
            validation_data: `(x, y)`, `(x, y, sample_weight)`, a data set or the rows of a reader; texts and
                labels as above. A list of str is `x` without labels, for tasks that need none.
            class_weight: as in `keras.Model.fit`, for tasks whose rows have one class each: a dict of class
                names or numbers -> weight; classes that are not in it have weight 1. Or `"balanced"`: the
                weight of a class is the number of rows, divided by the number of classes that occur and by
                the number of rows of this class, so that all classes have the same influence.
            validation_split: float, the fraction of rows at the end that are held out for validation. The
                rows of a reader are counted first.
            epochs, verbose, callbacks, shuffle, sample_weight, initial_epoch, steps_per_epoch,
                **kwargs: as in `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            TypeError, ValueError: if a row is not text, or a label is not one of the task's; the message
                names the row.

        Warns:
            UserWarning: if texts were longer than `max_sequence_length`, with their number; and, after the
                first epoch, if more than a tenth of the tokens are `[UNK]`.
        """
        check_distribution()
        self.check_strategy()
        tokens = is_tokens(x)
        if tokens and not is_dataset(x) and self.tokenizer is not None:
            warn_of_tokens(x["token_ids"], self.tokenizer)
        self.agree_on_seed()
        batch_size = checked_batch_size(batch_size, self.name)
        resume, order = resuming(callbacks), shuffle
        if resume is not None:
            resume.see_data(x, y, sample_weight, class_weight, batch_size, shuffle, validation_split)
            if shuffle and keras.backend.backend() == "tensorflow":
                order = resume.see_order(RowOrder())
        preprocessor = self.preprocessor.for_one_call()
        if class_weight is not None:
            class_weight = self.class_weights(class_weight, x, y)
        if validation_split and not is_tokens(x):
            split = split_rows(preprocessor, x, y, sample_weight, validation_split)
            x, y, sample_weight, validation_data = split
            validation_split = 0.0
        x, y, sample_weight = self.labelled(preprocessor, x, y, sample_weight, batch_size, order)
        if is_dataset(x) and self.on_tpu():
            x = full_batches(x)
        if validation_data is not None:
            held_out = validation_data if type(validation_data) in (tuple, list) else (validation_data,)
            if any(isinstance(part, str) for part in held_out):  # rows of text, for a task without labels
                held_out = (validation_data,)
            held_out = (*held_out, None, None)[:3]
            held_out = self.labelled(preprocessor, *held_out, batch_size, where="validation_data")
            validation_data = held_out[0] if is_dataset(held_out[0]) else held_out
        elif validation_split and not is_dataset(x):
            (x, y, sample_weight), validation_data = cut_arrays((x, y, sample_weight), validation_split)
            validation_split = 0.0
        if is_dataset(x) and not tokens and self.tokenizer is not None:
            unknown = UnknownTokens(self.tokenizer)
            x, callbacks = unknown.watch(x), [unknown, *keras.tree.flatten(callbacks or [])]
        with self.planned(x, batch_size, steps_per_epoch, initial_epoch, epochs):
            if resume is not None:
                x, y, sample_weight = resume.entered(x, y, sample_weight, batch_size, steps_per_epoch)
            history = super().fit(
                x,
                y,
                batch_size=None if is_dataset(x) else batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_split=validation_split,
                validation_data=validation_data,
                shuffle=shuffle and not is_dataset(x),
                class_weight=class_weight,
                sample_weight=sample_weight,
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                **kwargs,
            )
        preprocessor.warn_if_truncated()
        return history

    def labelled(
        self,
        preprocessor: Preprocessor,
        x: Rows,
        y: Labels,
        sample_weight: Any,
        batch_size: int | None,
        shuffle: bool | RowOrder = False,
        where: str = "x",
    ) -> tuple[Any, Any, Any]:
        """Returns the batches that `preprocessor` makes of labelled rows, in shapes that suit XLA."""
        tokens = is_tokens(x)
        x, y, sample_weight = preprocessor.labelled(x, y, sample_weight, batch_size, shuffle, where)
        check_some_rows(x, where)
        if is_dataset(x) and not tokens:
            x = self._in_few_lengths(x, preprocessor)
        return x, y, sample_weight

    def _in_few_lengths(self, batches, preprocessor):
        """Pads batches of texts to few different lengths if XLA compiles for each of them."""
        if not self.jit_compile:
            return batches
        return few_lengths(batches, self.max_sequence_length, preprocessor.labels_at_tokens)

    def class_weights(self, class_weight: Any, x: Rows, y: Labels) -> dict[int, float]:
        """Returns the weights of classes by number; raises ValueError if rows do not have one class each."""
        raise checks.invalid(
            "`class_weight` is only possible if each row has one class, which is not so for this task.",
            fix="Pass `sample_weight`, a weight for each row.",
            where=f"{self.name}.fit",
            class_weight=class_weight,
        )

    def evaluate(
        self,
        x: Rows = None,
        y: Labels = None,
        batch_size: int | None = None,
        *args: Any,
        sample_weight: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Returns the loss and metrics on texts; for arguments see `fit` and `keras.Model.evaluate`."""
        if is_validation_of_fit(kwargs):  # `fit` has already prepared these rows
            return super().evaluate(x, y, batch_size, *args, sample_weight=sample_weight, **kwargs)
        batch_size = checked_batch_size(batch_size, self.name)
        preprocessor = self.preprocessor.for_one_call()
        x, y, sample_weight = self.labelled(preprocessor, x, y, sample_weight, batch_size)
        results = super().evaluate(
            x, y, None if is_dataset(x) else batch_size, *args, sample_weight=sample_weight, **kwargs
        )
        preprocessor.warn_if_truncated()
        return results
