"""The smallest file that costs no more of a measure than a user allows."""

import dataclasses
import pathlib
import shutil
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

from kerasbert import checks
from kerasbert.data import count_rows
from kerasbert.export.intervals import check_drop, drop_interval
from kerasbert.export.recipes import DEFAULT, reason_against
from kerasbert.export.runners import answer_texts, open_artifact
from kerasbert.export.sensitivity import part_errors, part_sizes
from kerasbert.export.tflite_files import write_tflite
from kerasbert.types import Labels, Rows

# From the smallest file to the largest.
RECIPES_BY_SIZE = (
    "dynamic_wi4_afp32",
    "dynamic_wi4b64_afp32",
    "mixed48",
    "dynamic_wi8_afp32",
    "float16",
    "float32",
)


@dataclasses.dataclass(frozen=True)
class AccuracyBudget:
    """How much of a score a smaller file may cost.

    Args:
        metric: str, one of the task's `scores`, such as `"accuracy"` or `"f1"`; or a function of
            predictions, `x` and `y` that returns a number from 0 to 1, where more is better. It is also
            called with parts of the rows, to compute the confidence interval of a drop.
        max_drop: float, how much lower than the Keras model's score the file's may be; the default, 0.005,
            is half a percentage point. A recipe is refused if the rows show a larger drop, that is, if the
            lower end of the drop's one-sided 95 % confidence interval is above this. With few rows, small
            drops cannot be told from chance: one of 40 rows is already 2.5 percentage points.
        recipes: tuple of str, the recipes to try, the smallest file first.
    """

    metric: str | Callable[[Any, Rows, Labels], float]
    max_drop: float = 0.005
    recipes: tuple[str, ...] = RECIPES_BY_SIZE

    def __post_init__(self):
        check_drop(self.max_drop, "AccuracyBudget")


@dataclasses.dataclass(frozen=True)
class Trial:
    """One file that was tried for a budget.

    Args:
        recipe: str.
        part_recipes: dict, parts that kept another recipe.
        size_bytes: int.
        score: float, that of the file.
        drop: float, how much less that is than the Keras model's.
        least_drop: float, the lower end of the drop's one-sided interval of 95 %.
        rows: int, how many rows were measured.
        holds: bool, whether `least_drop` is within the budget.
    """

    recipe: str
    part_recipes: dict[str, str]
    size_bytes: int
    score: float
    drop: float
    least_drop: float
    rows: int
    holds: bool


def find_smallest(task, path, budget, data, truncate, lengths=None):
    """Tries recipes from the smallest file, and keeps the smallest that holds the budget.

    Once a recipe holds, the one before it is tried again with those parts at int8 that lose most for their
    size: one, two, four and so on, as long as the file is smaller.

    Args:
        task: a kerasbert task.
        path: str or path of the file.
        budget: `AccuracyBudget`.
        data: `(x, y)`, texts and labels.
        truncate: as for `to_tflite`.
        lengths: as for `write_tflite`.

    Returns:
        `Artifact` with all `trials`, and `part_errors` if they were asked for.
    """
    x, y = _pair(data)
    measure = _measure(task, budget.metric)
    predicted, rows = task.predict(x, verbose=0), count_rows(x)
    expected = measure(predicted, x, y)
    if 1 / rows > budget.max_drop:
        warnings.warn(
            f"A budget of {budget.max_drop} is judged on {rows} rows, each of which counts for "
            f"{1 / rows:.2g}. A recipe is only refused if its drop is larger than chance explains. Pass more "
            "rows as `data` to detect smaller drops.",
            stacklevel=3,
        )
    trials, artifacts = [], []
    with tempfile.TemporaryDirectory(dir=pathlib.Path(path).parent) as folder:
        folder = pathlib.Path(folder)

        def attempt(recipe, part_recipes):
            file, source = folder / f"{len(trials)}.tflite", folder / "float.tflite"
            artifacts.append(write_tflite(task, file, recipe, part_recipes, None, truncate, source, lengths))
            found = answer_texts(open_artifact(file), task, x)
            drop, least = drop_interval(measure, predicted, found, x, y)
            size, holds = artifacts[-1].size_bytes, least <= budget.max_drop
            trials.append(Trial(recipe, part_recipes, size, expected - drop, drop, least, rows, holds))
            return trials[-1]

        for recipe in budget.recipes:
            if reason_against(task, recipe):
                continue
            if attempt(recipe, {}).holds:
                break
        else:
            raise checks.invalid(
                f"A file's score must be at most {budget.max_drop} below the Keras model's {expected:.4f}.",
                fix="Allow a larger `max_drop`, add more exact recipes, or train longer.",
                where="to_tflite",
                scores={trial.recipe: trial.score for trial in trials},
                rows=rows,
            )
        best, errors = len(trials) - 1, {}
        if best and "wi4" in trials[best - 1].recipe:
            errors = part_errors(task, x)
            sizes = part_sizes(task)
            order = sorted(errors, key=lambda part: -errors[part] / sizes[part])
            count = 1
            while count < len(order):
                trial = attempt(trials[best - 1].recipe, dict.fromkeys(order[:count], DEFAULT))
                if trial.size_bytes >= trials[best].size_bytes:
                    break
                if trial.holds:
                    best = len(trials) - 1
                    break
                count *= 2
        shutil.copyfile(artifacts[best].path, path)
    return dataclasses.replace(
        artifacts[best], path=pathlib.Path(path), trials=tuple(trials), part_errors=errors
    )


def _pair(data):
    if not isinstance(data, tuple) or len(data) != 2 or data[1] is None:
        raise checks.invalid(
            "A budget is measured with texts and their labels.",
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
        scores = task.score_predictions(predictions, x, y)
        if metric not in scores:
            raise checks.invalid(
                "The metric of a budget must be one of the task's scores, or a function.",
                fix="The task's scores are " + (", ".join(scores) or "none, so pass a function") + ".",
                where="AccuracyBudget",
                metric=metric,
            )
        return scores[metric]

    return measure
