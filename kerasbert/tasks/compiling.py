"""How a task is compiled: its optimizer, loss and metrics."""

from typing import Any

import keras

from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.measures import Target, loss_for, metrics_for
from kerasbert.training import BertAdamW


class Compiling:
    """The part of a task that chooses its optimizer, loss and metrics."""

    def compile(
        self,
        optimizer: Any = "auto",
        loss: Any = "auto",
        metrics: Any = "auto",
        jit_compile: bool | str = "auto",
        weighted_metrics: Any = None,
        **kwargs: Any,
    ) -> None:
        """Configures training, as `keras.Model.compile` does, with defaults that suit the task.

        Args:
            optimizer: `"auto"` for `BertAdamW()`, or any Keras optimizer.
            loss: `"auto"` for the task's loss, or any Keras loss on its logits. A cross-entropy given by name
                expects logits; one given as an object must have `from_logits=True`.
            metrics: `"auto"` for the task's metrics, or a list of metrics. Keras metrics, by name or as
                objects, get probabilities, and labels in the form that they expect; with two classes,
                metrics like `"AUC"` get the probability of the second. Metrics of your own get labels and
                logits. `"f1_score"` is the mean over the classes.
            weighted_metrics: list of metrics, as above, that apply `sample_weight` and `class_weight`.
            jit_compile: `"auto"` to use XLA where it is faster: on GPU and TPU, not on CPU.
            **kwargs: arguments of `keras.Model.compile`, and `r_drop`, float or None, such as 1.0: the weight
                of the loss term that makes two passes of a batch agree (R-Drop, Liang et al. 2021,
                https://arxiv.org/abs/2106.14448). A training step then takes about twice as long.
        """
        if jit_compile == "auto" and keras.backend.backend() == "tensorflow" and _on_cpu():
            jit_compile = False
        super().compile(
            optimizer=BertAdamW() if _is_auto(optimizer) else optimizer,
            loss=self.default_loss() if _is_auto(loss) else self._loss(loss),
            metrics=self.default_metrics() if _is_auto(metrics) else self._metrics_of(metrics),
            weighted_metrics=self._metrics_of(weighted_metrics),
            jit_compile=jit_compile,
            **kwargs,
        )

    def _loss(self, loss):
        return loss if self.target is None else loss_for(loss, self.target, self.default_loss())

    def _metrics_of(self, metrics):
        def own(output):
            found = self.default_metrics()
            return found.get(output) if isinstance(found, dict) else found

        return metrics_for(metrics, self.target, own)

    @property
    def target(self) -> Target | dict[str, Target] | None:
        """What the outputs are compared with: a `Target`, a dict of them, or None if it is not known."""
        return None

    def default_metrics(self) -> Any:
        """Returns None: no metrics besides the loss."""
        return None


def _is_auto(argument):
    return isinstance(argument, str) and argument == "auto"


def _on_cpu():
    return not (tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("TPU"))
