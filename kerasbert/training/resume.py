"""A `fit` that was killed goes on."""

import pathlib

import keras

from kerasbert.keras_private import begin_with_epoch
from kerasbert.training.snapshots import restore_snapshot, save_snapshot, snapshots


class ResumeTraining(keras.callbacks.Callback):
    """Saves after each epoch all that training changes; `fit`, called again after a kill, goes on from there.

    Weights, the optimizer and the states of random numbers are saved, in files that appear whole or not at
    all; the last two stay, and go when `fit` ends. (`keras.callbacks.BackupAndRestore` writes over its one
    file, so a kill meanwhile leaves none.) Under a strategy of several hosts the chief writes, and all read:
    the folder must be one that all see.

    Args:
        folder: str or path, of this one `fit`.

    Raises:
        ValueError: if the folder holds snapshots of another model or optimizer, or a damaged one.

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

    def __init__(self, folder):
        super().__init__()
        self._folder = pathlib.Path(folder)

    def on_train_begin(self, logs=None):
        """Goes back to the newest snapshot."""
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        done = restore_snapshot(self._folder, self.model)
        if done:
            begin_with_epoch(self.model, done)  # as Keras' own callback does

    def on_epoch_end(self, epoch, logs=None):
        """Saves a snapshot."""
        if self._is_chief():
            save_snapshot(self._folder, self.model, epoch + 1)

    def on_train_end(self, logs=None):
        """Removes the snapshots."""
        if self._is_chief():
            for path in snapshots(self._folder):
                path.unlink()

    def _is_chief(self):
        strategy = getattr(self.model, "distribute_strategy", None)
        return strategy is None or strategy.extended.should_checkpoint
