"""The modules of a sentence-transformers folder: transformer, pooling, normalization."""

import json
import pathlib
import warnings

from kerasbert import checks
from kerasbert.json_files import check_kind, json_field, read_json

# The flag in the pooling module's config up to their version 5 -> our name. Later versions have one field,
# `pooling_mode`.
POOLINGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
}
# The fields with the maximum length: in the first file up to version 5, in the second file later.
PROMPTS = "config_sentence_transformers.json"
LIMITS = {"sentence_bert_config.json": "max_seq_length", "tokenizer_config.json": "model_max_length"}


def transformer_folder(folder):
    """The folder of the transformer itself, which is a subfolder in older sentence-transformers folders."""
    for module in _modules(folder):
        if module["type"].endswith(".Transformer"):
            return folder / module["path"]
    return folder


def read_modules(folder):
    """Reads how a sentence-transformers folder pools and normalizes the encoder's output.

    Args:
        folder: `pathlib.Path`.

    Returns:
        dict of `pooling`, `normalize` and `max_sequence_length`, as far as they are given; empty for folders
        of other libraries.

    Raises:
        ValueError: if the folder has a module that kerasbert does not support, or pools in several ways at
            once.
    """
    modules = _modules(folder)
    if not modules:
        return {}
    found = {"normalize": False}
    for file, field in LIMITS.items():
        path = transformer_folder(folder) / file
        if path.is_file() and (longest := json_field(read_json(path), field, int, path)):
            found["max_sequence_length"] = longest
            break
    for module in modules:
        kind = module["type"].rpartition(".")[2]
        checks.one_of(str(folder / "modules.json"), ("Transformer", "Pooling", "Normalize"), type=kind)
        if kind == "Normalize":
            found["normalize"] = True
        if kind == "Pooling":
            found["pooling"] = _pooling(folder / module["path"] / "config.json")
    return found


def write_modules(folder, pooling, normalize, hidden_dim, max_sequence_length):
    """Writes the files that sentence-transformers needs in addition to those of Hugging Face."""
    package = "sentence_transformers.models"
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), *([("2_Normalize", "Normalize")] * normalize)]
    listed = [
        {"idx": i, "name": str(i), "path": path, "type": f"{package}.{kind}"}
        for i, (path, kind) in enumerate(modules)
    ]
    _write(folder / "modules.json", listed)
    _write(
        folder / "sentence_bert_config.json", {"max_seq_length": max_sequence_length, "do_lower_case": False}
    )
    flags = {theirs: ours == pooling for theirs, ours in POOLINGS.items()}
    for path, _ in modules[1:]:
        (folder / path).mkdir()
    _write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": hidden_dim, **flags})


def read_prompts(folder):
    """The prompts of a sentence-transformers folder, name -> str; empty if there are none.

    A default prompt is not applied, since a text would then have two readings; a warning says so.
    """
    path = folder / PROMPTS
    if not path.is_file():
        return {}
    content = read_json(path)
    prompts = json_field(content, "prompts", dict, path, {})
    for name, prompt in prompts.items():
        check_kind(prompt, str, f"prompts.{name}", path)
    default = json_field(content, "default_prompt_name", str, path)
    if default is not None:
        warnings.warn(
            f"{path} names a default prompt, which `encode` and `predict` do not write before texts. Pass "
            f"prompt={default!r} to `encode`.",
            stacklevel=2,
        )
    return prompts


def write_prompts(folder, prompts):
    """Writes prompts where sentence-transformers reads them, if there are any."""
    if prompts:
        content = {"prompts": prompts, "default_prompt_name": None, "similarity_fn_name": "cosine"}
        _write(folder / PROMPTS, content)


def _write(path, content):
    path.write_text(json.dumps(content, indent=2), "utf-8")


def _modules(folder):
    path = folder / "modules.json"
    if not path.is_file():
        return []
    modules = read_json(path, list)
    for module in modules:
        check_kind(module, dict, "module", path)
        if not all(isinstance(module.get(name), str) for name in ("type", "path")):
            raise checks.invalid(
                "`modules.json` must list modules with a type and a path.",
                fix="Download it again.",
                where=str(path),
                module=module,
            )
        place = pathlib.PurePosixPath(module["path"])
        if place.is_absolute() or ".." in place.parts or set(module["path"]) & {"\\", ":", "\0"}:
            raise checks.invalid(
                "A module's path must lie within the folder of `modules.json`.",
                fix="Copy the module's files into the folder, and use a relative path.",
                where=str(path),
                path=module["path"],
            )
    return modules


def _pooling(path):
    config = read_json(path)
    modes = [name for name, value in config.items() if name.startswith("pooling_mode_") and value is True]
    modes = [POOLINGS.get(name, name) for name in modes] or [json_field(config, "pooling_mode", str, path)]
    if len(modes) != 1 or modes[0] not in POOLINGS.values():
        raise checks.invalid(
            f"A pooling module must pool in one of these ways: {', '.join(POOLINGS.values())}.",
            fix="Choose another model, or load its encoder alone with `BertEncoder.from_preset`.",
            where=str(path),
            pooling_modes=modes,
        )
    return modes[0]
