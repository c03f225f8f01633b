"""Loads presets into models that already exist."""

from kerasbert.checkpoints.formats import open_checkpoint
from kerasbert.checkpoints.loading import load_weights
from kerasbert.checkpoints.report import LoadReport
from kerasbert.types import PathLike


class PresetLoader:
    """The part of encoders and tasks that loads a checkpoint into a model that already exists."""

    def load_preset(self, preset: PathLike) -> LoadReport:
        """Loads the weights of a checkpoint into this model: all of them, or none if anything is wrong.

        Args:
            preset: as for `from_preset`; its encoder must have the same sizes as this model's.

        Returns:
            `LoadReport`, which is also stored as `load_report`.

        Raises, Warns:
            As for `from_preset`; also ValueError if the encoder has LoRA weights that are not merged.
        """
        getattr(self, "encoder", self).check_merged("load_preset")
        self.load_report = load_weights(self, open_checkpoint(preset))
        return self.load_report
