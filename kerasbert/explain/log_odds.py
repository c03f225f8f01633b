"""Log-odds of probabilities, computed from logits."""

from keras import ops

# exp of it is 0 in float32.
_NEVER = -1e9


def log_odds(logits, index):
    """The log-odds of the class `index` under a softmax: its logit minus the logsumexp of the others.

    A constant that is added to all logits changes nothing, and nothing saturates where the probability is
    nearly 0 or 1.

    Args:
        logits: float tensor `(..., C)`.
        index: int tensor `(...,)`.

    Returns:
        Float tensor `(...,)`.
    """
    chosen = ops.one_hot(index, ops.shape(logits)[-1], dtype=logits.dtype)
    return ops.sum(logits * chosen, -1) - ops.logsumexp(logits + chosen * _NEVER, -1)


def log_odds_of(probability):
    """The log-odds of a probability, a float tensor."""
    probability = ops.clip(probability, 1e-6, 1 - 1e-6)
    return ops.log(probability) - ops.log(1 - probability)
