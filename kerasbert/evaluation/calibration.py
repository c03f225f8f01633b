"""Can probabilities be trusted? Reliability, and temperature scaling, which mends it."""

import dataclasses
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.evaluation.probabilities import floats
from kerasbert.pages import Table
from kerasbert.pages.style import fragment

BINS = 15


@dataclasses.dataclass(frozen=True)
class Bin:
    """The answers whose probability is in one range.

    Args:
        low, high: float, the range.
        rows: int, how many answers are in it.
        probability: float, their mean probability.
        accuracy: float, the share of them that are right.
    """

    low: float
    high: float
    rows: int
    probability: float
    accuracy: float


@dataclasses.dataclass(frozen=True)
class Calibration:
    """How well probabilities agree with how often answers are right.

    Args:
        bins: tuple of `Bin`, the points of a reliability diagram; ranges without answers are left out.
        error: float from 0 to 1, the expected calibration error: the mean difference of probability and
            accuracy over all bins, weighted by their numbers of rows.
        chance: float, the error that 19 in 20 perfectly calibrated models would stay below on such rows
            (consistency resampling, Bröcker & Smith 2007, https://doi.org/10.1175/WAF993.1). With few rows
            it is far from 0.
        mean_probability, accuracy: float, over all rows. If the first is larger, the model is overconfident.
    """

    bins: tuple[Bin, ...]
    error: float
    chance: float
    mean_probability: float
    accuracy: float

    def table(self) -> Table:
        """Returns the bins as a table."""
        rows = [[f"{b.low:.2f} to {b.high:.2f}", b.probability, b.accuracy, b.rows] for b in self.bins]
        more = self.mean_probability - self.accuracy
        side = "overconfident" if more > 0 else "underconfident"
        note = (
            f"Expected calibration error {self.error:.3f}; chance alone explains up to {self.chance:.3f}. "
            f"On average {side}: probability {self.mean_probability:.3f}, accuracy {self.accuracy:.3f}."
        )
        return Table("Calibration", ["probability", "mean probability", "accuracy", "rows"], rows, note)

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return fragment(f"<h3>Calibration</h3>{self.table().html()}")


def calibration_of(probabilities: Any, right: Any, bins: int = BINS) -> Calibration:
    """Compares the probabilities of answers with how often they are right.

    Guo et al. 2017, section 2, https://arxiv.org/abs/1706.04599: the range from 0 to 1 is cut into `bins`
    equal parts.

    Args:
        probabilities: float array `(rows,)`, the probability that the model gives to its answer.
        right: bool array `(rows,)`, whether the answer is right.
        bins: int.

    Returns:
        `Calibration`.

    Raises:
        ValueError: if there are no rows, the lengths differ, a probability is not from 0 to 1, or `right` has
            other values than True and False.

    Example:

    >>> calibration_of([0.9, 0.9, 0.9, 0.9], [True, True, True, False]).error
    0.15
    """
    checks.positive_int("calibration_of", bins=bins)
    probabilities, right = (floats(values, "calibration_of") for values in (probabilities, right))
    good = probabilities.ndim == 1 and probabilities.shape == right.shape and probabilities.size
    good = good and ((right == 0) | (right == 1)).all()
    if not good or not ((probabilities >= -1e-6) & (probabilities <= 1 + 1e-6)).all():
        raise checks.invalid(
            "Calibration needs a probability from 0 to 1 for each answer, and True or False: is it right?",
            fix="Pass two arrays of one length; of `(rows, C)` take the maximum of each row.",
            where="calibration_of",
            probabilities=probabilities.shape,
            right=right.shape,
        )
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    every = np.eye(bins)[place]

    def error(counts, probable, correct):
        return np.abs(probable - correct).sum(-1) / np.maximum(counts.sum(-1), 1)

    counts, probable, correct = every.sum(0), probabilities @ every, right @ every
    whole = float(error(counts, probable, correct))
    random = np.random.default_rng(0)
    drawn = [(random.uniform(size=len(right)) < probabilities).astype("float64") @ every for _ in range(1000)]
    chance = np.percentile(error(counts, probable, np.stack(drawn)), 95)
    found = [
        Bin(i / bins, (i + 1) / bins, int(counts[i]), *(float(s[i] / counts[i]) for s in (probable, correct)))
        for i in np.flatnonzero(counts)
    ]
    return Calibration(
        bins=tuple(found),
        error=round(whole, 12),
        chance=float(chance),
        mean_probability=float(probabilities.mean()),
        accuracy=float(right.mean()),
    )
