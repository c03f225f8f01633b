"""Evaluates any model on labelled rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data import entities, raw_columns
from kerasbert.data.answers import right_texts
from kerasbert.evaluation.answers import Answers, answers_of, lengths_of, texts_of
from kerasbert.evaluation.classes import ClassEvaluation
from kerasbert.evaluation.entities import EntityEvaluation
from kerasbert.evaluation.evaluation import Evaluation
from kerasbert.evaluation.numbers import NumberEvaluation
from kerasbert.evaluation.probabilities import check_probabilities
from kerasbert.evaluation.questions import QuestionEvaluation, question_type
from kerasbert.evaluation.several_labels import LabelEvaluation
from kerasbert.evaluation.slices import checked_columns
from kerasbert.tasks.text_task import TextTask
from kerasbert.types import Labels, Rows


def evaluate(
    model: Any,
    x: Rows,
    y: Labels = None,
    *,
    task: TextTask | None = None,
    slices: Mapping[str, Sequence[Any]] | None = None,
    thresholds: float | Mapping[str, float] | None = None,
    language: str = "en",
    verbose: int | str = 0,
) -> Evaluation:
    """Evaluates a task, or a file that was exported from one, on labelled rows.

    Args:
        model: a task; or a runner (`kerasbert.export.open_artifact`), an `Artifact` or the path of an
            exported file, whose own answers are then evaluated.
        x, y: rows in memory and their labels, as for `fit`; or only `x`, the rows of a reader.
        task: the task that a file was exported from; not needed for a file that takes text. Without a task,
            the entities in `y` must be spans in characters.
        slices: dict or None, name -> a value for each row, such as the source of a text. Scores are also
            computed for the rows of each value, or for each quarter of the rows if the values are numbers.
            They are always computed for each quarter of the rows by length.
        thresholds: float, dict or None, for rows with several labels: the probability above which a row has
            a label, one for all or for each label its own; None for the task's own, which are one half unless
            you set them. `LabelEvaluation.best_thresholds` chooses them.
        language: `"en"` or `"zh"`, how answers to questions are compared; see `kerasbert.data.squad_scores`.
        verbose: as for `predict`.

    Returns:
        `ClassEvaluation`, for one label a row and for multiple choice; `LabelEvaluation`, for several labels;
        `NumberEvaluation`, for a regression; `EntityEvaluation`; or `QuestionEvaluation`. For a
        `BertTextEmbedder`, call `evaluate_retrieval`.

    Raises:
        TypeError: if `x` is tokens or a `tf.data.Dataset`.
        ValueError: if labels are missing or unknown, or there is no such evaluation for the kind of task.
        ImportError: if scikit-learn is missing.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> classifier.compile()
    >>> history = classifier.fit(["good", "bad"], ["good", "bad"], verbose=0)
    >>> evaluation = evaluate(classifier, ["good", "bad good"], ["good", "bad"])
    >>> sorted(evaluation.scores)
    ['accuracy', 'macro_f1', 'roc_auc']
    """
    answers = answers_of(model, x, y, task, verbose)
    checks.one_of("evaluate", ("en", "zh"), language=language)
    kind = "several labels" if answers.kind == "classify" and answers.target == "labels" else answers.kind
    if thresholds is not None and kind != "several labels":
        raise checks.invalid(
            "`thresholds` are for rows with several labels.",
            fix="Leave them out.",
            where="evaluate",
            model=answers.model,
        )
    if kind == "embed":
        raise checks.invalid(
            "An embedder is evaluated by what it finds, or by the similarity of pairs.",
            fix="Call `evaluate_retrieval`, whose result `write_report(..., evaluation=found)` shows; or the "
            "task's `similarity_scores`.",
            where="evaluate",
            model=answers.model,
        )
    if kind not in _BUILDERS:
        raise checks.invalid(
            f"There is no evaluation for models whose answers are of the kind {kind!r}.",
            fix="Call the task's `scores`, or `evaluate` with Keras' metrics.",
            where="evaluate",
            model=answers.model,
        )
    lengths, unit = lengths_of(answers.x, answers.task)
    texts = texts_of(answers.x)
    about = (answers.model, texts, lengths, unit, checked_columns(slices, len(texts)))
    options: dict[str, Any] = {"several labels": {"thresholds": thresholds}, "answer": {"language": language}}
    return _BUILDERS[kind](answers, about, **options.get(kind, {}))


def _of_texts(answers: Answers, about: Any) -> Evaluation:
    if answers.target == "numbers":
        answered = np.asarray(answers.predictions, "float64")
        true = np.asarray(answers.label_numbers(), "float64").reshape(answered.shape)
        return NumberEvaluation(*(*about, answers.labels, true, answered))
    return _of_classes(answers, about, answers.labels)


def _of_choices(answers: Answers, about: Any) -> Evaluation:
    return _of_classes(answers, about, tuple(f"choice {i}" for i in range(np.shape(answers.predictions)[-1])))


def _of_classes(answers, about, labels):
    probabilities = np.asarray(answers.predictions, "float64")
    true = answers.label_numbers().reshape(-1).astype(int)
    check_probabilities(probabilities, (len(true), len(labels)), "evaluate")
    return ClassEvaluation(*about, labels, true, probabilities)


def _of_several_labels(
    answers: Answers, about: Any, thresholds: float | Mapping[str, float] | None
) -> Evaluation:
    probabilities = np.asarray(answers.predictions, "float64")
    true = answers.label_numbers() > 0.5
    check_probabilities(probabilities, true.shape, "evaluate")
    kept = answers.thresholds or dict.fromkeys(answers.labels, 0.5)
    given = kept if thresholds is None else thresholds
    given = dict(given) if isinstance(given, Mapping) else dict.fromkeys(answers.labels, given)
    if set(given) != set(answers.labels):
        raise checks.invalid(
            "`thresholds` must have a number for each label.",
            fix="Pass what `best_thresholds` returned, or one number for all.",
            where="evaluate",
            thresholds=given,
            labels=answers.labels,
        )
    for label, number in given.items():
        checks.rate(f"evaluate, {label!r}", threshold=number)
    return LabelEvaluation(*(*about, answers.labels, true, probabilities, given))


def _of_entities(answers: Answers, about: Any) -> Evaluation:
    if answers.task is None:
        spans_of_row = [_spans(row, i) for i, row in enumerate(answers.y)]
        found = [[(e.start, e.end, e.type) for e in row] for row in answers.predictions]
        return EntityEvaluation(*(*about, spans_of_row, found, about[1]))
    words, *labels = answers.task.counted_labels(answers.predictions, answers.x, answers.y)
    scheme = answers.task.scheme
    spans = [[[tuple(span) for span in entities(row, scheme)] for row in rows] for rows in labels]
    places = zip(words.texts, words.spans, strict=True)
    pieces = [[text[start:end] for start, end in word_places] for text, word_places in places]
    return EntityEvaluation(*(*about, *spans, pieces))


def _spans(row, number):
    """The entities of a row as `(start, end, type)`."""
    spans = [tuple(span) if isinstance(span, (list, tuple)) else (span,) for span in row]
    good = all(len(s) == 3 and isinstance(s[2], str) and not isinstance(s[0], str) for s in spans)
    if not good:
        raise checks.invalid(
            "Without its task, the entities in a file's texts must be `(start, end, type)`, in characters.",
            fix='Write [(0, 4, "LOC")]; or pass `task=`, whose labels of words are known.',
            where=f"evaluate, y, row {number}",
            kind=TypeError,
            row=row,
        )
    return spans


def _of_questions(answers: Answers, about: Any, language: str) -> Evaluation:
    right = [right_texts(row, f"evaluate, row {i}") for i, row in enumerate(answers.y)]
    columns: dict[str, Any] = {
        "length of the answer in characters": np.array([len(row[0]) if row else 0 for row in right])
    }
    if language == "en":
        columns = {"question": [question_type(str(q)) for q in raw_columns(answers.x)[0]]} | columns
    *about, given = about
    version = "1.1" if all(right) else "2.0"
    answered = [answer.text for answer in answers.predictions]
    return QuestionEvaluation(*(*about, columns | given, right, answered, language, version))


_BUILDERS: dict[str, Any] = {
    "classify": _of_texts,
    "choose": _of_choices,
    "several labels": _of_several_labels,
    "tag": _of_entities,
    "answer": _of_questions,
}
