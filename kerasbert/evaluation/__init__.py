"""Know the model: what it gets right, how sure it is, where it fails. Needs the extra `evaluation`."""

from kerasbert.evaluation.calibration import Bin, Calibration, calibration_of
from kerasbert.evaluation.classes import ClassEvaluation, evaluate_probabilities
from kerasbert.evaluation.entities import EntityEvaluation
from kerasbert.evaluation.evaluate import evaluate
from kerasbert.evaluation.evaluation import Evaluation, Mistake
from kerasbert.evaluation.explained import explain_mistakes
from kerasbert.evaluation.numbers import NumberEvaluation
from kerasbert.evaluation.questions import QuestionEvaluation
from kerasbert.evaluation.report import report
from kerasbert.evaluation.resampling import Comparison, compare
from kerasbert.evaluation.retrieval import RetrievalEvaluation, evaluate_retrieval
from kerasbert.evaluation.several_labels import LabelEvaluation
from kerasbert.evaluation.slices import Slice
from kerasbert.evaluation.suspects import Duplicate, Suspect, duplicates, suspected_labels
from kerasbert.evaluation.temperature import TemperatureScaling, best_temperature, fit_temperature

__all__ = [
    "Bin",
    "Calibration",
    "ClassEvaluation",
    "Comparison",
    "Duplicate",
    "EntityEvaluation",
    "Evaluation",
    "LabelEvaluation",
    "Mistake",
    "NumberEvaluation",
    "QuestionEvaluation",
    "RetrievalEvaluation",
    "Slice",
    "Suspect",
    "TemperatureScaling",
    "best_temperature",
    "calibration_of",
    "compare",
    "duplicates",
    "evaluate",
    "evaluate_probabilities",
    "evaluate_retrieval",
    "explain_mistakes",
    "fit_temperature",
    "report",
    "suspected_labels",
]
