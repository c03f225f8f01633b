"""Fine-tuned models made smaller: fewer tokens, heads, units and blocks."""

from kerasbert.compression.depth import drop_layers
from kerasbert.compression.distillation import Distiller
from kerasbert.compression.pruning import prune
from kerasbert.compression.vocabulary import trim_vocabulary

__all__ = ["Distiller", "drop_layers", "prune", "trim_vocabulary"]
