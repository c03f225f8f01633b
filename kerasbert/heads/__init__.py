"""Heads: encoder output in, logits out."""

from kerasbert.heads.classification import ClassificationHead
