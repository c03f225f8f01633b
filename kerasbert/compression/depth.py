"""Fewer blocks."""

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from kerasbert import checks
from kerasbert.compression.rebuilding import AnyTask, rebuilt, weights_of


def drop_layers(task: AnyTask, keep: int | Sequence[int] | None = None) -> AnyTask:
    """Leaves some blocks of the encoder out, as a start for more fine-tuning.

    Sanh et al. 2019, section 3, https://arxiv.org/abs/1910.01108: DistilBERT began with one of two blocks of
    BERT, with 0, 2, 4, 7, 9 and 11 of 12 in its code. Answers are much worse until the task is fine-tuned
    again.

    Args:
        task: a kerasbert task.
        keep: sequence of int, the blocks to keep, from the bottom up; or int, how many, evenly spaced with
            the first and the last among them; None for half of them.

    Returns:
        A new task of the same class, labels and tokenizer, with the weights of these blocks and all others;
        not compiled, and nothing in it is frozen. The given one stays as it was.

    Raises:
        ValueError: if there are no such blocks, or LoRA is not merged.

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
        if block is None:
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
            f"`keep` must be some of the blocks 0 to {num_layers - 1}, ascending, or how many of them.",
            fix="Name each block once, or leave it out to keep half of them.",
            where="drop_layers",
            keep=keep,
        )
    return kept
