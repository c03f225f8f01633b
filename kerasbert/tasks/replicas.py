"""Corrections of Keras' loops for the strategies of `tf.distribute`, under which they fail on their own."""

import random
import warnings
import weakref
from typing import Any

import keras

from kerasbert.data import IGNORED
from kerasbert.keras_private import TrainerHooks, given_strategy
from kerasbert.optional import tensorflow as tf
from kerasbert.types import Labels, Rows, Tensor

# The mirrored strategies with several devices in which models have been trained.
_TRAINED: weakref.WeakSet[Any] = weakref.WeakSet()


class Replicas(TrainerHooks):
    """The part of a task that trains and evaluates on several devices and hosts."""

    def check_strategy(self) -> None:
        """Warns if models of this process are trained in different mirrored strategies."""
        if keras.backend.backend() != "tensorflow":
            return
        strategy = self.distribute_strategy
        if isinstance(strategy, tf.distribute.MirroredStrategy) and strategy.num_replicas_in_sync > 1:
            _TRAINED.add(strategy)
        if len(_TRAINED) > 1 and strategy in _TRAINED:
            warnings.warn(
                "Models are trained in different mirrored strategies of one process. TensorFlow numbers the "
                "collective operations of each strategy from the same start, so training may fail in "
                "CollectiveReduceV2. Use one strategy for all models, such as "
                "`kerasbert.training.strategy()`, "
                "which always returns the same one.",
                stacklevel=4,
            )

    def build_from_data(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Builds the metrics before the replicas do, from the shapes of the data.

        Keras would consume a batch for this, and cannot average a batch that comes from several hosts.
        """
        if iterator is not None and given_strategy(self) is not None:
            iterator, data_batch = None, iterator.data_adapter.get_tf_dataset().element_spec
        super().build_from_data(iterator, data_batch)

    def predict_on_batch(self, x: Any) -> Any:
        """Like Keras, but returns each answer once: a strategy gives every replica the whole batch."""
        found = super().predict_on_batch(x)
        if keras.backend.backend() != "tensorflow" or self.distribute_strategy.num_replicas_in_sync == 1:
            return found
        rows = keras.tree.flatten(x)[0].shape[0]
        return keras.tree.map_structure(lambda array: array[:rows], found)

    def agree_on_seed(self) -> None:
        """Makes all hosts shuffle in the same order, because each takes its part of the same batches."""
        if keras.backend.backend() != "tensorflow" or not several_hosts(self.distribute_strategy):
            return
        strategy, seed = self.distribute_strategy, random.randrange(2**31)

        def of_chief():
            is_chief = tf.distribute.get_replica_context().replica_id_in_sync_group == 0
            return tf.where(is_chief, seed, 0)

        tf.random.set_seed(int(strategy.reduce("SUM", strategy.run(of_chief), axis=None)))

    def on_tpu(self) -> bool:
        """Whether the task is trained on TPUs."""
        if keras.backend.backend() != "tensorflow":
            return False
        return isinstance(self.distribute_strategy, tf.distribute.TPUStrategy)

    def compute_loss(
        self,
        x: Rows = None,
        y: Labels = None,
        y_pred: Tensor = None,
        sample_weight: Any = None,
        training: bool | None = True,
    ) -> Tensor:
        """Returns Keras' loss as a mean over all labels; Keras averages the means of the replicas."""
        if y is None or not (_on_several_replicas() and self._loss_is_mean()):
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        labels = keras.tree.flatten(y)
        rows = tf.shape(labels[0])[0]
        counts = tf.cast([rows, *map(_count, labels)], tf.float32)
        replica = tf.distribute.get_replica_context()
        means = replica.all_reduce(tf.distribute.ReduceOp.MEAN, counts)
        row_share, *shares = tf.unstack(tf.math.divide_no_nan(counts, means))
        given = keras.tree.flatten(sample_weight)
        given = given * len(labels) if len(given) == 1 else given
        weights = [_weights(*each) for each in zip(labels, given, shares, strict=True)]
        weights = keras.tree.pack_sequence_as(y, weights)
        loss = super().compute_loss(x, y, y_pred, weights, training)
        # Keras weights the loss that it reports by rows; the gradient already has the right weight.
        return loss + tf.stop_gradient(tf.math.divide_no_nan(loss, row_share) - loss)

    def _loss_is_mean(self):
        """Whether all losses are means over labels, which is the default in Keras."""
        losses = keras.tree.flatten(self.loss)
        return all(getattr(loss, "reduction", "mean") in ("mean", "sum_over_batch_size") for loss in losses)

    def train_step(self, *args: Any, **kwargs: Any) -> Any:
        """Runs Keras' step; its logs can be averaged over several hosts."""
        return self._to_be_averaged(super().train_step(*args, **kwargs))

    def test_step(self, *args: Any, **kwargs: Any) -> Any:
        """Runs Keras' step; its logs can be averaged over several hosts."""
        return self._to_be_averaged(super().test_step(*args, **kwargs))

    def _to_be_averaged(self, logs):
        """The logs of a step; on several hosts, each with an axis of one row, because Keras averages rows."""
        if keras.backend.backend() != "tensorflow" or not several_hosts(self.distribute_strategy):
            return logs
        return {name: tf.expand_dims(value, 0) for name, value in logs.items()}


def _on_several_replicas():
    if keras.backend.backend() != "tensorflow" or tf.distribute.in_cross_replica_context():
        return False
    return tf.distribute.get_strategy().num_replicas_in_sync > 1


def _count(labels):
    """The number of labels that count."""
    if labels.dtype.is_integer:
        return tf.math.count_nonzero(labels != IGNORED, dtype=tf.int32)
    return tf.shape(labels)[0]


def _weights(labels, given, share):
    """A weight for each label, or for each row if the labels are vectors."""
    weights = tf.fill(tf.shape(labels) if labels.dtype.is_integer else tf.shape(labels)[:1], share)
    if given is None:
        return weights
    missing = len(weights.shape) - len(given.shape)
    return weights * tf.reshape(tf.cast(given, tf.float32), tf.concat([tf.shape(given), [1] * missing], 0))


def several_hosts(strategy):
    """Whether a strategy of `tf.distribute` uses several hosts."""
    kind = tf.distribute.MultiWorkerMirroredStrategy
    return isinstance(strategy, kind) and strategy.extended._in_multi_worker_mode()
