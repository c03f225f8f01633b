"""Keras' loops under strategies of `tf.distribute`, where they fail by themselves."""

import random

import keras

from kerasbert.optional import tensorflow as tf


class Replicas:
    """The part of a task that trains and evaluates on several devices and hosts."""

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Makes metrics before replicas do, by the shapes of the data alone.

        Keras would use up a batch for it, and cannot average one that comes from several hosts.
        """
        if iterator is not None and self._distribute_strategy is not None:
            iterator, data_batch = None, iterator.data_adapter.get_tf_dataset().element_spec
        super()._maybe_symbolic_build(iterator, data_batch)

    def agree_on_seed(self):
        """Lets all hosts shuffle in one order: each takes its part of every batch of the same rows."""
        if keras.backend.backend() != "tensorflow" or not several_hosts(self.distribute_strategy):
            return
        strategy, seed = self.distribute_strategy, random.randrange(2**31)

        def of_chief():
            is_chief = tf.distribute.get_replica_context().replica_id_in_sync_group == 0
            return tf.where(is_chief, seed, 0)

        tf.random.set_seed(int(strategy.reduce("SUM", strategy.run(of_chief), axis=None)))

    def train_step(self, *args, **kwargs):
        """As Keras'."""
        return self._to_be_averaged(super().train_step(*args, **kwargs))

    def test_step(self, *args, **kwargs):
        """As Keras'."""
        return self._to_be_averaged(super().test_step(*args, **kwargs))

    def _to_be_averaged(self, logs):
        """The logs of a step; for several hosts as rows of one, since Keras averages rows there."""
        if keras.backend.backend() != "tensorflow" or not several_hosts(self.distribute_strategy):
            return logs
        return {name: tf.expand_dims(value, 0) for name, value in logs.items()}


def several_hosts(strategy):
    """Whether a strategy of `tf.distribute` has more hosts than this one."""
    kind = tf.distribute.MultiWorkerMirroredStrategy
    return isinstance(strategy, kind) and strategy.extended._in_multi_worker_mode()
