"""Removes attention heads and inner units, which makes kernels smaller."""

import dataclasses

import numpy as np

from kerasbert import checks
from kerasbert.compression.importance import importances
from kerasbert.compression.rebuilding import AnyTask, rebuilt, weights_of
from kerasbert.types import Labels, Rows

# Units are pruned in groups of this size, so that their number stays efficient for vector instructions.
UNITS_AT_A_TIME = 8


def prune(
    task: AnyTask, x: Rows, y: Labels = None, *, heads: float, units: float, batch_size: int = 1
) -> AnyTask:
    """Prunes a task: removes the attention heads and feed-forward units that are least important for it.

    Their importance is an estimate, to first order, of how much the task's loss would change without them on
    the given rows, divided by its norm in each layer (heads: Michel et al. 2019, section 4.1,
    https://arxiv.org/abs/1905.10650; units: Molchanov et al. 2017, https://arxiv.org/abs/1611.06440). The
    least important ones of all layers are removed, but each layer keeps at least one head, and a multiple of
    8 units if some are removed. This takes about as long as an epoch with batches of one row; some hundreds
    of rows are enough. Fine-tuning afterwards recovers most of the loss in quality, and several small steps
    with fine-tuning between them lose less than a single large step.

    A pruned model can be saved as a preset or a `.keras` file. Models of other libraries, such as
    transformers, have the same number of heads and units in all blocks, so exports to them raise an error.

    Args:
        task: a compiled kerasbert task, because importance depends on the loss of `compile`.
        x, y: rows and labels, as for its `fit`.
        heads: float in [0, 1), the fraction of all heads to remove.
        units: float in [0, 1), the fraction of all inner units to remove.
        batch_size: int, the number of rows whose gradients are added before taking the absolute value; it
            must be more than one for losses that compare rows, such as a `ContrastiveLoss`.

    Returns:
        A new task with the same class, labels and tokenizer, but fewer weights. It computes the same as the
        given task with these heads and units masked out. `encoder.config` gives the remaining numbers as
        `heads_by_layer` and `units_by_layer`. The new task is not compiled, and none of its weights are
        frozen. The given task is not changed.

    Raises:
        ValueError: if the task is not compiled, too little would be left, LoRA weights are not merged, or
            Keras does not run on TensorFlow.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=2, num_heads=4, hidden_dim=8, intermediate_dim=16)
    >>> task = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> task.compile()
    >>> smaller = prune(task, ["good", "bad"], ["good", "bad"], heads=0.5, units=0.5)
    >>> sum(smaller.encoder.config.heads_by_layer), smaller.encoder.config.units_by_layer
    (4, (8, 8))
    """
    checks.fraction("prune", heads=heads, units=units)
    checks.positive_int("prune", batch_size=batch_size)
    task.encoder.config.check_prunable("prune", heads > 0, units > 0)
    weights = weights_of(task, "prune")
    by_heads, by_units = zip(*importances(task, x, y, batch_size), strict=True)
    kept_heads = most_important(by_heads, heads, 1, "heads")
    kept_units = most_important(by_units, units, UNITS_AT_A_TIME, "units")
    return without_the_others(task, weights, kept_heads, kept_units)


def most_important(scores, share, at_a_time, name):
    """Chooses the heads or units to keep.

    Args:
        scores: for each layer a float array, the importance of each head or unit.
        share: float in [0, 1), the fraction of all heads or units to remove.
        at_a_time: int, the size of the groups that are removed together. Those of a layer are grouped in
            descending order of importance, and a group is as important as its best member. The first group of
            each layer is always kept.
        name: str, the user's name of the argument `share`, for the error message.

    Returns:
        For each layer an int array, the numbers of the heads or units to keep, ascending.

    Raises:
        ValueError: if `share` is too large.

    Example:

    >>> most_important([np.array([3.0, 4.0]), np.array([0.1, 0.7, 0.7])], 0.4, 1, "heads")
    [array([1]), array([1, 2])]
    """
    scores = [score / (np.linalg.norm(score) or 1.0) for score in scores]
    ranks = [np.argsort(-score, kind="stable") for score in scores]
    # Each group that may be removed: (its importance, minus its start, so that later groups go first, its
    # layer).
    groups = [
        (score[order[start]], -start, layer)
        for layer, (score, order) in enumerate(zip(scores, ranks, strict=True))
        for start in range(at_a_time, len(order), at_a_time)
    ]
    total = len(groups) + len(scores)
    count = round(share * total)
    if count > len(groups):
        each = "a head" if at_a_time == 1 else f"{at_a_time} units"
        raise checks.invalid(
            f"`{name}` must leave {each} in each layer.",
            fix=f"Take {len(groups) / total:.2f} at most.",
            where="prune",
            **{name: share},
        )
    left = [len(order) for order in ranks]
    for _, start, layer in sorted(groups)[:count]:
        left[layer] = min(left[layer], -start)
    return [np.sort(order[:n]) for order, n in zip(ranks, left, strict=True)]


def without_the_others(task, weights, heads, units):
    """Builds a task like another, but with only some of its heads and inner units.

    Args:
        task: a kerasbert task.
        weights: dict, the task's weights by path.
        heads, units: for each block an int array, the numbers of the heads or units to keep.

    Returns:
        A new task of the same class.
    """
    config, weights = task.encoder.config, dict(weights)

    def take(path, numbers, axis):
        weights[path] = np.take(weights[path], numbers, axis)

    for i, (of_heads, of_units) in enumerate(zip(heads, units, strict=True)):
        attention, feed_forward = (f"encoder/block_{i}/{name}" for name in ("attention", "feed_forward"))
        columns = (of_heads[:, None] * config.head_dim + np.arange(config.head_dim)).ravel()
        for name in ("query", "key", "value"):
            take(f"{attention}/{name}/kernel", columns, 1)
            take(f"{attention}/{name}/bias", columns, 0)
        take(f"{attention}/output/kernel", columns, 0)
        take(f"{feed_forward}/intermediate/kernel", of_units, 1)
        take(f"{feed_forward}/intermediate/bias", of_units, 0)
        take(f"{feed_forward}/output/kernel", of_units, 0)
    by_layer = {"heads_by_layer": list(map(len, heads)), "units_by_layer": list(map(len, units))}
    return rebuilt(task, dataclasses.replace(config, **by_layer), weights)
