"""Snapshots of the whole training state, from which training resumes as if it had not been interrupted."""

import json
import pathlib
import re
import warnings
import zlib

import keras
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from kerasbert import checks
from kerasbert.atomic import replacing

KEPT = 2
_NAME = re.compile(r"step-(\d+)\.safetensors")


def save_snapshot(folder, model, step, state=None):
    """Writes weights, random states and all variables of the optimizer to a file with a checksum.

    The newest two snapshots are kept; an older one is deleted once the new one is complete.

    Args:
        folder: path.
        model: compiled `keras.Model`, whose optimizer is built.
        step: int, the number of batches or epochs so far.
        state: additional values that `restore_snapshot` returns, in a form that JSON can hold.
    """
    folder = pathlib.Path(folder)
    values = {name: keras.ops.convert_to_numpy(v) for name, v in _variables(model).items()}
    text = json.dumps(state)
    metadata = {"state": text, "checksum": _checksum(values, text)}
    with replacing(folder / f"step-{step:09d}.safetensors") as temporary:
        save_file(values, temporary, metadata)
    for path in snapshots(folder)[:-KEPT]:
        path.unlink()


def snapshots(folder):
    """The files of complete snapshots, the newest last."""
    return sorted(path for path in pathlib.Path(folder).glob("step-*") if _NAME.fullmatch(path.name))


def restore_snapshot(folder, model, check=None):
    """Restores all variables from the newest snapshot, or from the one before if the newest is damaged.

    Args:
        folder: path.
        model: compiled `keras.Model`, whose optimizer is built.
        check: function that takes the `state` and the path of a snapshot, and is called before anything is
            changed; or None.

    Returns:
        A pair: the number of batches or epochs so far, an int, and the `state` that was saved; 0 and None if
        there is no snapshot.

    Raises:
        ValueError: if all snapshots are damaged, or belong to another model or optimizer.

    Warns:
        UserWarning: if a snapshot is damaged and an older one is used.
    """
    damaged = None
    for path in reversed(snapshots(folder)):
        try:
            values, state = _read(path)
        except ValueError as error:
            damaged = damaged or error
            continue
        if damaged:
            warnings.warn(f"{damaged} Training goes on from {path}, the one before.", stacklevel=2)
        if check is not None:
            check(state, path)
        _assign(values, _variables(model), path)
        return int(_NAME.fullmatch(path.name)[1]), state
    if damaged:
        raise damaged
    return 0, None


def _read(path):
    """Returns the arrays and the state of a snapshot, or raises ValueError if it is damaged."""
    try:
        values = load_file(path)
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
        if metadata.get("checksum") == _checksum(values, metadata.get("state", "")):
            return values, json.loads(metadata["state"])
        reason = "The checksum does not match."
    except (SafetensorError, UnicodeDecodeError) as error:
        reason = str(error)
    raise checks.invalid(
        "A snapshot must be as it was written, and this one is damaged.",
        fix="Check the disk; to start from the beginning, choose another folder.",
        where=str(path),
        reason=reason,
    )


def _checksum(values, text):
    """A checksum (CRC-32) of names, arrays and text, as hexadecimal digits."""
    checksum = zlib.crc32(text.encode())
    for name in sorted(values):
        array = np.ascontiguousarray(values[name])
        checksum = zlib.crc32(f"{name} {array.dtype} {array.shape}".encode(), checksum)
        checksum = zlib.crc32(array.reshape(-1).view(np.uint8), checksum)
    return f"{checksum:08x}"


def _assign(values, variables, path):
    other = [
        name
        for name in {*values, *variables}
        if name not in values or name not in variables or values[name].shape != tuple(variables[name].shape)
    ]
    if other:
        raise checks.invalid(
            "A run must go on with the model and the optimizer that it began with.",
            fix="Restore the settings, or choose another output folder.",
            where=str(path),
            differs=sorted(other)[:3],
        )
    for name, variable in variables.items():
        variable.assign(values[name])


def _variables(model):
    """All variables by number, because their paths contain names that Keras numbers through a process."""
    kinds = {"model": model.variables, "optimizer": model.optimizer.variables}
    return {f"{kind}/{i}": v for kind, variables in kinds.items() for i, v in enumerate(variables)}
