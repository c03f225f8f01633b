"""Reads tensors by name from TensorFlow 1 and TensorFlow 2 checkpoints."""

import glob
import math
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
        # TensorFlow allocates memory for a tensor before it checks whether the file is long enough.
        parts = self.path.parent.glob(f"{glob.escape(self.path.name)}.data-*")
        size = sum(part.stat().st_size for part in parts)
        for name, shape in self.shapes.items():
            if math.prod(shape) > size:
                raise unreadable(
                    self.path, f"TensorFlow (tensor {name!r})", f"{shape} is more than the file holds"
                )

    def read(self, name):
        """Returns the tensor called `name` as a float32 (or integer) numpy array."""
        try:
            return plain(self._reader.get_tensor(name))
        except (tf.errors.OpError, RuntimeError, ValueError, IndexError) as error:
            raise unreadable(self.path, f"TensorFlow (tensor {name!r})", error) from error


def find_tensorflow_file(folder):
    """Returns the path, without `.index`, of the checkpoint in a folder, or of the latest of several.

    Raises:
        FileNotFoundError: if there is no checkpoint.
        ValueError: if there are several checkpoints, and no file `checkpoint` says which one is the latest.
    """
    paths = sorted(path.with_suffix("") for path in pathlib.Path(folder).glob("*.index"))
    if len(paths) > 1 and (latest := tf.train.latest_checkpoint(str(folder))):
        # The file `checkpoint` may name a path on the machine that wrote it, or one outside of the folder.
        paths = [path for path in paths if path.name == pathlib.Path(latest).name] or paths
    if len(paths) == 1:
        return paths[0]
    raise checks.invalid(
        "The folder must hold one TensorFlow checkpoint, such as `bert_model.ckpt.index` and its data.",
        fix="Pass the folder with the checkpoint's files, and leave only one checkpoint there.",
        where=str(folder),
        kind=ValueError if paths else FileNotFoundError,
        found=[path.name for path in paths],
    )
