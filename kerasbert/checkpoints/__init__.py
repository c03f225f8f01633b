"""Reads and writes the checkpoints of other libraries, whose names appear only here."""

from kerasbert.checkpoints.formats import open_checkpoint
from kerasbert.checkpoints.google_out import write_google
from kerasbert.checkpoints.huggingface_out import transformers_has, write_preset
from kerasbert.checkpoints.keras_hub_out import write_keras_hub
from kerasbert.checkpoints.loading import load_weights
from kerasbert.checkpoints.paths import head_weights, heads_among, own_weights
from kerasbert.checkpoints.preset_loader import PresetLoader
from kerasbert.checkpoints.presets import preset_folder
from kerasbert.checkpoints.report import LoadReport
from kerasbert.checkpoints.sentence_transformers import (
    read_modules,
    read_prompts,
    write_modules,
    write_prompts,
)

__all__ = ["LoadReport", "open_checkpoint", "preset_folder"]
