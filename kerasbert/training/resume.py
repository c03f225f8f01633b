"""Resumes a `fit` that was interrupted."""

import json
import pathlib
from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.keras_private import begin_with_epoch
from kerasbert.optional import tensorflow as tf
from kerasbert.training.run_data import fingerprint
from kerasbert.training.snapshots import restore_snapshot, save_snapshot, snapshots
from kerasbert.types import PathLike


class ResumeTraining(keras.callbacks.Callback):
    """Saves the whole training state after each epoch, so that an interrupted `fit` can resume.

    After a crash, call `fit` again in the same way: it continues after the last epoch that was saved.
    Weights, the optimizer's state, the states of random generators and the order of the rows are saved, so on
    a CPU the final weights are identical, to the bit, to those of a run without interruption. Each file
    appears whole or not at all, and has a checksum. The last two are kept until `fit` ends. If the newest is
    damaged, training resumes from the one before, with a warning. (`keras.callbacks.BackupAndRestore`
    overwrites its only file, so a crash during writing loses it.)

    The second call must repeat the first: the same model, optimizer and learning rate, loss, numbers of
    epochs and steps, and data. Rows in memory are compared by their content, and rows of a `tf.data.Dataset`
    or a reader by their types and their number. Your own `tf.data.Dataset` must give the same rows in each
    process, so it must not be shuffled at random. With `steps_per_epoch`, rows are repeated endlessly: a new
    pass over them may begin within an epoch.

    With a strategy of several hosts, the chief writes the files and all hosts read them, so all hosts need
    access to the folder. On JAX and PyTorch, the global random generators of NumPy and PyTorch, which shuffle
    rows there, get a new seed in each epoch.

    Args:
        folder: str or path, a folder for this `fit` alone.

    Raises:
        ValueError: if the folder contains the snapshots of another run, or only damaged ones.

    Warns:
        UserWarning: if the newest snapshot is damaged.

    Example:

    >>> import tempfile
    >>> from kerasbert import BertTextClassifier
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> task = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> task.compile()
    >>> resume = ResumeTraining(tempfile.mkdtemp())
    >>> history = task.fit(["good film"], ["good"], epochs=2, verbose=0, callbacks=[resume])
    """

    def __init__(self, folder: PathLike) -> None:
        super().__init__()
        self._folder = pathlib.Path(folder)
        self._data, self._order, self._steps = None, None, None
        self._passed_over, self._batches_to_a_pass = 0, 0

    # === What a task's `fit` calls ===

    def see_data(self, *arguments: Any) -> None:
        """Called when `fit` begins: remembers a fingerprint of the arguments that `fit` was given."""
        self._data, self._order, self._steps = fingerprint(*arguments), None, None
        self._passed_over = 0

    def see_order(self, order: Any) -> Any:
        """Remembers the `RowOrder` that decides the order of rows, and returns it."""
        self._order = order
        return order

    def entered(
        self, x: Any, y: Any, sample_weight: Any, batch_size: int, steps_per_epoch: int | None
    ) -> tuple[Any, Any, Any]:
        """Puts arrays or batches in the order of `see_order`, starting where an interrupted run stopped.

        Args:
            x, y, sample_weight: as for `keras.Model.fit`.
            batch_size: int, used for arrays.
            steps_per_epoch: int or None.

        Returns:
            The new `x`, `y` and `sample_weight`.
        """
        if self._order is not None and not hasattr(x, "element_spec"):
            if isinstance(y, dict) and sample_weight is not None and not isinstance(sample_weight, dict):
                sample_weight = dict.fromkeys(y, sample_weight)
            arrays = tuple(part for part in (x, y, sample_weight) if part is not None)
            x = self._order.batches(keras.tree.map_structure(_as_keras_takes_it, arrays), batch_size)
            y, sample_weight = None, None
        if steps_per_epoch and hasattr(x, "element_spec"):
            x = self._without_end(x, steps_per_epoch)
        return x, y, sample_weight

    def _without_end(self, batches, steps_per_epoch):
        self._steps, self._batches_to_a_pass = steps_per_epoch, int(batches.cardinality())

        def entered(_):
            skip = tf.numpy_function(lambda: np.int64(self._passed_over), [], tf.int64)
            return batches.repeat().skip(tf.ensure_shape(skip, []))

        stream = tf.data.Dataset.range(1).flat_map(entered)
        return stream.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))

    # === What Keras calls ===

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Restores the newest snapshot, if there is one."""
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        self._state = {
            "run": self._run(),
            "epochs": 0,
            "order": self._order and self._order.seed,
            # The seed of the generators that shuffle on JAX and PyTorch.
            "seed": None if _on_tensorflow() else int(np.random.randint(2**31)),
        }
        done, state = restore_snapshot(self._folder, self.model, self._check)
        if done:
            begin_with_epoch(self.model, done)  # as Keras' own callback does
            self._state = state
            self._enter(state)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """On JAX and PyTorch, makes the order of rows depend only on the saved seed and the epoch."""
        if not _on_tensorflow():
            seed = (self._state["seed"] + epoch) % 2**32
            np.random.seed(seed)
            if keras.backend.backend() == "torch":
                checks.require("torch", "pip install torch").manual_seed(seed)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves a snapshot."""
        self._state["epochs"] += 1
        if self._is_chief():
            save_snapshot(self._folder, self.model, epoch + 1, self._state)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Removes the snapshots."""
        if self._is_chief():
            for path in snapshots(self._folder):
                path.unlink()

    # === What identifies a run ===

    def _enter(self, state):
        """Restores the order of rows, and the place in it where the run stopped."""
        passes = state["epochs"]
        if self._steps:
            passes, self._passed_over = 0, state["epochs"] * self._steps
            if self._batches_to_a_pass > 0:
                passes, self._passed_over = divmod(self._passed_over, self._batches_to_a_pass)
        if self._order is not None:
            self._order.seed = state["order"]
            self._order.passes += passes

    def _run(self):
        """The settings that must be the same when a `fit` is resumed, by name."""
        compiled = self.model.get_compile_config() or {}
        names = ("optimizer", "loss", "loss_weights", "r_drop")
        run = {name: compiled.get(name) for name in names}
        run |= {"data": self._data, "epochs": self.params["epochs"], "steps": self.params["steps"]}
        return dict(_flat(json.loads(json.dumps(run, default=str))))

    def _check(self, state, path):
        """Raises ValueError if a snapshot belongs to another run."""
        began, now = (state or {}).get("run", {}), self._state["run"]
        changed = sorted(name for name in {*began, *now} if began.get(name) != now.get(name))
        if changed:
            raise checks.invalid(
                "A run must go on with the settings and the data that it began with.",
                fix="Pass the same settings and data again, or choose another folder to begin a new run.",
                where=str(path),
                changed=changed,
                began_with=[began.get(name) for name in changed],
                now=[now.get(name) for name in changed],
            )

    def _is_chief(self):
        strategy = getattr(self.model, "distribute_strategy", None)
        return strategy is None or strategy.extended.should_checkpoint


def resuming(callbacks):
    """The `ResumeTraining` among the callbacks that were passed to `fit`, or None."""
    callbacks = getattr(callbacks, "callbacks", callbacks)
    callbacks = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    return next((callback for callback in callbacks if isinstance(callback, ResumeTraining)), None)


def _as_keras_takes_it(array):
    array = keras.ops.convert_to_numpy(array)
    return array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array


def _on_tensorflow():
    return keras.backend.backend() == "tensorflow"


def _flat(values, path=""):
    """Pairs of path and value in nested dicts, without names, which Keras numbers through a process."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{name}.")
        elif name != "name":
            yield f"{path}{name}", value
