"""Removes encoder blocks."""

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from kerasbert import checks
from kerasbert.compression.rebuilding import AnyTask, rebuilt, weights_of


def drop_layers(task: AnyTask, keep: int | Sequence[int] | None = None) -> AnyTask:
    """Removes some blocks of the encoder, as a starting point for further fine-tuning.

    Sanh et al. 2019, section 3, https://arxiv.org/abs/1910.01108: DistilBERT was initialized with every
    second block of BERT; in its code these are blocks 0, 2, 4, 7, 9 and 11 of 12. The task's answers are much
    worse until it is fine-tuned again.

    Args:
        task: a kerasbert task.
        keep: sequence of int, the numbers of the blocks to keep, from the bottom up; or int, how many blocks
            to keep, evenly spaced and including the first and the last; None to keep half of them.

    Returns:
        A new task with the same class, labels and tokenizer, and with the weights of the remaining blocks and
        of all other layers. It is not compiled, and none of its weights are frozen. The given task is not
        changed.

    Raises:
        ValueError: if there are no such blocks, or LoRA weights are not merged.

    Example:

    >>> from kerasbert import BertTextEmbedder
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=4, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> drop_layers(BertTextEmbedder(BertEncoder(config), tokenizer)).encoder.config.num_layers
    2
    """
    config = task.encoder.config
    kept = _kept(keep, config.num_layers)
    weights = {}
    for path, value in weights_of(task, "drop_layers").items():
        block = re.match(r"encoder/block_(\d+)/", path)
        if block is None or config.shared_blocks:
            weights[path] = value
        elif int(block[1]) in kept:
            weights[f"encoder/block_{kept.index(int(block[1]))}/{path[block.end() :]}"] = value
    by_layer = {name: getattr(config, name) for name in ("heads_by_layer", "units_by_layer")}
    by_layer = {name: numbers and tuple(numbers[i] for i in kept) for name, numbers in by_layer.items()}
    return rebuilt(task, dataclasses.replace(config, num_layers=len(kept), **by_layer), weights)


def _kept(keep, num_layers):
    """The numbers of the blocks to keep, ascending."""
    if keep is None:
        keep = max(num_layers // 2, 1)
    if isinstance(keep, int) and 1 <= keep <= num_layers:
        return [round(number) for number in np.linspace(0, num_layers - 1, keep).tolist()]
    kept = [] if isinstance(keep, int) else list(keep)
    if not kept or not set(kept) <= set(range(num_layers)) or kept != sorted(set(kept)):
        raise checks.invalid(
            f"`keep` must be some of the blocks 0 to {num_layers - 1}, ascending, or how many to keep.",
            fix="List each block once, or leave out `keep` to keep half of the blocks.",
            where="drop_layers",
            keep=keep,
        )
    return kept
