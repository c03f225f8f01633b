"""BERT in Keras 3, from raw text to a quantized model on a phone."""

import importlib

from kerasbert import checks
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
from kerasbert.text import (
    AlbertTokenizer,
    BertTokenizer,
    BertweetTokenizer,
    MPNetTokenizer,
    RobertaTokenizer,
    SentencePieceTokenizer,
)

__version__ = "0.1.0"

# These are imported at their first use, so that `import kerasbert` stays fast.
_PACKAGES = (
    "checkpoints",
    "compression",
    "data",
    "evaluation",
    "explain",
    "export",
    "heads",
    "layers",
    "preprocessing",
    "pretraining",
    "robustness",
    "tasks",
    "testing",
    "text",
    "training",
)

__all__ = [
    "AlbertTokenizer",
    "BertConfig",
    "BertEncoder",
    "BertMaskedLM",
    "BertMultipleChoice",
    "BertNextSentencePredictor",
    "BertPretrainer",
    "BertQuestionAnswerer",
    "BertSummarizer",
    "BertTextClassifier",
    "BertTextEmbedder",
    "BertTokenClassifier",
    "BertTokenizer",
    "BertweetTokenizer",
    "MPNetTokenizer",
    "RobertaTokenizer",
    "SentencePieceTokenizer",
    *_PACKAGES,
]


def __getattr__(name):
    if name in _PACKAGES:
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != "kerasbert.export":
                raise
            raise checks.invalid(
                "`kerasbert.export` must be installed: in a clone, its folder lies beside `kerasbert`.",
                fix="Run `pip install --editable .` in the clone, or start Python in another folder.",
                kind=ImportError,
                folder=__path__[0],
            ) from None
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_PACKAGES})
