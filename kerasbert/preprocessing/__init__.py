"""Preprocessors: turn rows of users' data into batches of tokens and numeric labels."""

from kerasbert.preprocessing.choices import ChoicePreprocessor
from kerasbert.preprocessing.label_kinds import LABEL_KINDS, LabelKind
from kerasbert.preprocessing.masked_texts import MaskedTextPreprocessor
from kerasbert.preprocessing.pairs import EmbeddingPreprocessor
from kerasbert.preprocessing.preprocessor import BATCH_SIZE, Preprocessor, checked_batch_size
from kerasbert.preprocessing.pretraining import PAIRS, PretrainingPreprocessor
from kerasbert.preprocessing.questions import QuestionPreprocessor, question_columns
from kerasbert.preprocessing.sentences import SentencePreprocessor
from kerasbert.preprocessing.splits import cut_arrays, split_rows
from kerasbert.preprocessing.texts import TextPreprocessor
from kerasbert.preprocessing.words import WordPreprocessor

__all__ = [
    "LABEL_KINDS",
    "ChoicePreprocessor",
    "EmbeddingPreprocessor",
    "LabelKind",
    "MaskedTextPreprocessor",
    "Preprocessor",
    "PretrainingPreprocessor",
    "QuestionPreprocessor",
    "SentencePreprocessor",
    "TextPreprocessor",
    "WordPreprocessor",
]
