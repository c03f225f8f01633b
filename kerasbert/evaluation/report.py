"""A page about one model that a person without code can read."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kerasbert import checks
from kerasbert.evaluation.answers import in_memory
from kerasbert.evaluation.evaluate import evaluate
from kerasbert.evaluation.explained import can_explain, explain_mistakes
from kerasbert.export import Artifact, Benchmark, ModelCard, Verification, write_report
from kerasbert.tasks.text_task import TextTask
from kerasbert.types import Labels, PathLike, Rows


def report(
    model: Any,
    x: Rows,
    y: Labels,
    path: PathLike,
    *,
    task: TextTask | None = None,
    title: str | None = None,
    card: ModelCard | None = None,
    slices: Mapping[str, Sequence[Any]] | None = None,
    history: keras.callbacks.History | Mapping[str, Sequence[float]] | None = None,
    artifacts: Mapping[str, Artifact] | None = None,
    verifications: Mapping[str, Verification] | None = None,
    benchmarks: Mapping[str, Benchmark] | None = None,
    robustness: Any = None,
    explained: int = 5,
) -> pathlib.Path:
    """Evaluates a model and writes a page about it, which begins with a verdict and then gives the reasons.

    The page is one HTML file that fetches nothing, for a screen, a phone and paper; a JSON file of the same
    name holds its numbers.

    Args:
        model, x, y, task, slices: as for `evaluate`.
        path: str or path of the HTML file.
        title: str or None, for the name of the model.
        card: `kerasbert.export.ModelCard` or None, what people must know before they use the model.
        history: what `fit` returned, or its `history`, for the curves of training.
        artifacts, verifications, benchmarks: dicts or None, name of a file -> what `kerasbert.export`
            measured.
        robustness: what `kerasbert.robustness.invariance` returned, or None.
        explained: int, in how many of the worst mistakes words are coloured by what they say for the wrong
            answer; each takes 64 gradients. For the tasks that `explain_mistakes` takes.

    Returns:
        `pathlib.Path` of the HTML file.

    Raises:
        ImportError: if matplotlib or scikit-learn is missing.

    Example:

    >>> import tempfile
    >>> from kerasbert import BertTextClassifier
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> classifier.compile()
    >>> history = classifier.fit(["good", "bad"], ["good", "bad"], verbose=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report(classifier, ["good", "bad"], ["good", "bad"], folder + "/film.html", history=history).name
    'film.html'
    """
    task = model if isinstance(model, TextTask) else task
    checks.not_negative_int("report", explained=explained)
    x, y = in_memory(x, y)
    evaluation = evaluate(model, x, y, task=task, slices=slices)
    wanted = explained and can_explain(evaluation, task)
    explanations = explain_mistakes(evaluation, task, x, explained) if wanted else None
    return write_report(
        path,
        task,
        title=evaluation.model if title is None else title,
        card=card,
        artifacts=artifacts,
        verifications=verifications,
        benchmarks=benchmarks,
        evaluation=evaluation,
        history=history,
        explanations=explanations,
        robustness=robustness,
    )
