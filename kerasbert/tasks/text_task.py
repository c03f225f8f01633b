"""Tasks with strings in `fit`, `evaluate` and `predict`."""

import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.data import RowStream, few_lengths, full_batches, is_dataset, is_tokens
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.feed import Feed
from kerasbert.tasks.task import BATCH_SIZE, Task
from kerasbert.text import TOKEN_INPUTS


class TextTask(Task):
    """The base of tasks that take strings: Keras' training loop, fed with texts.

    A subclass says what its labels are (`label_numbers`, `label_function`), how encoder outputs become
    `logits` and these `answers`, of which `output` is the one that `predict` returns (by `postprocess`), what
    exports call it (`endpoint`) and whether it reads `[CLS]` alone (`first_token_only`); one with other rows
    than texts or pairs has a `feed_class` of its own. Arguments and errors are those of `Task`.
    """

    feed_class = Feed
    token_axes = 2  # of a batch of tokens: B, S
    first_token_only = False

    def __call__(self, inputs, *args, **kwargs):
        """The logits of tokens."""
        if not is_tokens(inputs):
            raise checks.invalid(
                "A call, `train_on_batch` and their like take tokens, a dict with `token_ids`.",
                fix="Pass `task.tokenizer(texts)`; or call `fit`, `evaluate` or `predict`, which take texts.",
                where=self.name,
                kind=TypeError,
                inputs=inputs,
            )
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs, training=None):
        """See the class."""
        outputs = self.encoder(inputs, first_token_only=self.first_token_only, training=training)
        mask = inputs.get("padding_mask")
        mask = ops.ones_like(inputs["token_ids"]) if mask is None else mask
        return self.logits(outputs | {"padding_mask": mask}, training=training)

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        **kwargs,
    ):
        """Trains on texts, in batches of about one length, padded to the longest.

        Compiled by XLA, batches are padded to one of eight lengths, since it compiles anew for each; on TPUs
        rows that do not fill a batch are left out, others in each epoch.

        Args:
            x: texts: a sequence of str (list, array, pandas Series, column of a Hugging Face data set); a
                tuple of two such sequences; a dict of `text` and `text_pair`; what a reader of
                `kerasbert.data` returns, or a `tf.data.Dataset` of `(x, y)`, both read part by part, and
                through once more to count the rows if need be; or tokens, as a `BertTokenizer` returns them.
            y: the task's labels, one to a row; None where rows bring their own.
            batch_size: int or None for 32; not used for a data set of batches.
            validation_data: `(x, y)`, `(x, y, sample_weight)`, a data set or what a reader returns; labels
                and texts as above.
            epochs, verbose, callbacks, validation_split, shuffle, class_weight, sample_weight,
                initial_epoch, steps_per_epoch, **kwargs: of `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            TypeError, ValueError: if texts or labels are none; the message names the row.

        Warns:
            UserWarning: if texts were longer than `max_sequence_length`; it says how many.
        """
        batch_size = batch_size or BATCH_SIZE
        feed = self.feed_class(self)
        self.agree_on_seed()
        if validation_split and not (is_dataset(x) or is_tokens(x) or isinstance(x, RowStream)):
            x, y, sample_weight, validation_data = feed.split(x, y, sample_weight, validation_split)
            validation_split = 0.0
        x, y, sample_weight = self._labelled(feed, x, y, sample_weight, batch_size, shuffle)
        if is_dataset(x) and self.on_tpu():
            x = full_batches(x)
        if validation_data is not None:
            held_out = validation_data if isinstance(validation_data, (tuple, list)) else (validation_data,)
            held_out = (*held_out, None, None)[:3]
            held_out = self._labelled(feed, *held_out, batch_size, where="validation_data")
            validation_data = held_out[0] if is_dataset(held_out[0]) else held_out
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
        feed.warn_if_truncated()
        return history

    def _labelled(self, feed, x, y, sample_weight, *args, **kwargs):
        """As `Feed.labelled`, in shapes that suit the compiler."""
        tokens = is_tokens(x)
        x, y, sample_weight = feed.labelled(x, y, sample_weight, *args, **kwargs)
        if is_dataset(x) and not tokens:
            x = self._in_few_lengths(x, feed)
        return x, y, sample_weight

    def _in_few_lengths(self, batches, feed):
        """Batches of texts, padded to few lengths where XLA compiles for each."""
        if not self.jit_compile:
            return batches
        return few_lengths(batches, self.max_sequence_length, feed.labels_at_tokens)

    def evaluate(self, x=None, y=None, batch_size=None, *args, sample_weight=None, **kwargs):
        """Returns the loss and the metrics on texts; arguments as of `fit` and `keras.Model.evaluate`."""
        batch_size = batch_size or BATCH_SIZE
        feed = self.feed_class(self)
        x, y, sample_weight = self._labelled(feed, x, y, sample_weight, batch_size)
        results = super().evaluate(
            x, y, None if is_dataset(x) else batch_size, *args, sample_weight=sample_weight, **kwargs
        )
        feed.warn_if_truncated()
        return results

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Returns the task's answers, one to a row, in the order of `x`.

        Args:
            x: texts or tokens, as for `fit`. What a reader returns is read and answered part by part, each
                with a progress bar of its own; labels are left aside.
            batch_size: int or None for 32.
            verbose, steps, callbacks: of `keras.Model.predict`; `steps` with a `tf.data.Dataset` or tokens.

        Raises:
            TypeError, ValueError: if texts are none, or `steps` is given with texts in memory.
        """
        feed = self.feed_class(self)
        arguments = {"verbose": verbose, "steps": steps, "callbacks": callbacks}
        found = [self._predict(feed, x, where, batch_size, arguments) for x, _, where in feed.parts(x)]
        feed.warn_if_truncated()
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _predict(self, feed, x, where, batch_size, arguments):
        batch_size, order = batch_size or BATCH_SIZE, None
        if not is_tokens(x):
            x, order = feed.unlabelled(x, batch_size, where)
        if order is not None and arguments["steps"] is not None:
            raise checks.invalid(
                "`steps` must be None for texts in memory: they are answered in the order of their lengths.",
                fix="Pass fewer texts, such as `x[:64]`.",
                where=where,
                steps=arguments["steps"],
            )
        if order is not None and not len(order):
            return self.postprocess(np.zeros((0, *self.logits_shape), "float32"))
        logits = super().predict(x, None if is_dataset(x) else batch_size, **arguments)
        if order is not None:
            logits = logits[np.argsort(order)]
        if isinstance(logits, np.ndarray):  # `ops.cast` on PyTorch leaves arrays of bfloat16 as they are
            logits = logits.astype("float32", copy=False)
        return self.postprocess(logits)

    def predict_by(self, run, x, batch_size=None):
        """As `predict`, by whatever else runs this model, such as an exported file.

        Args:
            run: function of a batch of tokens, a dict of int tensors `(B, S)`, that returns the task's
                `answers`: arrays by name.
            x: texts, as for `predict`.
            batch_size: int or None for 32.

        Returns:
            What `predict` returns.
        """
        batches, order = self.feed_class(self).unlabelled(x, batch_size or BATCH_SIZE)
        answers = [np.asarray(run(tokens)[self.output]) for tokens in batches]
        return np.concatenate(answers)[np.argsort(order)]

    def points(self, predictions, x, y):
        """The scores of predictions, wherever they come from, by right labels.

        Args:
            predictions: what `predict(x)` returns, or `predict_by`.
            x, y: texts and labels, as for `fit`, in memory.

        Returns:
            dict, name -> float from 0 to 100: the task's measures; none where labels are numbers.
        """
        decided = self.decisions(predictions)
        if decided is None:
            return {}
        numbers = self.label_numbers(y, "y")
        right = [np.all(one == two) for one, two in zip(decided, numbers, strict=True)]
        return {"accuracy": 100 * float(np.mean(right))}

    def answer_tokens(self, tokens):
        """The `answers` to a batch of tokens `(B, S)`, or to one sequence `(S,)`."""
        return self.answers(TextTask.call(self, tokens, training=False))

    def comparable(self, answers, padding_mask):
        """What is compared of the `answers` of this model and of an export: an array of numbers near 1."""
        return np.asarray(answers[self.output])

    @property
    def answer_names(self):
        """The names of `answers`."""
        return (self.output,)

    def make_predict_function(self, force=False):
        """Makes Keras' predict function; on TensorFlow traced once, for batches of any shape."""
        made_before = self.predict_function is not None and not force
        super().make_predict_function(force)
        trace = getattr(self.predict_function, "get_concrete_function", None)
        if trace and not made_before and self.steps_per_execution == 1:
            trace(self._predict_specs())
        return self.predict_function

    def _predict_specs(self):
        """What `predict` gives Keras' predict function."""
        return [{name: tf.TensorSpec((None,) * self.token_axes, tf.int32) for name in TOKEN_INPUTS}]
