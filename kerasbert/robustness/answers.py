"""The answers of a task or of an exported file, in a form that can be compared."""

import numpy as np

from kerasbert import checks
from kerasbert.tasks import BertQuestionAnswerer, BertTextClassifier, BertTextEmbedder, BertTokenClassifier
from kerasbert.tasks.task import Task


def predictions_of(task, x, runner):
    """What the task's `predict` returns, from the task itself or from an exported file."""
    if not isinstance(task, Task):
        raise checks.invalid(
            "Robustness is measured on a kerasbert task.",
            fix="Pass the task; and for the answers of an exported file, also `runner=open_artifact(path)`.",
            where="kerasbert.robustness",
            kind=TypeError,
            task=type(task).__name__,
        )
    if runner is None:
        return task.predict(x, verbose=0)
    from kerasbert.export import answer_texts, open_artifact

    return answer_texts(runner if callable(runner) else open_artifact(runner), task, x)


def answers_of(task, x, runner, tolerance):
    """The answer to each row: a class name, a tuple of names, the text of an answer; numbers as an array."""
    found = predictions_of(task, x, runner)
    hard = task.hard_predictions(found)
    if (hard is None) is (tolerance is None):
        raise checks.invalid(
            "`tolerance` is needed for tasks that answer with numbers, and only for these.",
            fix="Pass by how much a number may differ." if hard is None else "Leave `tolerance` out.",
            where="invariance",
            tolerance=tolerance,
            task=type(task).__name__,
        )
    if hard is None:
        return np.asarray(found)
    if isinstance(task, BertTextClassifier):
        if np.ndim(hard) == 1:
            return [task.labels[number] for number in hard]
        return [tuple(task.labels[number] for number in np.flatnonzero(row)) for row in hard]
    if isinstance(task, BertTokenClassifier):
        return [tuple(entity.type for entity in row) for row in found]
    if isinstance(task, BertQuestionAnswerer):
        return [answer.text for answer in found]
    return [tuple(np.ravel(row).tolist()) for row in hard]


def distances(task, before, after, rows):
    """How far the numbers of rows have moved: the largest difference, or a cosine distance of vectors."""
    before = before[rows]
    if not len(rows):
        return np.zeros(0)
    if isinstance(task, BertTextEmbedder):
        length = np.linalg.norm(before, axis=-1) * np.linalg.norm(after, axis=-1)
        return 1 - np.sum(before * after, axis=-1) / np.maximum(length, 1e-12)
    return np.abs(after - before).reshape(len(rows), -1).max(-1)


def probabilities_of(task, x, runner, label):
    """The probability of one label for each row, or a regression's number, float64 `(rows,)`."""
    if not isinstance(task, BertTextClassifier):
        raise checks.invalid(
            "`direction` follows the probability of a label, which only a classifier of texts has.",
            fix="Pass a `BertTextClassifier`, or use `invariance`.",
            where="direction",
            kind=TypeError,
            task=type(task).__name__,
        )
    checks.one_of("direction", task.labels, label=label)
    return np.asarray(predictions_of(task, x, runner), "float64")[:, task.labels.index(label)]
