"""How many answers change when texts change, and the label does not."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.robustness.answers import answers_of, distances, probabilities_of
from kerasbert.robustness.changes import apply, first_texts, named, not_a_function, with_texts
from kerasbert.robustness.outcomes import Example, Invariance, Outcome
from kerasbert.robustness.perturbations import Perturbation
from kerasbert.tasks.masked_lm import BertMaskedLM
from kerasbert.tasks.task import Task
from kerasbert.types import Rows

EXAMPLES = 5
# Stands for what a perturbation must not change: no letter, no mark and no space.
_KEPT = "\ue000"


def invariance(
    task: Task,
    x: Rows,
    perturbations: Perturbation | Iterable[Perturbation] | dict[str, Perturbation] | None = None,
    *,
    runner: Any = None,
    tolerance: float | None = None,
    seed: int = 0,
    examples: int = EXAMPLES,
) -> Invariance:
    """Measures how many answers change when texts change in ways that should not matter.

    The invariance test of Ribeiro et al. 2020, section 2.2, https://arxiv.org/abs/2005.04118. An answer is
    the class, the labels, the filled token or the choice. Entities are compared by their types in their
    order, because their positions move with the text. In pairs, only the first text is perturbed: the
    question, and not the context in which it is answered.

    Args:
        task: a kerasbert task.
        x: texts or pairs in memory, as for the task's `predict`.
        perturbations: functions from a text to a text, alone, in a list, or in a dict by name; None for all
            of `kerasbert.robustness.PERTURBATIONS`. A function with a parameter `seed` gets another one for
            each row.
        runner: None for the Keras task; or an exported file, for its answers: what
            `kerasbert.export.open_artifact` returns, an `Artifact` or a path.
        tolerance: float, for tasks that answer with numbers: by how much a number may differ; for a
            `BertTextEmbedder`, the cosine distance of the two vectors.
        seed: int.
        examples: int, how many texts with another answer to keep for each perturbation.

    Returns:
        `Invariance`, a table of rates with examples.

    Raises:
        TypeError: if `x` is not texts in memory, or a perturbation returns something else than a str.
        ValueError: if there are no texts; or a `tolerance` is needed and missing, given although answers are
            not numbers, or no finite number of at least 0.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> from kerasbert.robustness import upper_case
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"])
    >>> config = BertConfig(vocabulary_size=8, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> invariance(classifier, ["Good film", "Bad film"], upper_case)["upper_case"].rate
    0.0
    """
    changes = named(perturbations)
    checks.not_negative_int("invariance", seed=seed, examples=examples)
    if tolerance is not None:
        checks.not_negative_float("invariance", tolerance=tolerance)
    texts = first_texts(x, "invariance")
    before = answers_of(task, x, runner, tolerance)
    kept = task.tokenizer.vocabulary[task.tokenizer.mask_id] if isinstance(task, BertMaskedLM) else None
    outcomes = {}
    for name, change in changes.items():
        rows, new = _changed(texts, change, name, seed, kept)
        after = answers_of(task, with_texts(x, rows, new), runner, tolerance) if rows else []
        if tolerance is None:
            differs = [before[row] != answer for row, answer in zip(rows, after, strict=True)]
        else:
            differs = [d > tolerance for d in distances(task, before, after, rows)]
        outcomes[name] = _outcome(name, texts, rows, new, before, after, differs, examples)
    return Invariance(outcomes)


def direction(
    task: Task,
    x: Rows,
    change: Callable[..., str],
    label: str,
    expected: str,
    *,
    tolerance: float = 0.0,
    runner: Any = None,
    seed: int = 0,
    examples: int = EXAMPLES,
) -> Outcome:
    """Measures how often the probability of a label moves in the wrong direction when texts change.

    The directional expectation test of Ribeiro et al. 2020, section 2.2, https://arxiv.org/abs/2005.04118: if
    "I loved it." is added to a review, the probability of "positive" should not fall.

    Args:
        task: `BertTextClassifier`; for a regression, its numbers take the place of probabilities.
        x, runner, seed, examples: as for `invariance`.
        change: function from a text to a text.
        label: str, one of the task's labels.
        expected: str, `"up"` or `"down"`, where the probability should go.
        tolerance: float, how far it may go in the other direction.

    Returns:
        `Outcome`; `changed` counts the texts whose probability went the wrong way, and the answers of its
        examples are probabilities.

    Raises:
        TypeError: if the task is not a classifier of texts.
        ValueError: if there are no texts, the label is unknown, or the tolerance is no finite number of at
            least 0.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"])
    >>> config = BertConfig(vocabulary_size=8, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> direction(classifier, ["film"], lambda text: text + " good", "good", "up", tolerance=1.0).rate
    0.0
    """
    checks.one_of("direction", ("up", "down"), expected=expected)
    checks.not_negative_int("direction", seed=seed, examples=examples)
    checks.not_negative_float("direction", tolerance=tolerance)
    if not callable(change):
        raise not_a_function(change)
    texts, name = (
        first_texts(x, "direction"),
        getattr(change, "__name__", "change").replace("<lambda>", "change"),
    )
    before = probabilities_of(task, x, runner, label)
    rows, new = _changed(texts, change, name, seed)
    after = probabilities_of(task, with_texts(x, rows, new), runner, label) if rows else np.zeros(0)
    rise = after - before[rows]
    wrong = (-rise if expected == "up" else rise) > tolerance
    first, second = ([round(float(p), 4) for p in values] for values in (before, after))
    return _outcome(name, texts, rows, new, first, second, wrong, examples)


def _changed(texts, change, name, seed, kept=None):
    """The numbers of the rows that a perturbation changes, and their new texts.

    `kept` is what must stay as it is, such as `[MASK]`: a text that loses it stays as it was.
    """

    def changed(text, row):
        hidden = text.replace(kept, _KEPT) if kept else text
        new = apply(change, hidden, f"{seed}/{row}", name)
        return text if kept and _KEPT not in new else new.replace(_KEPT, kept) if kept else new

    new = [changed(text, row) for row, text in enumerate(texts)]
    rows = [row for row, (a, b) in enumerate(zip(texts, new, strict=True)) if a != b]
    return rows, [new[row] for row in rows]


def _outcome(name, texts, rows, new, before, after, differs, examples):
    places = [i for i, different in enumerate(differs) if different]
    shown = [Example(rows[i], texts[rows[i]], new[i], before[rows[i]], after[i]) for i in places[:examples]]
    return Outcome(name, len(rows), len(places), shown)
