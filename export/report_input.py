"""What a report is made of: checked, and as plain values for its JSON file."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasbert import checks


def check_parts(
    card: Any, records: dict[str, Any], others: dict[str, Any], evaluation: Any, robustness: Any
) -> None:
    """Raises TypeError if a part of a report is of another kind than `write_report` says.

    Args:
        card: `ModelCard` or None.
        records: dict, argument -> dict of the records that it must have, or None.
        others: dict, argument -> another dict, or None.
        evaluation, robustness: as for `write_report`.
    """
    if card is not None and not dataclasses.is_dataclass(card):
        raise _not_a_part(
            "`card` must be a `ModelCard`.", "Pass ModelCard(data=..., metric=..., limits=...).", card
        )
    for name, given in (records | others).items():
        wrong = given is not None and not isinstance(given, Mapping)
        if not wrong and given and name in records:
            wrong = not all(map(dataclasses.is_dataclass, given.values()))
        if wrong:
            raise _not_a_part(
                f"`{name}` must be a dict, which names what the page shows.",
                "Pass {name: what the function of `kerasbert.export` returned}."
                if name in records
                else "See the arguments of `write_report`.",
                given,
            )
    if evaluation is not None and not hasattr(evaluation, "verdict"):
        raise _not_a_part("`evaluation` must be an evaluation.", "Pass what `evaluate` returned.", evaluation)
    if robustness is not None and not hasattr(robustness, "outcomes"):
        raise _not_a_part(
            "`robustness` must be an `Invariance`.", "Pass what `invariance` returned.", robustness
        )


def _not_a_part(rule, fix, given):
    return checks.invalid(rule, fix=fix, where="write_report", kind=TypeError, given=given)


def for_json(value: Any) -> Any:
    """Values as JSON has them: arrays become lists, and NaN and infinity, which it lacks, null."""
    if isinstance(value, Mapping):
        return {str(name): for_json(part) for name, part in value.items()}
    if isinstance(value, np.ndarray) or hasattr(value, "numpy"):
        return for_json(np.asarray(value).tolist())
    if isinstance(value, (list, tuple)):
        return [for_json(part) for part in value]
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (str, int, float)) else str(value)
