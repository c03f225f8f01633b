"""Temperature scaling: one number that makes probabilities agree with how often answers are right."""

import dataclasses
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.evaluation.answers import in_memory
from kerasbert.evaluation.probabilities import check_probabilities, checked_classes, floats, listed
from kerasbert.tasks.text_classifier import BertTextClassifier
from kerasbert.types import Labels, Rows

# Probabilities of exactly 0 or 1 come from rounding; their logits are taken for these.
LEAST = 1e-12
RANGE = (0.05, 20.0)


@dataclasses.dataclass(frozen=True)
class TemperatureScaling:
    """What `fit_temperature` did.

    Args:
        temperature: float, by which logits are now divided. Above 1, the model was overconfident.
        loss_before, loss_after: float, the mean negative log-likelihood of the right labels.
        rows: int, on how many rows it was fitted.
    """

    temperature: float
    loss_before: float
    loss_after: float
    rows: int


def best_temperature(probabilities: Any, true: Any) -> float:
    """Finds the temperature at which the right labels are most probable.

    Args:
        probabilities: float array `(rows, C)`: the probabilities of C classes, of which each row has one; or
            those of C labels, if `true` has a row of zeros and ones for each row.
        true: int array `(rows,)`, class numbers; or `(rows, C)`, zeros and ones.

    Returns:
        float, from 0.05 to 20.

    Raises:
        ValueError: if the shapes do not fit together, a class number is not between 0 and C - 1, or a
            probability is not between 0 and 1.
        ImportError: if scipy is missing.

    Example: a model that is always sure, and right in three of four cases.

    >>> import numpy as np
    >>> probabilities = np.array([[0.99, 0.01]] * 4)
    >>> temperature = best_temperature(probabilities, [0, 0, 0, 1])
    >>> round(float(1 / (1 + np.exp(-np.log(99) / temperature))), 3)
    0.75
    """
    optimize = checks.require("scipy.optimize", 'pip install "kerasbert[evaluation]"', "Temperature scaling")
    true = listed(true)
    if true.ndim == 1:
        probabilities, true = checked_classes(probabilities, true, "best_temperature")
    else:
        probabilities = floats(probabilities, "best_temperature")
        check_probabilities(probabilities, true.shape, "best_temperature")
    loss = _loss(probabilities, true)
    found = optimize.minimize_scalar(
        lambda log: loss(np.exp(log)), bounds=tuple(np.log(RANGE)), method="bounded", options={"xatol": 1e-6}
    )
    return float(np.exp(found.x))


def tempered(probabilities: Any, temperature: float) -> np.ndarray:
    """Computes what probabilities of C classes `(rows, C)` become if their logits are divided by a number."""
    logits = np.log(np.maximum(np.asarray(probabilities, "float64"), LEAST)) / temperature
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def fit_temperature(
    task: BertTextClassifier, x: Rows, y: Labels = None, verbose: int | str = 0
) -> TemperatureScaling:
    """Calibrates a classifier on a development set, in place.

    Guo et al. 2017, section 4.2, https://arxiv.org/abs/1706.04599. Logits are divided by one number, the
    temperature. The most probable class stays the same, and so does the accuracy. If rows have several
    labels, those with a probability above one half stay the same.

    The kernel and the bias of the last layer are divided, so that the temperature is kept in everything made
    from the task: `.keras` files, presets for other libraries, SavedModels, TFLite and ONNX files. If you
    train on, fit it again.

    Args:
        task: `BertTextClassifier` of one or of several labels a row, with a head of kerasbert's own.
        x, y: rows that the task has not learned from, and not those of the test set; as for `evaluate`.
        verbose: as for `predict`.

    Returns:
        `TemperatureScaling`.

    Raises:
        TypeError: if `task` is no `BertTextClassifier`.
        ValueError: if it is a regression, its head is one of your own, or all answers are right, so that the
            rows tell no temperature. The task is then as it was.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> classifier.compile()
    >>> history = classifier.fit(["good", "bad"], ["good", "bad"], verbose=0)
    >>> scaling = fit_temperature(classifier, ["good bad", "bad"], ["good", "bad"])
    >>> scaling.loss_after <= scaling.loss_before
    True
    """
    if not isinstance(task, BertTextClassifier):
        raise checks.invalid(
            "A temperature is fitted to a `BertTextClassifier`.",
            fix="For other probabilities, call `best_temperature`, and divide the logits yourself.",
            where="fit_temperature",
            kind=TypeError,
            task=type(task).__name__,
        )
    x, y = in_memory(x, y)
    true = np.asarray(task.preprocessor.label_numbers(y, "y"))
    if task.target.kind == "numbers":
        raise checks.invalid(
            "A temperature is for probabilities, and a regression has none.",
            fix="Leave it out.",
            where="fit_temperature",
            problem=task.problem,
        )
    probabilities = np.asarray(task.predict(x, verbose=verbose), "float64")
    temperature = best_temperature(probabilities, true)
    loss = _loss(probabilities, true)
    if loss(RANGE[0]) < loss(temperature) + 1e-9:
        raise checks.invalid(
            "A temperature can be told only from rows of which some are answered wrongly.",
            fix="Pass more rows: where all answers are right, probabilities of nearly 1 fit best.",
            where="fit_temperature",
            rows=len(true),
        )
    task.scale_logits(1 / temperature)
    return TemperatureScaling(temperature, float(loss(1.0)), float(loss(temperature)), len(true))


def _loss(probabilities, true):
    """The mean negative log-likelihood as a function of the temperature."""
    if true.ndim == 1:
        logits = np.log(np.maximum(probabilities, LEAST))
        rows = np.arange(len(true))

        def loss(temperature):
            scaled = logits / temperature
            scaled = scaled - scaled.max(-1, keepdims=True)
            return np.mean(np.log(np.exp(scaled).sum(-1)) - scaled[rows, true])

        return loss
    clipped = np.clip(probabilities, LEAST, 1 - LEAST)
    signed = (np.log(clipped) - np.log1p(-clipped)) * np.where(true > 0.5, 1, -1)
    return lambda temperature: np.mean(np.logaddexp(0, -signed / temperature))
