"""Statistics: which differences a few rows can prove, and which may be due to chance."""

import math

import numpy as np

from kerasbert import checks
from kerasbert.data import count_rows, pick_rows, rows_of

GROUPS = 20
# One-sided, 95 %: if a limit holds, one comparison in twenty is still refused by chance.
CHANCE, STANDARD_ERRORS = 0.05, 1.645


def too_many_differ(rows, different, min_agreement):
    """Whether more rows have a different answer than chance can explain.

    If a fraction of `1 - min_agreement` of all texts had a different answer, would fewer than 1 in 20 samples
    of `rows` texts have at least this many? One in 76 is no evidence against 99 %; three are.

    Args:
        rows: int, the number of texts.
        different: int, how many of them have a different answer.
        min_agreement: float in [0, 1].

    Example:

    >>> [too_many_differ(76, different, 0.99) for different in (0, 1, 2, 3)]
    [False, False, False, True]
    """
    if not 0 < min_agreement < 1:
        return different > 0 and min_agreement > 0
    odds = math.log((1 - min_agreement) / min_agreement)
    # Logarithms are used because the binomial coefficients of many rows are larger than any float.
    ways = (math.lgamma(rows + 1) - math.lgamma(k + 1) - math.lgamma(rows - k + 1) for k in range(different))
    fewer = sum(math.exp(way + k * odds + rows * math.log(min_agreement)) for k, way in enumerate(ways))
    return 1.0 - fewer < CHANCE


def check_drop(max_drop, where):
    """Raises ValueError if a drop of scores is not a small fraction of 1, for example if it is in percent."""
    if not 0 <= max_drop < 0.5:
        raise checks.invalid(
            "`max_drop` must be at least 0 and less than 0.5; scores go from 0 to 1.",
            fix="Half a percent is 0.005.",
            where=where,
            max_drop=max_drop,
        )


def drop_interval(measure, expected, found, x, y):
    """Computes how much lower the artifact's score is than the Keras model's, with a confidence bound.

    The standard error is estimated by the jackknife, which computes the score again without each of up to 20
    groups of rows (Efron 1982, "The Jackknife, the Bootstrap and Other Resampling Plans"), so that it works
    for any score.

    Args:
        measure: function of predictions, `x` and `y` that returns a number.
        expected, found: the results of `predict(x)` of the Keras model and of the artifact.
        x, y: texts and labels, in memory.

    Returns:
        (drop, least): the difference, and the lower end of its one-sided 95 % confidence interval.
    """

    def drop(rows):
        part = (rows_of(x, rows), pick_rows(y, rows))
        return measure(pick_rows(expected, rows), *part) - measure(pick_rows(found, rows), *part)

    every = np.arange(count_rows(x))
    whole = measure(expected, x, y) - measure(found, x, y)
    groups = min(GROUPS, len(every))
    if groups < 2:
        return whole, whole
    without = np.array([drop(every[every % groups != group]) for group in range(groups)])
    error = math.sqrt((groups - 1) / groups * np.sum((without - without.mean()) ** 2))
    return whole, whole - STANDARD_ERRORS * error
