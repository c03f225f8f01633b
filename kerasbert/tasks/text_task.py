"""Tasks that answer rows of texts."""

import numpy as np

from kerasbert import checks
from kerasbert.data import is_dataset, is_tokens
from kerasbert.preprocessing import checked_batch_size
from kerasbert.tasks.task import Task


class TextTask(Task):
    """The base of tasks on texts. Unless a subclass says otherwise, a row of texts has one row of numbers.

    A subclass has `logits_shape`, the shape of a row of them.
    """

    def compute_output_shape(self, inputs_shape):
        """Returns the shape of the logits, of a dict of the inputs' shapes."""
        return (*inputs_shape["token_ids"][:-1], *self.logits_shape)

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Returns the task's answers, one to a row, in the order of `x`.

        Args:
            x: texts or tokens, as for `fit`. What a reader returns is read and answered part by part, each
                with a progress bar of its own; labels are left aside.
            batch_size: int or None for 32.
            verbose, steps, callbacks: of `keras.Model.predict`; `steps` with a `tf.data.Dataset` or tokens.

        Raises:
            TypeError, ValueError: if a row is not text, or `steps` is given with texts in memory.
        """
        preprocessor = self.preprocessor.for_one_call()
        arguments = {"verbose": verbose, "steps": steps, "callbacks": callbacks}
        found = [
            self._predict(preprocessor, x, where, batch_size, arguments)
            for x, _, where in preprocessor.parts(x)
        ]
        preprocessor.warn_if_truncated()
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _predict(self, preprocessor, x, where, batch_size, arguments):
        batch_size, order = checked_batch_size(batch_size, self.name), None
        if is_tokens(x):
            x = preprocessor.tokens(x, where)
        else:
            x, order = preprocessor.unlabelled(x, batch_size, where)
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

    def postprocess(self, logits):
        """What `predict` returns: the answers `(rows, ...)`, a float32 array."""
        return np.asarray(self.answers(logits)[self.output])

    def predict_with(self, run, x, batch_size=None):
        """As `predict`, by whatever else runs this model, such as an exported file.

        Args:
            run: function of a batch of tokens, a dict of int tensors `(B, S)`, that returns the task's
                `answers`: arrays by name.
            x: texts, as for `predict`.
            batch_size: int or None for 32.

        Returns:
            What `predict` returns.
        """
        batches, order = self.preprocessor.for_one_call().unlabelled(
            x, checked_batch_size(batch_size, self.name)
        )
        answers = [np.asarray(run(tokens)[self.output]) for tokens in batches]
        return np.concatenate(answers)[np.argsort(order)]

    def points(self, predictions, x, y):
        """The scores of predictions, wherever they come from, by right labels.

        Args:
            predictions: what `predict(x)` returns, or `predict_with`.
            x, y: texts and labels, as for `fit`, in memory.

        Returns:
            dict, name -> float from 0 to 100: the task's measures; none where labels are numbers.
        """
        decided = self.decisions(predictions)
        if decided is None:
            return {}
        numbers = self.preprocessor.label_numbers(y, "y")
        right = [np.all(one == two) for one, two in zip(decided, numbers, strict=True)]
        return {"accuracy": 100 * float(np.mean(right))}

    def compared_values(self, answers, padding_mask):
        """What is compared of the `answers` of this model and of an export: an array of numbers near 1."""
        return np.asarray(answers[self.output])
