"""Tasks: models that take strings and answer."""

from kerasbert.tasks.text_classifier import BertTextClassifier
