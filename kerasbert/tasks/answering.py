"""Answers of a task that something else computes, such as an exported file."""

from collections.abc import Callable
from typing import Any

from kerasbert.types import Rows, Tensors


class Answering:
    """The part of a task that answers rows with any function of tokens.

    A task defines `answers_with(preprocessor, run, x, batch_size)`, which returns what `predict` returns;
    `preprocessor`, a copy of the task's for one call, counts truncated texts and does not warn.
    """

    def predict_with(
        self,
        run: Callable[[Tensors], Tensors],
        x: Rows,
        batch_size: int | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Like `predict`, but `run` computes the answers, for example with an exported file.

        Args:
            run: function that takes a batch of tokens, a dict of int tensors `(B, S)`, and returns the task's
                `answers`, a dict of arrays by name.
            x: texts, as for `predict`.
            batch_size: int or None for 32.
            *args, **kwargs: further arguments of the task's `answers_with`, such as `top_k` of a masked
                language model.

        Returns:
            What `predict` returns.

        Warns:
            UserWarning: if texts were truncated, with their number.
        """
        preprocessor = self.preprocessor.for_one_call()
        found = self.answers_with(preprocessor, run, x, batch_size, *args, **kwargs)
        preprocessor.warn_if_truncated()
        return found
