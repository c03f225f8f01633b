"""Exports to the formats of other libraries: Hugging Face, Google's original code, KerasHub."""

from typing import Any

from kerasbert import checks
from kerasbert.checkpoints import heads_among, transformers_has, write_google, write_keras_hub
from kerasbert.checkpoints.huggingface_arguments import PROBLEMS
from kerasbert.encoder import BertEncoder
from kerasbert.export.artifact import Artifact
from kerasbert.tasks.task import Task
from kerasbert.types import PathLike


def to_huggingface(model: Task | BertEncoder, folder: PathLike) -> Artifact:
    """Writes a model to a folder that transformers can load: config, weights and tokenizer.

    Args:
        model: a kerasbert task or `BertEncoder`. For a `BertTextEmbedder`, the files of sentence-transformers
            are written, too.
        folder: str or path. A folder that this function wrote there, and that has not been changed since, is
            replaced once the new one is complete.

    Returns:
        `Artifact`.

    Raises:
        FileExistsError: if the folder contains anything except what this function wrote.
        ValueError: if transformers does not have such a model, or a class of yours overrides what the encoder
            computes.
    """
    encoder: Any = getattr(model, "encoder", model)
    encoder.config.check_equal_blocks("to_huggingface")
    _check_encoder(encoder, "to_huggingface")
    paths = model.named_weights()
    _check_head(model, transformers_has(heads_among(paths), paths), "to_huggingface")
    model.save_to_preset(folder)
    return Artifact.of(folder, "huggingface", signatures={})


def to_google(model: Task | BertEncoder, folder: PathLike) -> Artifact:
    """Writes a model for Google's original code: `bert_config.json`, `bert_model.ckpt`, `vocab.txt`.

    Args:
        model: a `BertEncoder`, or a kerasbert task with a head that the original code has: for pre-training,
            classification or question answering.
        folder: str or path. A folder that this function wrote there, and that has not been changed since, is
            replaced once the new one is complete.

    Returns:
        `Artifact`.

    Raises:
        FileExistsError: if the folder contains anything except what this function wrote.
        ValueError: if the original code does not have such a model: its layer norms have an epsilon of 1e-12,
            its activations are gelu, relu and tanh; or a class of yours overrides what the encoder computes.
    """
    _write(write_google, model, folder, "to_google")
    return Artifact.of(folder, "google", signatures={})


def to_keras_hub(model: Task | BertEncoder, folder: PathLike) -> Artifact:
    """Writes a model as a preset of KerasHub's `BertBackbone` or `BertTextClassifier`.

    KerasHub's own tokenizer uses the vocabulary, but normalises characters by NFKC, which the original does
    not: its ids differ for texts with full-width characters, which includes most Chinese texts.

    Args:
        model: a `BertEncoder` with a pooler, or a `BertTextClassifier`.
        folder: str or path. A folder that this function wrote there, and that has not been changed since, is
            replaced once the new one is complete.

    Returns:
        `Artifact`.

    Raises:
        FileExistsError: if the folder contains anything except what this function wrote.
        ValueError: if KerasHub does not have such a model: it always uses the tanh approximation of gelu and
            an epsilon of 1e-12 in layer norms, whatever the config says; or a class of yours overrides what
            the encoder computes.
    """
    _write(write_keras_hub, model, folder, "to_keras_hub")
    return Artifact.of(folder, "keras_hub", signatures={})


def _check_head(model, known, where):
    """Raises ValueError if the other library has no class for the model's head, or a different one."""
    own_problem = getattr(model, "problem", None) not in (None, *PROBLEMS.values())
    if not known or own_problem or getattr(model, "has_own_head", False):
        received = {"problem": model.problem} if own_problem else {}
        raise checks.invalid(
            "The other library must have a model class with this head.",
            fix="Export the `encoder` alone. `save_to_preset` also keeps the head, but only kerasbert can "
            "load it.",
            where=where,
            model=type(model).__name__,
            **received,
        )


def _check_encoder(encoder, where):
    """Raises ValueError if a class outside kerasbert overrides what the encoder computes."""
    found = [name for part in encoder.parts() for name in checks.overridden(part, "call")]
    found += checks.overridden(encoder, "call", "transform")
    if found:
        raise checks.invalid(
            "The other library must have an encoder that computes what this one does.",
            fix="Keep the class in a `.keras` file, with `save`; or export the task with `to_saved_model`.",
            where=where,
            overridden=found,
        )


def _write(write, model, folder, where):
    encoder = getattr(model, "encoder", model)
    _check_encoder(encoder, where)
    _check_head(model, True, where)
    weights = model.weight_values()
    write(
        folder,
        encoder.config,
        weights,
        heads=heads_among(weights),
        arguments=model.preset_values() if hasattr(model, "preset_values") else None,
        tokenizer=getattr(model, "tokenizer", None),
    )
