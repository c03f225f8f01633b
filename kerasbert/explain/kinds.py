"""What is explained of each kind of task."""

from typing import Any

from kerasbert import checks
from kerasbert.explain.explanation import Explanation
from kerasbert.explain.span_subjects import answer_subject, entity_subject
from kerasbert.explain.subjects import Subject
from kerasbert.explain.text_subjects import class_subject, mask_subject, similarity_subject
from kerasbert.tasks import (
    BertMaskedLM,
    BertQuestionAnswerer,
    BertTextClassifier,
    BertTextEmbedder,
    BertTokenClassifier,
)
from kerasbert.types import Rows

_KINDS: dict[Any, Any] = {
    BertTextClassifier: class_subject,
    BertTokenClassifier: entity_subject,
    BertQuestionAnswerer: answer_subject,
    BertTextEmbedder: similarity_subject,
    BertMaskedLM: mask_subject,
}


def subject_of(task: Any, x: Rows, target: Any) -> Subject:
    """Returns what is explained of a task, by its kind."""
    for kind, make in _KINDS.items():
        if isinstance(task, kind):
            task.preprocessor.need_tokenizer("kerasbert.explain")
            return make(task, x, target)
    raise checks.invalid(
        "Explanations are for a `BertTextClassifier`, `BertTokenClassifier`, `BertQuestionAnswerer`, "
        "`BertTextEmbedder` or `BertMaskedLM`.",
        fix="Pass one of these.",
        where="kerasbert.explain",
        kind=TypeError,
        task=type(task).__name__,
    )


def of_pairs(task: Any, found: list[Explanation]) -> list[Explanation]:
    """The explanations of pairs: of an embedder, those of the first and of the second texts become one."""
    if not isinstance(task, BertTextEmbedder):
        return found
    half = len(found) // 2
    return [a.joined(b) for a, b in zip(found[:half], found[half:], strict=True)]
