"""Pre-training, from raw text through masked batches to a preset."""

from kerasbert.data.masking import Masking, mask_tokens
from kerasbert.data.span_weights import geometric_spans, ngram_spans
from kerasbert.pretraining.batches import pretraining_batches
from kerasbert.pretraining.beam import write_examples_with_beam
from kerasbert.pretraining.documents import Corpus
from kerasbert.pretraining.examples import ExampleSettings, write_examples
from kerasbert.pretraining.languages import language_batches, language_shares
from kerasbert.pretraining.records import Manifest
from kerasbert.pretraining.run import pretrain
from kerasbert.pretraining.settings import Optimizer, Phase, RunSettings, read_settings
from kerasbert.pretraining.vocabulary import train_vocabulary

__all__ = [
    "Corpus",
    "ExampleSettings",
    "Manifest",
    "Masking",
    "Optimizer",
    "Phase",
    "RunSettings",
    "geometric_spans",
    "language_batches",
    "language_shares",
    "mask_tokens",
    "ngram_spans",
    "pretrain",
    "pretraining_batches",
    "read_settings",
    "train_vocabulary",
    "write_examples",
    "write_examples_with_beam",
]
