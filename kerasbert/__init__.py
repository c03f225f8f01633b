"""BERT in Keras 3, from raw text to a quantized model on a phone."""

from kerasbert.config import BertConfig
from kerasbert.encoder import BertEncoder
from kerasbert.tasks import (
    BertMaskedLM,
    BertMultipleChoice,
    BertNextSentencePredictor,
    BertPretrainer,
    BertQuestionAnswerer,
    BertSummarizer,
    BertTextClassifier,
    BertTextEmbedder,
    BertTokenClassifier,
)
from kerasbert.text import BertTokenizer, RobertaTokenizer

__version__ = "0.1.0"
