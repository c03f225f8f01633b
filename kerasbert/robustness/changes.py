"""Applies perturbations to the rows that users have."""

import inspect
from collections.abc import Iterable
from typing import Any

from kerasbert import checks
from kerasbert.data import is_pair, raw_columns, rows_of, texts_in_memory
from kerasbert.robustness.perturbations import PERTURBATIONS, Perturbation
from kerasbert.types import Rows


def apply(change: Any, text: str, seed: str, name: str) -> str:
    """Changes one text, with the seed if the function takes one."""
    new = change(text, seed=seed) if takes_seed(change) else change(text)
    if not isinstance(new, str):
        raise checks.invalid(
            "A perturbation must return a str.",
            fix="Let it return the changed text, or the same text if there is nothing to change.",
            where=name,
            kind=TypeError,
            text=text,
            returned=new,
        )
    return new


def takes_seed(change: Any) -> bool:
    """Whether a function has a parameter called `seed`."""
    try:
        return "seed" in inspect.signature(change).parameters
    except ValueError:  # such as `str.strip`
        return False


def first_texts(x: Rows, where: str) -> list[str]:
    """The first text of each row; what else a row has, such as choices, may be more than a text.

    Raises ValueError if there are no rows, of which no rate says anything; errors show `where`.
    """
    columns = raw_columns(x)
    texts = texts_in_memory(columns[0] if columns else x, where)[0]
    if not len(texts):
        raise checks.invalid("There must be at least one text.", fix="Pass texts.", where=where, texts=0)
    return texts


def with_texts(x: Rows, rows: Any, texts: list[str]) -> Rows:
    """The given rows of `x`, with other first texts."""
    if isinstance(x, dict):
        return rows_of(x, rows) | {"text": texts}
    return (texts, *rows_of(x, rows)[1:]) if is_pair(x) else texts


def named(
    perturbations: Perturbation | Iterable[Perturbation] | dict[str, Perturbation] | None,
) -> dict[str, Perturbation]:
    """Returns perturbations by name; None stands for all of `PERTURBATIONS`."""
    given: Any = PERTURBATIONS if perturbations is None else perturbations
    if not isinstance(given, dict):
        given = [given] if callable(given) or isinstance(given, str) else list(given)
        bad = next((change for change in given if not callable(change)), None)
        if bad is not None:
            raise not_a_function(bad)
        names = [getattr(change, "__name__", None) for change in given]
        if None in names or len(set(names)) < len(names) or "<lambda>" in names:
            raise checks.invalid(
                "Every perturbation must have a name of its own.",
                fix='Pass a dict of names and functions, such as {"names": lambda text: ...}.',
                where="kerasbert.robustness",
                names=names,
            )
        given = dict(zip(names, given, strict=True))
    for change in given.values():
        if not callable(change):
            raise not_a_function(change)
    if not given:
        raise checks.invalid(
            "There must be at least one perturbation.",
            fix="Pass None for all of `kerasbert.robustness.PERTURBATIONS`.",
            where="kerasbert.robustness",
            perturbations=perturbations,
        )
    return {str(name): change for name, change in given.items()}


def not_a_function(change: Any) -> Exception:
    """The error for something that cannot be called with a text."""
    return checks.invalid(
        "A perturbation must be a function that takes a text and returns a text.",
        fix="Pass one of `kerasbert.robustness.PERTURBATIONS`, or a function of your own.",
        where="kerasbert.robustness",
        kind=TypeError,
        perturbation=change,
    )
