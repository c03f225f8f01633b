"""Measures how much an artifact's numbers differ from the Keras model's."""

import dataclasses

import keras
import numpy as np

from kerasbert import checks


class VerificationError(ValueError):
    """Raised if an artifact is not the same model; `verification` has the numbers if they were measured."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.verification = None


@dataclasses.dataclass(frozen=True)
class Differences:
    """A summary of the differences of all numbers that were compared.

    Args:
        row_maxima: list of float, the largest difference of each row.
        mean: float, the mean difference over all numbers.
        spread: float, the mean absolute deviation of the Keras model's own numbers from their mean over rows,
            or over the tokens of a row: how much its answers to different inputs differ.
        not_finite: int, how many of the artifact's numbers are NaN or infinite.
        width: int, how many numbers there are for each row or token: C.
    """

    row_maxima: list[float]
    mean: float
    spread: float
    not_finite: int
    width: int


def text_differences(expected, found, where):
    """Returns the `Differences` of two arrays `(rows, ...)`."""
    off = _off(expected, found, where)
    return _summary([row.max(initial=0.0) for row in off], [_sums(off, expected)])


def answer_differences(expected, found, where):
    """Returns the `Differences` of the scores in answers that are not arrays, such as entities.

    A row with other answers, more entities for example, counts in the agreement of labels; its scores are not
    compared.
    """
    sums, row_maxima = [], []
    for pair in zip(expected, found, strict=True):
        one, other = (np.array([*_scores(answer)], "float64").reshape(1, -1) for answer in pair)
        if one.shape != other.shape:
            row_maxima.append(0.0)
            continue
        same = one == other  # infinite ones among them: of a context without tokens
        off = _off(np.where(same, 0.0, one), np.where(same, 0.0, other), where)
        sums.append(_sums(off, one[:, np.isfinite(one[0])]))
        row_maxima.append(off.max(initial=0.0))
    return _summary(row_maxima, sums)


def _scores(answer):
    """Yields the floats of an answer."""
    if dataclasses.is_dataclass(answer):
        answer = vars(answer)
    if isinstance(answer, dict):
        answer = answer.values()
    if isinstance(answer, float | np.floating):
        yield float(answer)
    elif not isinstance(answer, str) and hasattr(answer, "__iter__"):
        for part in answer:
            yield from _scores(part)


def token_differences(task, run, columns, where):
    """Returns the `Differences` of the numbers at all tokens of texts.

    Args:
        task: a kerasbert task.
        run: the runner of an artifact.
        columns: list of columns of texts.
        where: str, the artifact's path.
    """
    sums, row_maxima = [], []

    def compare(tokens):
        tokens = {name: np.asarray(value) for name, value in tokens.items()}
        mask = tokens["padding_mask"]
        answers = {name: keras.ops.convert_to_numpy(x) for name, x in task.answer_tokens(tokens).items()}
        pair = (task.compared_values(x, mask) for x in (answers, run(tokens)))
        # Summed at once, because all answers of a masked language model, `(B, S, V)`, do not fit in memory.
        for one, other, inside in zip(*pair, mask > 0, strict=True):
            off = _off(one[inside], other[inside], where)
            sums.append(_sums(off, one[inside]))
            row_maxima[-1] = max(row_maxima[-1], off.max(initial=0.0))
        return answers

    for row in zip(*columns, strict=True):
        row_maxima.append(0.0)
        x = tuple([text] for text in row)
        task.answers_with(task.preprocessor.for_one_call(), compare, x[0] if len(x) == 1 else x)
    return _summary(row_maxima, sums)


def _off(expected, found, where):
    """The absolute difference of each number; infinite if the artifact's number is not finite."""
    if found.shape != expected.shape:
        raise checks.invalid(
            "The artifact must give as many answers as the Keras model.",
            fix="Export this task again.",
            where=where,
            kind=VerificationError,
            artifact=found.shape,
            keras=expected.shape,
        )
    finite = np.isfinite(found)
    return np.where(finite, np.abs(np.where(finite, found, 0.0) - expected), np.inf)


def _sums(off, expected):
    spread = np.abs(expected - expected.mean(0)).sum() if len(expected) else 0.0
    return off.sum(), spread, off.size, np.isinf(off).sum(), expected[:1].size


def _summary(row_maxima, sums):
    sums = np.array(sums or [(0.0, 0.0, 0, 0, 1)])
    off, spread, count, not_finite, _ = sums.sum(axis=0)
    count = max(count, 1)
    return Differences(
        row_maxima=[float(most) for most in row_maxima],
        mean=float(off / count),
        spread=float(spread / count),
        not_finite=int(not_finite),
        width=max(int(sums[:, -1].max()), 1),
    )
