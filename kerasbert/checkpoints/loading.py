"""Puts the weights of an open checkpoint into a model."""

import warnings

import keras
import numpy as np

from kerasbert import checks
from kerasbert.checkpoints.report import LoadReport
from kerasbert.checkpoints.tensor_files import ALIGNMENT, aligned_empty
from kerasbert.optional import tensorflow as tf


def load_weights(model, checkpoint, fresh_heads=()):
    """Puts the weights of a checkpoint into an encoder or a task: all of them, or none if anything is wrong.

    Args:
        model: with `named_weights()`.
        checkpoint: `Checkpoint`.
        fresh_heads: heads of the model that keep their start.

    Returns:
        `LoadReport`.

    Raises:
        ValueError: if a weight of the encoder other than the pooler's is missing, a shape differs, or the
            file is damaged. The model is then as it was.

    Warns:
        UserWarning: if the file holds weights that the model has no place for, or lacks some of the model's,
            other than a head that it was never saved with.
    """
    variables = model.named_weights()
    names = {path: checkpoint.find(path) for path in variables if _head(path) not in fresh_heads}
    loaded = {path: name for path, name in names.items() if name is not None}
    initialized = tuple(path for path in variables if path not in loaded)
    _check_complete(checkpoint, initialized)
    for path, name in loaded.items():
        _check_shape(checkpoint, path, name, tuple(variables[path].shape))
    for name in loaded.values():
        checkpoint.tensors.check(name)
    for path, name in loaded.items():
        value = checkpoint.tensors.read(name)
        _assign(variables[path], checkpoint.places[path].to_ours(value, tuple(variables[path].shape)))
    report = _report(checkpoint, loaded, initialized)
    _warn(checkpoint, report)
    return report


def _assign(variable, value):
    """Gives a variable a value. TensorFlow copies an array twice on that way, unless it comes by DLPack."""
    if keras.backend.backend() == "tensorflow" and value.dtype == variable.dtype == "float32":
        if value.ctypes.data % ALIGNMENT or not value.flags.c_contiguous:
            aligned = aligned_empty(value.shape)
            np.copyto(aligned, value)
            value = aligned
        value = tf.experimental.dlpack.from_dlpack(value.__dlpack__())
    variable.assign(value)


def own_weights(layer, name=None):
    """Returns the weights of a layer by path, such as `masked_lm/dense/kernel`.

    Args:
        layer: `keras.Layer`.
        name: str or None, what stands for the layer's name in a path; None: its name.
    """
    return {
        f"{name or layer.name}/{weight.path.partition(f'{layer.name}/')[2]}": weight
        for weight in layer.weights
    }


def _head(path):
    return path.split("/")[0]


def _check_complete(checkpoint, initialized):
    missing = [
        place.name if (place := checkpoint.places.get(path)) else path
        for path in initialized
        if _head(path) == "encoder" and not path.startswith("encoder/pooler/")
    ]
    if missing:
        raise checks.invalid(
            "The file must hold every weight of the encoder.",
            fix="Check that it is a model with as many layers as its config says.",
            where=str(checkpoint.tensors.path),
            missing=missing,
            found=sorted(checkpoint.tensors.shapes),
        )


def _check_shape(checkpoint, path, name, shape):
    expected = checkpoint.places[path].shape_there(shape)
    if checkpoint.tensors.shapes[name] != expected:
        raise checks.invalid(
            f"The shape of `{name}` must be that of the model, {expected}.",
            fix="Use the config that was saved with these weights.",
            where=str(checkpoint.tensors.path),
            shape=checkpoint.tensors.shapes[name],
        )


def _report(checkpoint, loaded, initialized):
    known = {*loaded.values(), *checkpoint.bookkeeping}
    used = set(loaded.values())
    # A prefix is no other name.
    renamed = {
        actual: modern
        for modern, actual in checkpoint.names.items()
        if actual in used and not actual.endswith(modern)
    }
    ignored = tuple(name for name in sorted(checkpoint.tensors.shapes) if name not in known)
    return LoadReport(str(checkpoint.tensors.path), loaded, initialized, ignored, renamed)


def _warn(checkpoint, report):
    # A new head on an encoder that never had one is what `from_preset` is for; and a model that has no use
    # for the pooler does not lose it.
    lost = [path for path in report.initialized if _head(path) in {"encoder", *checkpoint.heads}]
    pooler = {checkpoint.find(path) for path in checkpoint.places if path.startswith("encoder/pooler/")}
    if lost or set(report.ignored) - pooler:
        warnings.warn(f"Not every weight found its place.\n{report}", stacklevel=4)
