"""Why a model made its worst mistakes: their texts with coloured words."""

from typing import Any

from kerasbert import checks
from kerasbert.data import QuestionRows, RowStream, rows_of
from kerasbert.evaluation.answers import in_memory
from kerasbert.evaluation.classes import ClassEvaluation
from kerasbert.evaluation.entities import EntityEvaluation
from kerasbert.evaluation.evaluation import Evaluation
from kerasbert.evaluation.questions import NO_ANSWER, QuestionEvaluation
from kerasbert.explain import Explanation, integrated_gradients
from kerasbert.tasks.question_answerer import BertQuestionAnswerer
from kerasbert.tasks.text_classifier import BertTextClassifier
from kerasbert.tasks.token_classifier import BertTokenClassifier
from kerasbert.types import Rows


def explain_mistakes(
    evaluation: Evaluation, task: Any, x: Rows, count: int = 10, **arguments: Any
) -> dict[int, Explanation]:
    """Explains the worst mistakes: which words speak for the wrong answer.

    Args:
        evaluation: what `evaluate` returned for the task, or for a file that was exported from it.
        task: `BertTextClassifier` of one label a row, `BertTokenClassifier` or `BertQuestionAnswerer`.
        x: the rows that were evaluated, or the reader of them.
        count: int, how many mistakes at most.
        **arguments: of `kerasbert.explain.integrated_gradients`, such as `steps`.

    Returns:
        dict, number of a row -> `Explanation` of the answer that was given, the worst mistake first; of
        several wrong entities in a row, the first one is explained. Wrong "no answers" of a question answerer
        are left out, and so are rows of which entities are only missing: no words speak for these.

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
            "Mistakes are explained of a `BertTextClassifier` of one label a row, a `BertTokenClassifier` "
            "and a `BertQuestionAnswerer`.",
            fix="Call a function of `kerasbert.explain` with the rows and what is to be explained of each.",
            where="explain_mistakes",
            kind=TypeError,
            evaluation=type(evaluation).__name__,
            task=type(task).__name__,
        )
    read = isinstance(x, (QuestionRows, RowStream))
    x, _ = in_memory(x, None if read else [None] * len(evaluation))  # of other rows labels do not matter
    wrong = [m for m in evaluation.mistakes(count) if m.answer != NO_ANSWER]
    rows, targets = [mistake.row for mistake in wrong], None
    if isinstance(evaluation, ClassEvaluation):
        targets = [m.answer for m in wrong]
    elif isinstance(evaluation, EntityEvaluation):
        entities = {row: entity for row in rows if (entity := _wrong_entity(evaluation, row))}
        rows = list(entities)
        targets = _in_characters(evaluation, task, rows_of(x, rows), entities)
    found = integrated_gradients(task, rows_of(x, rows), targets, **arguments) if rows else []
    return dict(zip(rows, found, strict=True))


def can_explain(evaluation: Evaluation, task: Any) -> bool:
    """Whether `explain_mistakes` takes the two."""
    kinds: dict[type, type] = {
        BertTextClassifier: ClassEvaluation,
        BertTokenClassifier: EntityEvaluation,
        BertQuestionAnswerer: QuestionEvaluation,
    }
    return any(isinstance(task, a) and isinstance(evaluation, b) for a, b in kinds.items())


def _wrong_entity(evaluation, row):
    """The first entity that was wrongly answered for a row, or None."""
    wrong = [answer for kind, _, answer in evaluation.matches[row] if kind != "right" and answer]
    return min(wrong, default=None)


def _in_characters(evaluation, task, x, entities):
    """Entities by row as `(start, end, type)` in characters; an evaluation with a task counts in words."""
    if all(isinstance(evaluation.pieces[row], str) for row in entities):
        return list(entities.values())
    spans = task.preprocessor.words(x).spans if entities else []
    return [
        (places[start][0], places[end - 1][1], type_)
        for places, (start, end, type_) in zip(spans, entities.values(), strict=True)
    ]
