"""All that training changes, written so that it goes on after a kill as if nothing had happened."""

import pathlib
import re

import keras
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from kerasbert import checks
from kerasbert.atomic import replacing

KEPT = 2
_NAME = re.compile(r"step-(\d+)\.safetensors")


def save_snapshot(folder, model, step):
    """Writes weights, the states of random numbers, and all variables of the optimizer.

    The newest two stay; a third goes once the new one is complete.

    Args:
        folder: path.
        model: compiled `keras.Model`, whose optimizer is built.
        step: int, how many batches, or epochs, were taken.
    """
    folder = pathlib.Path(folder)
    with replacing(folder / f"step-{step:09d}.safetensors") as temporary:
        save_file({name: keras.ops.convert_to_numpy(v) for name, v in _variables(model).items()}, temporary)
    for path in snapshots(folder)[:-KEPT]:
        path.unlink()


def snapshots(folder):
    """The files of complete snapshots, the newest last."""
    return sorted(path for path in pathlib.Path(folder).glob("step-*") if _NAME.fullmatch(path.name))


def restore_snapshot(folder, model):
    """Sets all variables to those of the newest snapshot.

    Args:
        folder: path.
        model: compiled `keras.Model`, whose optimizer is built.

    Returns:
        int, how many batches, or epochs, were taken; 0 if there is no snapshot.

    Raises:
        ValueError: if the snapshot is damaged, or of another model or optimizer.
    """
    found = snapshots(folder)
    if not found:
        return 0
    try:
        values = load_file(found[-1])
    except SafetensorError as error:
        raise checks.invalid(
            "A snapshot must be readable.",
            fix=f"Delete it to go on from the one before, if there is one in {folder}.",
            where=str(found[-1]),
            reason=str(error),
        ) from error
    variables = _variables(model)
    other = [
        name
        for name in {*values, *variables}
        if name not in values or name not in variables or values[name].shape != tuple(variables[name].shape)
    ]
    if other:
        raise checks.invalid(
            "A run must go on with the model and the optimizer that it began with.",
            fix="Restore the settings, or choose another output folder.",
            where=str(found[-1]),
            differs=sorted(other)[:3],
        )
    for name, variable in variables.items():
        variable.assign(values[name])
    return int(_NAME.fullmatch(found[-1].name)[1])


def _variables(model):
    """All variables by number: their paths hold names that Keras counts up in a process."""
    kinds = {"model": model.variables, "optimizer": model.optimizer.variables}
    return {f"{kind}/{i}": v for kind, variables in kinds.items() for i, v in enumerate(variables)}
