"""Why a model made its worst mistakes: their texts with coloured words."""

from typing import Any

from kerasbert import checks
from kerasbert.data import QuestionRows, RowStream, rows_of
from kerasbert.evaluation.answers import in_memory
from kerasbert.evaluation.classes import ClassEvaluation
from kerasbert.evaluation.evaluation import Evaluation
from kerasbert.evaluation.questions import NO_ANSWER, QuestionEvaluation
from kerasbert.explain import Explanation, integrated_gradients
from kerasbert.tasks.question_answerer import BertQuestionAnswerer
from kerasbert.tasks.text_classifier import BertTextClassifier
from kerasbert.types import Rows


def explain_mistakes(
    evaluation: Evaluation, task: Any, x: Rows, count: int = 10, **arguments: Any
) -> dict[int, Explanation]:
    """Explains the worst mistakes: which words speak for the wrong answer.

    Args:
        evaluation: what `evaluate` returned for the task, or for a file that was exported from it.
        task: `BertTextClassifier` of one label a row, or `BertQuestionAnswerer`.
        x: the rows that were evaluated, or the reader of them.
        count: int, how many mistakes at most.
        **arguments: of `kerasbert.explain.integrated_gradients`, such as `steps`.

    Returns:
        dict, number of a row -> `Explanation` of the answer that was given, the worst mistake first. Wrong
        "no answers" of a question answerer are left out: no words speak for them.

    Raises:
        TypeError: if mistakes of such a task cannot be explained.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> from kerasbert.evaluation import evaluate
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> x, y = ["a good film", "a good film"], ["bad", "good"]  # one of them is wrong
    >>> found = explain_mistakes(evaluate(classifier, x, y), classifier, x)
    >>> len(found)
    1
    """
    checks.positive_int("explain_mistakes", count=count)
    if not can_explain(evaluation, task):
        raise checks.invalid(
            "Mistakes are explained of a `BertTextClassifier` of one label a row and of a "
            "`BertQuestionAnswerer`.",
            fix="Call a function of `kerasbert.explain` with the rows and what is to be explained of each.",
            where="explain_mistakes",
            kind=TypeError,
            evaluation=type(evaluation).__name__,
            task=type(task).__name__,
        )
    read = isinstance(x, (QuestionRows, RowStream))
    x, _ = in_memory(x, None if read else [None] * len(evaluation))  # of other rows labels do not matter
    wrong = [m for m in evaluation.mistakes(count) if m.answer != NO_ANSWER]
    rows = [mistake.row for mistake in wrong]
    targets = [m.answer for m in wrong] if isinstance(evaluation, ClassEvaluation) else None
    found = integrated_gradients(task, rows_of(x, rows), targets, **arguments) if rows else []
    return dict(zip(rows, found, strict=True))


def can_explain(evaluation: Evaluation, task: Any) -> bool:
    """Whether `explain_mistakes` takes the two."""
    kinds = {BertTextClassifier: ClassEvaluation, BertQuestionAnswerer: QuestionEvaluation}
    return any(isinstance(task, a) and isinstance(evaluation, b) for a, b in kinds.items())
