"""Heads, which turn the encoder's output into logits."""

from kerasbert.heads.classification import ClassificationHead
from kerasbert.heads.masked_lm import MaskedLMHead
from kerasbert.heads.span import SpanHead
from kerasbert.heads.token_classification import TokenClassificationHead

__all__ = ["ClassificationHead", "MaskedLMHead", "SpanHead", "TokenClassificationHead"]
