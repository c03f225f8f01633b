"""How far one task is from another: its answers, and what its encoder computes."""

from typing import Any

from keras import ops

from kerasbert.layers import attention_bias
from kerasbert.tasks import BertSummarizer
from kerasbert.tasks.r_drop import bernoulli_divergence, categorical_divergence, normal_divergence


def _categorical(teacher, student):
    """KL(teacher, student) of two softmaxes of logits `(..., C)`: `(...)`."""
    teacher, student = ops.log_softmax(teacher), ops.log_softmax(student)
    return ops.sum(ops.exp(teacher) * (teacher - student), axis=-1)


def _bernoulli(teacher, student):
    """The same of yes-or-no answers: the mean over C."""
    yes = ops.sigmoid(teacher) * (ops.log_sigmoid(teacher) - ops.log_sigmoid(student))
    no = ops.sigmoid(-teacher) * (ops.log_sigmoid(-teacher) - ops.log_sigmoid(-student))
    return ops.mean(yes + no, axis=-1)


# What R-Drop compares two predictions by, and the one-sided divergence of the same distributions.
KL: dict[Any, Any] = {
    categorical_divergence: _categorical,
    bernoulli_divergence: _bernoulli,
    normal_divergence: normal_divergence,
    BertSummarizer.divergence: lambda teacher, student: _bernoulli(teacher[..., None], student[..., None]),
}


def hidden_distance(student, teacher, mask):
    """The mean squared difference of hidden states, over the tokens of each row.

    Jiao et al. 2020, equations 8 and 9, https://arxiv.org/abs/1909.10351.

    Args:
        student, teacher: float tensors `(B, S, D)`.
        mask: float tensor `(B, S)`, 1 at tokens and 0 at padding.

    Returns:
        Float tensor `(B,)`.
    """
    difference = ops.cast(student, "float32") - ops.cast(teacher, "float32")
    return _over_tokens(ops.mean(ops.square(difference), axis=-1), mask)


def attention_distance(student, teacher, mask):
    """The mean squared difference of attention scores, over heads and pairs of tokens of each row.

    Equation 7 there. These are the scores before the softmax.

    Args:
        student, teacher: pairs of an `EncoderBlock` and its input, a float tensor `(B, S, D)`.
        mask: as of `hidden_distance`.

    Returns:
        Float tensor `(B,)`.
    """
    scores = []
    for block, x in (student, teacher):
        query, key = (_projected(block, name, x, block.num_heads) for name in ("query", "key"))
        scores.append(_products(query, key))
    differences = ops.mean(ops.square(scores[0] - scores[1]), axis=-3)  # (B, S, S)
    # Of each token to all tokens, and then of all tokens.
    return _over_tokens(_over_tokens(differences, mask[:, None, :]), mask)


def relation_distance(student, teacher, mask, relation_heads):
    """The divergence of self-attention relations: the mean over relation heads and tokens of each row.

    Wang et al. 2021, section 3.1, https://arxiv.org/abs/2012.15828. A relation is a softmax of scaled
    products of queries among themselves; keys and values have one, too. The three divergences are added.

    Args:
        student, teacher, mask: as of `attention_distance`.
        relation_heads: int, into how many parts the vectors are cut, whatever their width.

    Returns:
        Float tensor `(B,)`.
    """
    bias = attention_bias(mask)
    total = 0.0
    for name in ("query", "key", "value"):
        relations = []
        for block, x in (student, teacher):
            parts = _projected(block, name, x, relation_heads)
            relations.append(ops.log_softmax(_products(parts, parts) + bias))
        ours, theirs = relations
        divergence = ops.sum(ops.exp(theirs) * (theirs - ours), axis=-1)  # (B, heads, S)
        total = total + _over_tokens(ops.mean(divergence, axis=-2), mask)
    return total


def attention_width(block):
    """How many numbers the queries of a block have, of all heads."""
    return block.attention.query_dense.kernel.shape[-1]


def _projected(block, name, x, heads):
    """The queries, keys or values of a block: (B, S, D) -> (B, heads, S, width / heads)."""
    vectors = ops.cast(getattr(block.attention, f"{name}_dense")(x), "float32")
    _, length, width = ops.shape(vectors)
    return ops.swapaxes(ops.reshape(vectors, (-1, length, heads, width // heads)), 1, 2)


def _products(first, second):
    """Scaled products of each vector with each: (B, N, S, H) twice -> (B, N, S, S)."""
    return ops.matmul(first, ops.swapaxes(second, -2, -1)) * first.shape[-1] ** -0.5


def _over_tokens(values, mask):
    """The mean over the last axis, of those that are no padding."""
    return ops.sum(values * mask, axis=-1) / ops.maximum(ops.sum(mask, axis=-1), 1.0)


def computed(task, inputs, with_states, training):
    """A dict of the logits of a task, and of its `hidden_states` if these are asked for."""
    if not with_states:
        return {"logits": task(inputs, training=training)}
    *lead, length = ops.shape(inputs["token_ids"])
    rows = {name: ops.reshape(value, (-1, length)) for name, value in inputs.items()}  # choices are rows, too
    outputs = task.encoder(rows, return_all=True, training=training)
    logits = task.logits(outputs | {"padding_mask": padding_mask(rows)}, training=training)
    logits = ops.reshape(logits, lead) if len(lead) > 1 else logits
    return {"logits": logits, "hidden_states": outputs["hidden_states"]}


def padding_mask(inputs):
    """The padding mask of tokens; all ones where there is none."""
    mask = inputs.get("padding_mask")
    return ops.ones_like(inputs["token_ids"]) if mask is None else mask
