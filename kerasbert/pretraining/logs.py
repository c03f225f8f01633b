"""The log of a run: a line of JSON after each interval of steps, and the same values for TensorBoard."""

import json
import pathlib
import time

import keras
import numpy as np

from kerasbert.atomic import replacing
from kerasbert.optional import tensorflow as tf


class RunLog(keras.callbacks.Callback):
    """Logs the means over each interval of steps, which Keras treats as an epoch.

    A line has `step`, `loss`, the losses and accuracies of both objectives, `learning_rate`, `gradient_norm`,
    `tokens` and `tokens_per_second`. After a validation it also has the same losses and accuracies with the
    prefix `validation_`, and `validation_perplexity`.

    Args:
        folder: path, the folder for `log.jsonl` and TensorBoard's files.
        steps: int, the number of steps in an interval.
        tokens: int variable, which counts the tokens of all batches.
    """

    def __init__(self, folder, steps, tokens):
        super().__init__()
        self._path = pathlib.Path(folder) / "log.jsonl"
        self._steps = steps
        self._tokens = tokens
        self._writer = tf.summary.create_file_writer(str(folder))

    def forget_after(self, step):
        """Removes the lines after a step, which will be written again."""
        if self._path.exists():
            lines = self._path.read_text("utf-8").splitlines()
            kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= step]
            with replacing(self._path) as temporary:
                temporary.write_text("".join(line + "\n" for line in kept), "utf-8")

    def on_epoch_begin(self, epoch, logs=None):
        """Starts the clock."""
        self._began, self._tokens_before = time.perf_counter(), int(self._tokens)

    def on_train_batch_end(self, batch, logs=None):
        """Stops the clock, so that validation is not included."""
        self._seconds = time.perf_counter() - self._began

    def on_epoch_end(self, epoch, logs=None):
        """Writes a line."""
        step, optimizer = (epoch + 1) * self._steps, self.model.optimizer
        values = {name.replace("val_", "validation_", 1): float(value) for name, value in logs.items()}
        values["learning_rate"] = float(optimizer.learning_rate)
        values["gradient_norm"] = float(optimizer.gradient_norm)
        values["tokens"] = int(self._tokens) - self._tokens_before
        values["tokens_per_second"] = values["tokens"] / self._seconds
        # Without pairs there is only one loss, to which Keras gives no name of its own.
        masked = values.get("validation_masked_lm_loss", values.get("validation_loss"))
        if masked is not None:
            values["validation_perplexity"] = float(np.exp(masked))
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step} | values) + "\n")
        with self._writer.as_default(step):
            for name, value in values.items():
                tf.summary.scalar(name, value)
        self._writer.flush()
