"""What every model that has named weights can do with a preset."""

from kerasbert.checkpoints.formats import open_checkpoint
from kerasbert.checkpoints.loading import load_weights
from kerasbert.checkpoints.report import LoadReport
from kerasbert.types import PathLike


class PresetLoader:
    """The part of encoders and tasks that puts a checkpoint into a model that is there already."""

    def load_preset(self, preset: PathLike) -> LoadReport:
        """Puts the weights of a checkpoint into this model: all of them, or none if anything is wrong.

        Args:
            preset: as for `from_preset`; its encoder has the shape of this one.

        Returns:
            `LoadReport`, also kept as `load_report`.

        Raises, Warns:
            As `from_preset`. ValueError also if LoRA changes the encoder.
        """
        getattr(self, "encoder", self).check_merged("load_preset")
        self.load_report = load_weights(self, open_checkpoint(preset))
        return self.load_report
