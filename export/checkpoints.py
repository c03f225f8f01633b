"""Folders in other libraries' formats: Hugging Face's, Google's, KerasHub's."""

from typing import Any

from kerasbert import checks
from kerasbert.checkpoints import heads_among, transformers_has, write_google, write_keras_hub
from kerasbert.checkpoints.huggingface_arguments import PROBLEMS
from kerasbert.encoder import BertEncoder
from kerasbert.export.artifact import Artifact
from kerasbert.tasks.task import Task
from kerasbert.types import PathLike


def to_huggingface(model: Task | BertEncoder, folder: PathLike) -> Artifact:
    """Writes a model as a folder that transformers loads: config, weights and tokenizer.

    Args:
        model: a kerasbert task or `BertEncoder`. A `BertTextEmbedder` also gets the files of
            sentence-transformers.
        folder: str or path. What this function wrote there before, and nobody changed, is replaced once the
            new folder is complete.

    Returns:
        `Artifact`.

    Raises:
        FileExistsError: if the folder holds anything but what this function wrote.
        ValueError: if transformers has no such model.
    """
    encoder: Any = getattr(model, "encoder", model)
    encoder.config.check_equal_blocks("to_huggingface")
    paths = model.named_weights()
    _check_head(model, transformers_has(heads_among(paths), paths), "to_huggingface")
    model.save_to_preset(folder)
    return Artifact.of(folder, "huggingface", signatures={})


def to_google(model: Task | BertEncoder, folder: PathLike) -> Artifact:
    """Writes a model as Google's original code reads it: `bert_config.json`, `bert_model.ckpt`, `vocab.txt`.

    Args:
        model: a `BertEncoder`, or a kerasbert task whose head the original has: those of pre-training,
            classification and question answering.
        folder: str or path. What this function wrote there before, and nobody changed, is replaced once the
            new folder is complete.

    Returns:
        `Artifact`.

    Raises:
        FileExistsError: if the folder holds anything but what this function wrote.
        ValueError: if the original has no such model: its layer norms add 1e-12, its activations are gelu,
            relu and tanh.
    """
    _write(write_google, model, folder)
    return Artifact.of(folder, "google", signatures={})


def to_keras_hub(model: Task | BertEncoder, folder: PathLike) -> Artifact:
    """Writes a model as a preset of KerasHub's `BertBackbone` or `BertTextClassifier`.

    KerasHub's own tokenizer reads the vocabulary and folds characters by NFKC, which the original does not:
    its ids differ on texts with full-width characters, on most Chinese ones among them.

    Args:
        model: a `BertEncoder` with a pooler, or a `BertTextClassifier`.
        folder: str or path. What this function wrote there before, and nobody changed, is replaced once the
            new folder is complete.

    Returns:
        `Artifact`.

    Raises:
        FileExistsError: if the folder holds anything but what this function wrote.
        ValueError: if KerasHub has no such model: it computes gelu in its tanh form and adds 1e-12 in layer
            norms, whatever a config says.
    """
    _write(write_keras_hub, model, folder)
    return Artifact.of(folder, "keras_hub", signatures={})


def _check_head(model, known, where):
    """Raises ValueError if the other library has no class for the model's head, or computes another one."""
    own_problem = getattr(model, "problem", None) not in (None, *PROBLEMS.values())
    if not known or own_problem or getattr(model, "has_own_head", False):
        received = {"problem": model.problem} if own_problem else {}
        raise checks.invalid(
            "The other library must have a class for the model's head.",
            fix="Export its `encoder`; `save_to_preset` keeps the head too, for kerasbert.",
            where=where,
            model=type(model).__name__,
            **received,
        )


def _write(write, model, folder):
    _check_head(model, True, write.__name__)
    weights = model.weight_values()
    write(
        folder,
        getattr(model, "encoder", model).config,
        weights,
        heads=heads_among(weights),
        arguments=model.preset_values() if hasattr(model, "preset_values") else None,
        tokenizer=getattr(model, "tokenizer", None),
    )
