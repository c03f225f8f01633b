"""Finds a preset's files in a local folder, or downloads them from Hugging Face's hub."""

import fnmatch
import pathlib

from kerasbert import checks
from kerasbert.types import PathLike

# The files of a checkpoint of any supported format, except its weights.
HUB_FILES = ["*.json", "vocab.txt", "merges.txt", "assets/tokenizer/*", "checkpoint"]
HUB_FILES += ["sentencepiece.bpe.model", "spiece.model", "tokenizer.model"]
# The files of weights. Only the first of these formats that a repository has is downloaded.
HUB_WEIGHTS = [
    ["model*.safetensors"],
    ["pytorch_model*.bin"],
    ["model.weights.h5", "task.weights.h5"],
    ["*.ckpt*.index", "*.ckpt*.data-*"],
]


# How long to wait for the first answer of the hub.
TIMEOUT_SECONDS = 10


def preset_folder(preset: PathLike) -> pathlib.Path:
    """Returns the local folder of a preset.

    Args:
        preset: str or path: a local folder, or `"hf://owner/name"`, which `huggingface_hub` downloads and
            keeps in its cache.

    Returns:
        `pathlib.Path`.

    Raises:
        FileNotFoundError: if a local folder does not exist.
        OSError: if the hub cannot be reached or has no such model, and the model is not in the cache.
        ImportError: if `huggingface_hub` is needed but not installed.
    """
    if str(preset).startswith("hf://"):
        return _fetch(str(preset).removeprefix("hf://"))
    folder = pathlib.Path(preset)
    if not folder.is_dir():
        like_a_name = not folder.is_absolute() and len(folder.parts) <= 2 and ".." not in folder.parts
        raise checks.invalid(
            "A preset must be an existing folder, or a name that starts with hf://.",
            fix=f'Check the path; to download from Hugging Face\'s hub, write from_preset("hf://{preset}").'
            if like_a_name
            else "Check the path; to download a model from Hugging Face's hub, write hf://owner/name.",
            kind=FileNotFoundError,
            preset=str(preset),
        )
    return folder


def _fetch(name):
    hub = checks.require("huggingface_hub", "pip install 'kerasbert[hub]'")
    try:
        found = hub.HfApi().model_info(name, timeout=TIMEOUT_SECONDS)
    except Exception as error:  # an error of the HTTP library, whose class differs between versions
        return _from_cache(hub, name, error)
    files = [file.rfilename for file in found.siblings]
    weights = next(
        (kind for kind in HUB_WEIGHTS if any(fnmatch.filter(files, pattern) for pattern in kind)), []
    )
    return pathlib.Path(hub.snapshot_download(name, allow_patterns=HUB_FILES + weights))


def _from_cache(hub, name, error):
    """Returns the folder that was downloaded earlier, if the hub does not answer."""
    try:
        return pathlib.Path(hub.snapshot_download(name, local_files_only=True))
    except Exception:  # the model is not in the cache, or its name is not valid
        raise checks.invalid(
            "The hub must be reachable and have the model, or the model must have been downloaded before.",
            fix="Check the name and the connection; or download the folder elsewhere, and pass its path.",
            kind=OSError,
            preset=f"hf://{name}",
            reason=f"{type(error).__name__}: {error}",
        ) from error
