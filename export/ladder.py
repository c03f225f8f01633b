"""The smallest file that costs no more of a measure than a user allows."""

import dataclasses
import pathlib
import shutil
import tempfile
from collections.abc import Callable

from kerasbert import checks
from kerasbert.export.recipes import DEFAULT, reason_against
from kerasbert.export.runners import answer_texts, open_artifact
from kerasbert.export.sensitivity import part_errors, part_sizes
from kerasbert.export.tflite_files import write_tflite

# From the smallest file to the largest.
LADDER = ("dynamic_wi4_afp32", "dynamic_wi4b64_afp32", "mixed48", "dynamic_wi8_afp32", "float16", "float32")


@dataclasses.dataclass(frozen=True)
class AccuracyBudget:
    """What a smaller file may cost.

    Args:
        metric: str, one of the measures that the task's `points` returns, such as `"accuracy"` or `"f1"`; or
            a function of predictions, `x` and `y` that returns a number from 0 to 100, more being better.
        max_drop: float, how many points less than the Keras model's are let pass.
        recipes: tuple of str, what is tried, from the smallest.
    """

    metric: str | Callable
    max_drop: float = 0.5
    recipes: tuple = LADDER


@dataclasses.dataclass(frozen=True)
class Rung:
    """One file that was tried.

    Args:
        recipe: str.
        finer: dict, parts that kept another recipe.
        size_bytes: int.
        points: float, the measure of the file.
        drop: float, how much less that is than the Keras model's.
        holds: bool, whether the drop is within the budget.
    """

    recipe: str
    finer: dict
    size_bytes: int
    points: float
    drop: float
    holds: bool


def climb(task, path, budget, data, truncate, text=False):
    """Tries recipes from the smallest file, and keeps the smallest that holds the budget.

    Once a recipe holds, the one before it is tried again with those parts at int8 that lose most for their
    size: one, two, four and so on, as long as the file is smaller.

    Args:
        task: a kerasbert task.
        path: str or path of the file.
        budget: `AccuracyBudget`.
        data: `(x, y)`, texts and labels.
        truncate, text: as for `to_tflite`.

    Returns:
        `Artifact` with all `rungs`, and `part_errors` if they were asked for.
    """
    x, y = _pair(data)
    measure = _measure(task, budget.metric)
    expected = measure(task.predict(x, verbose=0), x, y)
    rungs, artifacts = [], []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def attempt(recipe, finer):
            file, source = folder / f"{len(rungs)}.tflite", folder / "float.tflite"
            artifacts.append(write_tflite(task, file, recipe, finer, None, truncate, source, text))
            points = measure(answer_texts(open_artifact(file), task, x), x, y)
            drop = expected - points
            size = artifacts[-1].size_bytes
            rungs.append(Rung(recipe, finer, size, points, drop, drop <= budget.max_drop))
            return rungs[-1]

        for recipe in budget.recipes:
            if reason_against(task, recipe):
                continue
            if attempt(recipe, {}).holds:
                break
        else:
            raise checks.invalid(
                f"A file must cost at most {budget.max_drop} points of the Keras model's {expected:.2f}.",
                fix="Allow more, name finer recipes, or train further.",
                where="to_tflite",
                points={rung.recipe: rung.points for rung in rungs},
            )
        best, errors = len(rungs) - 1, {}
        if best and "wi4" in rungs[best - 1].recipe:
            errors = part_errors(task, x)
            sizes = part_sizes(task)
            order = sorted(errors, key=lambda part: -errors[part] / sizes[part])
            count = 1
            while count < len(order):
                rung = attempt(rungs[best - 1].recipe, dict.fromkeys(order[:count], DEFAULT))
                if rung.size_bytes >= rungs[best].size_bytes:
                    break
                if rung.holds:
                    best = len(rungs) - 1
                    break
                count *= 2
        shutil.copyfile(artifacts[best].path, path)
    return dataclasses.replace(
        artifacts[best], path=pathlib.Path(path), rungs=tuple(rungs), part_errors=errors
    )


def _pair(data):
    if not isinstance(data, tuple) or len(data) != 2 or data[1] is None:
        raise checks.invalid(
            "A budget is measured on texts and their labels.",
            fix="Pass `data=(x, y)`, such as a development set.",
            where="to_tflite",
            data=type(data).__name__,
        )
    return data


def _measure(task, metric):
    """A function of predictions, `x` and `y`."""
    if callable(metric):
        return metric

    def measure(predictions, x, y):
        points = task.points(predictions, x, y)
        if metric not in points:
            raise checks.invalid(
                "A budget's metric must be one of the task's measures, or a function.",
                fix="The measures are " + (", ".join(points) or "none: pass a function") + ".",
                where="AccuracyBudget",
                metric=metric,
            )
        return points[metric]

    return measure
