"""How a task is compiled: its optimizer, loss and metrics."""

from typing import Any

import keras

from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.measures import Target, loss_for, metrics_for
from kerasbert.training import BertAdamW


class Compiling:
    """The part of a task that chooses what trains and measures it."""

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
            loss: `"auto"` for the task's, or any Keras loss on its logits. By name, cross-entropies are those
                of logits; an object must say `from_logits=True`.
            metrics: `"auto"` for the task's, or a list of metrics. Those of Keras, by name or as objects, get
                probabilities, and labels in the form that they expect: of two classes, `"AUC"` and its like
                get the probability of the second. Metrics of your own get labels and logits. `"f1_score"`
                is the mean over the classes.
            weighted_metrics: list of metrics, likewise, that heed `sample_weight` and `class_weight`.
            jit_compile: `"auto"` for XLA where it pays: on GPU and TPU, not on CPU.
            **kwargs: of `keras.Model.compile`; and `r_drop`, float or None: how much it counts that a batch
                passes twice with about one result (R-Drop, Liang et al. 2021,
                https://arxiv.org/abs/2106.14448), such as 1.0. A step takes about twice as long.
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
        """What outputs are compared with: a `Target`, a dict of them, or None: unknown."""
        return None

    def default_metrics(self) -> Any:
        """None but the loss."""
        return None


def _is_auto(argument):
    return isinstance(argument, str) and argument == "auto"


def _on_cpu():
    return not (tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("TPU"))
