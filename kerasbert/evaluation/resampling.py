"""How sure are scores? Bootstrap intervals, and a test whether two models differ by more than chance."""

import dataclasses
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.pages import Estimate, Table, score_name
from kerasbert.pages.style import fragment

SAMPLES, PERMUTATIONS = 1000, 10_000
LEVEL = 95.0


def interval_of(row_counts, scores_of):
    """Returns the scores of all rows with their bootstrap intervals, a dict of `Estimate`."""
    samples = scores_of(bootstrap_sums(row_counts))
    tail = (100 - LEVEL) / 2
    # Where all rows are right or all are wrong, samples do not vary: the ends are those of the exact
    # interval of a share (Clopper & Pearson 1934).
    exact = (tail / 100) ** (1 / len(row_counts))
    found = {}
    for name, value in scores_of(row_counts.sum(0)).items():
        low = high = value
        if value == 1:
            low = exact
        elif value == 0 and not name.endswith("error"):
            high = 1 - exact
        elif not np.isnan(value):
            low, high = np.nanpercentile(samples[name], (tail, 100 - tail))
        found[name] = Estimate(float(value), float(low), float(high))
    return found


def bootstrap_sums(row_counts):
    """Sums of `row_counts` `(..., rows, K)` over rows drawn with replacement, `(samples, ..., K)`.

    The same rows are drawn whenever there are as many.
    """
    rows, random = row_counts.shape[-2], np.random.default_rng(0)
    # One sample at a time: all of them at once would be 1,000 numbers for each row.
    return np.stack(
        [np.bincount(random.integers(0, rows, rows), minlength=rows) @ row_counts for _ in range(SAMPLES)]
    )


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How much the scores of two models differ on the same rows; `compare` returns it.

    Args:
        models: tuple of two str, the names of the models.
        rows: int.
        score: str, the name of the score.
        values: tuple of two float, the scores.
        difference: float, the second score minus the first.
        low, high: float, the 95 % bootstrap interval of the difference.
        p_value: float, how often models that are equally good would differ this much on these rows by chance.
    """

    models: tuple[str, str]
    rows: int
    score: str
    values: tuple[float, float]
    difference: float
    low: float
    high: float
    p_value: float

    def table(self) -> Table:
        """Returns the comparison as a table."""
        rows = [[model, value] for model, value in zip(self.models, self.values, strict=True)]
        note = (
            f"Difference {self.difference:+.4f}, 95 % interval {self.low:+.4f} to {self.high:+.4f}; two "
            f"equally good models would differ this much with a probability of {self.p_value:.3g}."
        )
        return Table(f"Comparison on {self.rows:,} rows", ["model", score_name(self.score)], rows, note)

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return fragment(f"<h3>{self.table().title}</h3>{self.table().html()}")


def compare(one: Any, other: Any, score: str | None = None) -> Comparison:
    """Compares two models that were evaluated on the same rows, row by row.

    The p-value is that of approximate randomization (Noreen 1989; Yeh 2000, https://aclanthology.org/C00-2137):
    the answers of the two models to each row are exchanged at random 10,000 times, which would change nothing
    if both were equally good. It works for every score, also for F1, which is no mean over rows.

    Args:
        one, other: results of `evaluate`, of the same `x` and `y`.
        score: str or None, the name of one of their scores; None for the first.

    Returns:
        `Comparison`.

    Raises:
        TypeError: if one of them is no evaluation, such as a task.
        ValueError: if the two are not evaluations of one kind on the same rows, or the score has no counts.

    Example:

    >>> import numpy as np
    >>> from kerasbert.evaluation import evaluate_probabilities
    >>> good = evaluate_probabilities(np.eye(2)[[0, 1] * 10], [0, 1] * 10, ["bad", "good"])
    >>> poor = evaluate_probabilities(np.eye(2)[[0, 0] * 10], [0, 1] * 10, ["bad", "good"])
    >>> comparison = compare(poor, good)
    >>> comparison.difference, comparison.p_value < 0.05
    (0.5, True)
    """
    for name, given in (("one", one), ("other", other)):
        if not hasattr(given, "row_counts"):
            raise checks.invalid(
                "Two evaluations are compared.",
                fix="Call `evaluate` for each of the models first, and pass what it returned.",
                where="compare",
                kind=TypeError,
                **{name: type(given).__name__},
            )
    if type(one) is not type(other) or list(one.texts) != list(other.texts) or not one.same_labels(other):
        raise checks.invalid(
            "Two models are compared on the same rows with the same labels.",
            fix="Evaluate both with the same `x` and `y`.",
            where="compare",
            one=f"{type(one).__name__} of {len(one)} rows",
            other=f"{type(other).__name__} of {len(other)} rows",
        )
    pair = np.stack([one.row_counts, other.row_counts])
    name = one.main_score if score is None else score
    checks.one_of("compare", tuple(one.scores_of(pair[0].sum(0))), score=name)

    def difference(sums):  # (2, ..., K)
        return one.scores_of(sums[1])[name] - one.scores_of(sums[0])[name]

    rows, random = len(one), np.random.default_rng(0)
    found = float(difference(pair.sum(1)))
    off = pair[1] - pair[0]
    # Where rows are exchanged, the first model gains what the second loses.
    block = max(1, 2**22 // rows)  # so that about 4 million numbers are in memory
    blocks = [min(block, PERMUTATIONS - start) for start in range(0, PERMUTATIONS, block)]
    moved = np.concatenate([random.integers(0, 2, (count, rows), "int8") @ off for count in blocks])
    exchanged = difference(np.stack([pair[0].sum(0) + moved, pair[1].sum(0) - moved]))
    as_large = float(np.sum(np.abs(exchanged) >= abs(found) - 1e-9))
    low, high = np.nanpercentile(difference(np.moveaxis(bootstrap_sums(pair), 1, 0)), (2.5, 97.5))
    values = (one.scores_of(pair[0].sum(0))[name], one.scores_of(pair[1].sum(0))[name])
    return Comparison(
        models=(one.model, other.model),
        rows=rows,
        score=name,
        values=(float(values[0]), float(values[1])),
        difference=found,
        low=float(low),
        high=float(high),
        p_value=float((as_large + 1) / (PERMUTATIONS + 1)),
    )
