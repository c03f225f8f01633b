"""BERT in Keras 3, from raw text to a quantized model on a phone."""

from kerasbert.config import BertConfig
from kerasbert.encoder import BertEncoder
from kerasbert.tasks import BertTextClassifier
from kerasbert.text import BertTokenizer

__version__ = "0.1.0"
