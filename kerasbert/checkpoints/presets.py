"""Where a preset's files are: a local folder, or a hub's."""

import pathlib

from kerasbert import checks

# No other format's weights: they would double the download.
HUB_FILES = ["*.json", "vocab.txt", "model.safetensors", "pytorch_model.bin"]


def preset_folder(preset):
    """Returns the local folder of a preset.

    Args:
        preset: str or path: a local folder, or `"hf://owner/name"`, which `huggingface_hub` fetches and
            keeps in its cache.

    Returns:
        `pathlib.Path`.

    Raises:
        FileNotFoundError: if a local folder does not exist.
        ImportError: if `huggingface_hub` is needed and missing.
    """
    if str(preset).startswith("hf://"):
        hub = checks.require("huggingface_hub", "pip install 'kerasbert[hub]'")
        name = str(preset).removeprefix("hf://")
        return pathlib.Path(hub.snapshot_download(name, allow_patterns=HUB_FILES))
    folder = pathlib.Path(preset)
    if not folder.is_dir():
        raise checks.invalid(
            "A preset must be an existing folder, or a name that starts with hf://.",
            fix="Check the path; to fetch a model from Hugging Face's hub write hf://owner/name.",
            kind=FileNotFoundError,
            preset=str(preset),
        )
    return folder
