"""The base class of tasks that answer rows of texts."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data import RowStream, is_dataset, is_tokens, no_rows
from kerasbert.preprocessing import Preprocessor, checked_batch_size
from kerasbert.tasks.answering import Answering
from kerasbert.tasks.task import Task
from kerasbert.types import Labels, Rows, Shape, Tensor, Tensors


class TextTask(Answering, Task):
    """The base class of tasks on texts. By default, each row of texts has one row of logits.

    A subclass defines `logits_shape`, the shape of one row of logits, and what `Task` lists.

    Example: a task of your own, which answers with a number from 0 to 5.

    >>> import keras
    >>> from kerasbert.preprocessing import TextPreprocessor
    >>> from kerasbert.tasks.measures import Target
    >>> class Stars(TextTask):
    ...     head_names, needs_pooler, first_token_only = ("stars",), True, True
    ...     output, logits_shape, target = "stars", (1,), Target("numbers", 1)
    ...
    ...     def __init__(self, encoder, preprocessor, **kwargs):
    ...         super().__init__(encoder, preprocessor, **kwargs)
    ...         self.add_head((None, encoder.config.hidden_dim), (None, 1))
    ...
    ...     def make_head(self):
    ...         return keras.layers.Dense(1, name="stars")
    ...
    ...     def logits(self, encoder_outputs, training=None):
    ...         return self.apply_head(encoder_outputs["pooled_output"], training)
    ...
    ...     def answers(self, logits):
    ...         return {"stars": 5 * keras.ops.sigmoid(logits)}
    ...
    ...     def default_loss(self):
    ...         return keras.losses.MeanSquaredError()
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> rows = TextPreprocessor(tokenizer, ["stars"], problem="regression", max_sequence_length=16)
    >>> task = Stars(BertEncoder(config), rows)
    >>> task.compile()
    >>> history = task.fit(["good", "bad"], [5.0, 1.0], verbose=0)
    >>> task.predict(["good good"], verbose=0).shape
    (1, 1)
    """

    def compute_output_shape(self, inputs_shape: dict[str, Shape]) -> Any:
        """Returns the shape of the logits, given a dict of the inputs' shapes."""
        return (*inputs_shape["token_ids"][:-1], *self.logits_shape)

    def predict(
        self,
        x: Rows,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> np.ndarray | Any:
        """Returns the task's answers, one for each row, in the order of `x`.

        Args:
            x: texts or tokens, as for `fit`. The rows of a reader are read and answered part by part, each
                part with its own progress bar; labels are ignored.
            batch_size: int or None for 32.
            verbose, steps, callbacks: as in `keras.Model.predict`; `steps` only with a `tf.data.Dataset` or
                tokens.

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
                "`steps` must be None for texts in memory, because they are processed in the order of their "
                "lengths.",
                fix="Pass fewer texts, such as `x[:64]`.",
                where=where,
                steps=arguments["steps"],
            )
        if order is not None and not len(order):
            return self._no_answers()
        logits = super().predict(x, None if is_dataset(x) else batch_size, **arguments)
        if order is not None:
            logits = logits[np.argsort(order)]
        if isinstance(logits, np.ndarray):  # `ops.cast` on PyTorch leaves arrays of bfloat16 as they are
            logits = logits.astype("float32", copy=False)
        return self.postprocess(logits)

    def _no_answers(self):
        """What `predict` returns for no rows."""
        return self.postprocess(np.zeros((0, *self.logits_shape), "float32"))

    def postprocess(self, logits: Tensor) -> Any:
        """Computes what `predict` returns: the answers `(rows, ...)`, a float32 array."""
        return np.asarray(self.answers(logits)[self.output])

    def answers_with(
        self,
        preprocessor: Preprocessor,
        run: Callable[[Tensors], Tensors],
        x: Rows,
        batch_size: int | None = None,
    ) -> Any:
        """`predict_with` without the warning: `preprocessor`, of `for_one_call`, counts truncated texts."""
        batches, order = preprocessor.unlabelled(x, checked_batch_size(batch_size, self.name))
        answers = [np.asarray(run(tokens)[self.output]) for tokens in batches]
        return np.concatenate(answers)[np.argsort(order)] if answers else self._no_answers()

    def scores(self, x: Rows, y: Labels = None, **kwargs: Any) -> dict[str, float]:
        """Compares what `predict` returns with the right labels.

        Args:
            x, y: texts and labels, as for `fit`, in memory; or only `x`, the rows of a reader of
                `kerasbert.data`.
            **kwargs: arguments of `predict`.

        Returns:
            dict, name -> float from 0 to 1, such as `accuracy`; if rows have several labels,
            `subset_accuracy`, the fraction of rows whose labels are all right.

        Raises:
            ValueError: if there are no rows or labels, or the task is a regression, which has no such scores.
        """
        if isinstance(x, RowStream) and x.labelled:
            y = [row[1] for row in x]
        if y is None or is_dataset(x):
            raise checks.invalid(
                "Scores need texts, in memory or from a reader, and their labels.",
                fix="Pass `x` and `y`.",
                where=f"{self.name}.scores",
                x=type(x).__name__,
                y=None if y is None else type(y).__name__,
            )
        found = self.score_predictions(self.predict(x, **kwargs), x, y)
        if not found:
            raise checks.invalid(
                "This task predicts numbers, for which there is no score from 0 to 1.",
                fix="Call `evaluate`, with Keras metrics passed to `compile`.",
                where=f"{self.name}.scores",
            )
        return found

    def score_predictions(self, predictions: Any, x: Rows, y: Labels) -> dict[str, float]:
        """Like `scores`, but for predictions that were already made, such as those of an exported file.

        Args:
            predictions: what `predict(x)` or `predict_with` returns.
            x, y: texts and labels, as for `fit`, in memory.

        Returns:
            dict, name -> float from 0 to 1; empty if the answers are numbers.

        Raises:
            ValueError: if there are no rows.
        """
        if not len(predictions):
            raise no_rows(f"{self.name}.scores")
        hard = self.hard_predictions(predictions)
        if hard is None:
            return {}
        numbers = self.preprocessor.label_numbers(y, "y")
        right = [np.all(one == two) for one, two in zip(hard, numbers, strict=True)]
        return {"accuracy" if np.ndim(hard) == 1 else "subset_accuracy": float(np.mean(right))}

    def hard_predictions(self, predictions: Any) -> Any:
        """The part of predictions that is right or wrong: classes, spans or choices, without probabilities.

        Args:
            predictions: what `predict` returns.

        Returns:
            A sequence with an item for each row; two models give a row the same answer if their items are
            equal. None if the answers are numbers.
        """
        return None

    def compared_values(self, answers: Tensors, padding_mask: Tensor) -> np.ndarray:
        """The values of `answers` to compare between this task and an export, of a magnitude of about 1."""
        return np.asarray(answers[self.output])
