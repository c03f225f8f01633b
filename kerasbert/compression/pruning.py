"""Fewer attention heads and inner units, in kernels that are smaller for it."""

import dataclasses

import numpy as np

from kerasbert import checks
from kerasbert.compression.importance import importances
from kerasbert.compression.rebuilding import AnyTask, rebuilt, weights_of
from kerasbert.types import Labels, Rows

# Units are pruned by so many: their number stays one that vector instructions like.
UNITS_AT_A_TIME = 8


def prune(
    task: AnyTask, x: Rows, y: Labels = None, *, heads: float, units: float, batch_size: int = 1
) -> AnyTask:
    """Removes the attention heads and feed-forward units that matter least for the task.

    How much they matter is how much the task's loss changes without them, to first order, on each of the rows
    given; in each layer divided by the norm of all. (Heads: Michel et al. 2019, section 4.1,
    https://arxiv.org/abs/1905.10650; units: Molchanov et al. 2017, https://arxiv.org/abs/1611.06440.) The
    least of all layers go, but one head stays in each, and a multiple of 8 units where some are removed. It
    takes the time of about one epoch in batches of one; some hundred rows will do. Fine-tuning afterwards
    recovers most of what is lost, and small steps with fine-tuning between them lose less than a large one.

    A preset or a `.keras` file holds such a model. Those of other libraries, transformers among them, have as
    many heads and units in each block, so that exports to them refuse it.

    Args:
        task: a kerasbert task, compiled, since it is the loss of `compile` that counts.
        x, y: rows and labels, as its `fit` takes them.
        heads: float in [0, 1), the share of all heads to remove.
        units: float in [0, 1), the share of all inner units to remove.
        batch_size: int, rows whose gradients are added before their absolute value is taken; more than one
            for losses that compare rows, such as a `ContrastiveLoss`.

    Returns:
        A new task of the same class, labels and tokenizer, with fewer weights: that which the given one is
        with these heads and units masked out. `encoder.config` says what is left, as `heads_by_layer` and
        `units_by_layer`. It is not compiled, and nothing in it is frozen. The given one stays as it was.

    Raises:
        ValueError: if the task is not compiled, the shares leave too little, LoRA is not merged, or Keras
            runs on another backend than TensorFlow.

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
    weights = weights_of(task, "prune")
    by_heads, by_units = zip(*importances(task, x, y, batch_size), strict=True)
    kept_heads = most_important(by_heads, heads, 1, "heads")
    kept_units = most_important(by_units, units, UNITS_AT_A_TIME, "units")
    return without_the_others(task, weights, kept_heads, kept_units)


def most_important(scores, share, at_a_time, name):
    """Chooses what stays.

    Args:
        scores: for each layer a float array, how much each head or unit matters.
        share: float in [0, 1), of all of them, that goes.
        at_a_time: int, how many go together: the best of a layer, the next best, and so on, and such a group
            matters as much as its best. The first group of each layer stays.
        name: str, the name of the argument `share`, for the error.

    Returns:
        For each layer the numbers of those that stay, ascending, an int array.

    Raises:
        ValueError: if the share is too large.

    Example:

    >>> most_important([np.array([3.0, 4.0]), np.array([0.1, 0.7, 0.7])], 0.4, 1, "heads")
    [array([1]), array([1, 2])]
    """
    scores = [score / (np.linalg.norm(score) or 1.0) for score in scores]
    ranks = [np.argsort(-score, kind="stable") for score in scores]
    # (how much it matters, what follows goes first, layer) of each group that may go.
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
    """Builds a task like another, with some of its heads and inner units alone.

    Args:
        task: a kerasbert task.
        weights: dict, its weights by path.
        heads, units: for each block an int array, the numbers of those that stay.

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
