"""Makes fine-tuned models smaller: fewer tokens, attention heads, inner units and blocks; distillation."""

from kerasbert.compression.depth import drop_layers
from kerasbert.compression.distillation import Distiller
from kerasbert.compression.pruning import prune
from kerasbert.compression.vocabulary import trim_vocabulary

__all__ = ["Distiller", "drop_layers", "prune", "trim_vocabulary"]
