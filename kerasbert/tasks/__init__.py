"""Tasks: an encoder, a head and a loss, ready to train and to answer."""

from kerasbert.tasks.entities import Entity
from kerasbert.tasks.masked_lm import BertMaskedLM
from kerasbert.tasks.multiple_choice import BertMultipleChoice
from kerasbert.tasks.next_sentence import BertNextSentencePredictor
from kerasbert.tasks.pretrainer import BertPretrainer
from kerasbert.tasks.problems import Problem, register_problem
from kerasbert.tasks.question_answerer import BertQuestionAnswerer
from kerasbert.tasks.spans import Answer
from kerasbert.tasks.summaries import Summary
from kerasbert.tasks.summarizer import BertSummarizer
from kerasbert.tasks.task import Task
from kerasbert.tasks.text_classifier import BertTextClassifier
from kerasbert.tasks.text_embedder import BertTextEmbedder
from kerasbert.tasks.text_task import TextTask
from kerasbert.tasks.token_classifier import BertTokenClassifier

__all__ = [
    "Answer",
    "BertMaskedLM",
    "BertMultipleChoice",
    "BertNextSentencePredictor",
    "BertPretrainer",
    "BertQuestionAnswerer",
    "BertSummarizer",
    "BertTextClassifier",
    "BertTextEmbedder",
    "BertTokenClassifier",
    "Entity",
    "Problem",
    "Summary",
    "Task",
    "TextTask",
    "register_problem",
]
