"""Reads tensors by name from TensorFlow checkpoints, of TF1 and TF2."""

import pathlib

from kerasbert import checks
from kerasbert.checkpoints.tensor_files import plain, unreadable
from kerasbert.optional import tensorflow as tf


class TensorFlowFile:
    """A TensorFlow checkpoint: an index beside one or more data files.

    Args:
        path: str or path, without `.index`.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        try:
            self._reader = tf.train.load_checkpoint(str(path))
            shapes = self._reader.get_variable_to_shape_map()
        except (tf.errors.OpError, RuntimeError, ValueError, IndexError) as error:
            raise unreadable(self.path, "TensorFlow", error) from error
        self.shapes = {name: tuple(shape) for name, shape in sorted(shapes.items())}

    def read(self, name):
        """Returns the tensor called `name` as a float32 (or integer) numpy array."""
        try:
            return plain(self._reader.get_tensor(name))
        except (tf.errors.OpError, RuntimeError, ValueError, IndexError) as error:
            raise unreadable(self.path, f"TensorFlow (tensor {name!r})", error) from error

    def check(self, name):
        """Raises ValueError if the tensor cannot be read."""
        self.read(name)


def find_tensorflow_file(folder):
    """Returns the path, without `.index`, of the checkpoint in a folder: the latest where there are several.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if there are several, and no file `checkpoint` says which is the latest.
    """
    paths = sorted(path.with_suffix("") for path in pathlib.Path(folder).glob("*.index"))
    if len(paths) > 1 and (latest := tf.train.latest_checkpoint(str(folder))):
        return pathlib.Path(latest)
    if len(paths) == 1:
        return paths[0]
    raise checks.invalid(
        "The folder must hold one TensorFlow checkpoint, such as `bert_model.ckpt.index` and its data.",
        fix="Pass the folder with the checkpoint's files; leave only one there.",
        where=str(folder),
        kind=ValueError if paths else FileNotFoundError,
        found=[path.name for path in paths],
    )
