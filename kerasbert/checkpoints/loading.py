"""Loads the weights of an open checkpoint into a model."""

import pathlib
import warnings

import keras
import numpy as np

from kerasbert import checks
from kerasbert.checkpoints.paths import head_of
from kerasbert.checkpoints.report import LoadReport
from kerasbert.checkpoints.sizes import check_complete, check_shape
from kerasbert.checkpoints.tensor_files import ALIGNMENT, aligned_empty
from kerasbert.optional import tensorflow as tf


def load_weights(model, checkpoint, fresh_heads=()):
    """Loads the weights of a checkpoint into an encoder or a task: all of them, or none if anything is wrong.

    Args:
        model: a model with `named_weights()`.
        checkpoint: `Checkpoint`.
        fresh_heads: heads of the model that keep their initial weights.

    Returns:
        `LoadReport`.

    Raises:
        ValueError: if a weight of the encoder (except the pooler) is missing, a shape differs, a number is
            NaN or infinite, or the file is damaged. The model is then left unchanged.

    Warns:
        UserWarning: if the file contains weights that the model does not have, except those of a head that
            the model does not have; or if the model has weights that the file lacks, except those of a head
            with which the checkpoint was never saved.
    """
    variables = model.named_weights()
    names = {path: checkpoint.find(path) for path in variables if head_of(path) not in fresh_heads}
    loaded = {path: name for path, name in names.items() if name is not None}
    initialized = tuple(path for path in variables if path not in loaded)
    check_complete(checkpoint, initialized)
    for path in loaded:
        check_shape(checkpoint, path, tuple(variables[path].shape))
    for name in loaded.values():
        _check_finite(checkpoint.tensors, name)
    for path, name in loaded.items():
        value = checkpoint.tensors.read(name)
        _assign(variables[path], checkpoint.places[path].to_ours(value, tuple(variables[path].shape)))
    report = _report(checkpoint, loaded, initialized)
    _warn(checkpoint, variables, report, getattr(model, "head_names", ()))
    return report


def _check_finite(tensors, name):
    """Raises ValueError if a tensor cannot be read, or contains NaN or infinity."""
    value = tensors.read(name)
    # A sum is finite only if all its numbers are finite, but a sum of large finite numbers may be infinite.
    with np.errstate(over="ignore", invalid="ignore"):
        finite = np.isfinite(value.sum()) or np.isfinite(value).all()
    if not finite:
        raise checks.invalid(
            f"The numbers of `{name}` must be finite.",
            fix="The training diverged, or the file is damaged: use another checkpoint, or download this one "
            "again.",
            where=str(tensors.path),
            not_finite=int(np.sum(~np.isfinite(value))),
            of=value.size,
        )


def _assign(variable, value):
    """Assigns a value to a variable; through DLPack, because otherwise TensorFlow copies an array twice."""
    if keras.backend.backend() == "tensorflow" and value.dtype == variable.dtype == "float32":
        if value.ctypes.data % ALIGNMENT or not value.flags.c_contiguous:
            aligned = aligned_empty(value.shape)
            np.copyto(aligned, value)
            value = aligned
        value = tf.experimental.dlpack.from_dlpack(value.__dlpack__())
    variable.assign(value)


def _report(checkpoint, loaded, initialized):
    known = {*loaded.values(), *checkpoint.bookkeeping}
    used = set(loaded.values())
    # A name that differs only in its prefix does not count as renamed.
    renamed = {
        actual: modern
        for modern, actual in checkpoint.names.items()
        if actual in used and not actual.endswith(modern)
    }
    ignored = tuple(name for name in sorted(checkpoint.tensors.shapes) if name not in known)
    return LoadReport(str(checkpoint.tensors.path), loaded, initialized, ignored, renamed)


def _warn(checkpoint, model_paths, report, head_names):
    """Warns in one line about weights that were lost.

    No warning is needed for a new head on an encoder that was saved without one, which is what `from_preset`
    is for, nor for a head or pooler that the model does not have (in some families the pooler is a part of
    the head). But if a user's class had additional layers, a task of the same kind loses their weights.
    """
    source = pathlib.Path(report.source).name
    encoder = {path for path in checkpoint.places if head_of(path) == "encoder"}
    missing = [p for p in report.initialized if p in encoder or head_of(p) in checkpoint.heads]
    heads = {head_of(path) for path in model_paths}
    same_kind = not set(head_names).isdisjoint(checkpoint.heads)
    elsewhere = {
        checkpoint.find(path)
        for path in checkpoint.places
        if path.startswith("encoder/pooler/") or head_of(path) not in heads
        if not (same_kind and checkpoint.is_own(path))
    }
    unused = sorted(set(report.ignored) - elsewhere)
    lost = []
    if missing:
        lost.append(f"{source} lacks {_some(missing)}, which must be trained")
    if unused:
        lost.append(f"the model has no place for {_some(unused)} of {source}")
    if lost:
        warnings.warn(f"Some weights were not loaded (see `load_report`): {'; '.join(lost)}.", stacklevel=4)


def _some(names):
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]
