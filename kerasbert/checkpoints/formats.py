"""Detects the format of the checkpoint in a folder."""

import dataclasses

from kerasbert import checks
from kerasbert.checkpoints.checkpoint import Checkpoint
from kerasbert.checkpoints.google import open_google
from kerasbert.checkpoints.huggingface import open_huggingface
from kerasbert.checkpoints.keras_hub import is_keras_hub, open_keras_hub
from kerasbert.checkpoints.presets import preset_folder
from kerasbert.checkpoints.sentence_transformers import transformer_folder
from kerasbert.checkpoints.sizes import check_encoder
from kerasbert.json_files import read_json
from kerasbert.types import PathLike


def open_checkpoint(preset: PathLike) -> Checkpoint:
    """Opens a checkpoint of any supported format.

    Args:
        preset: str or path of a folder, or `"hf://owner/name"`.

    Returns:
        `Checkpoint`.

    Raises:
        FileNotFoundError: if the folder, its config or its weights are missing.
        ValueError: if a file is damaged, or describes another architecture.
    """
    root = preset_folder(preset)
    checkpoint = _open(transformer_folder(root))
    check_encoder(checkpoint)
    return dataclasses.replace(checkpoint, root=root)


def _open(folder):
    if (folder / "config.json").is_file():
        if is_keras_hub(read_json(folder / "config.json")):
            return open_keras_hub(folder)
        return open_huggingface(folder)
    if (folder / "bert_config.json").is_file():
        return open_google(folder)
    raise checks.invalid(
        "A preset folder must hold `config.json`, or Google's `bert_config.json`.",
        fix="Pass a folder that was downloaded, or written by `save_pretrained` or `save_to_preset`.",
        kind=FileNotFoundError,
        folder=str(folder),
    )
