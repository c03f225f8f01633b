"""Checkpoints of other libraries; their names live here and nowhere else."""

from kerasbert.checkpoints.huggingface import load_encoder, read_config
from kerasbert.checkpoints.presets import preset_folder
from kerasbert.checkpoints.report import LoadReport
