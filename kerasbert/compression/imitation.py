"""The distance between two tasks: between their answers, and between the states of their encoders."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.layers import padding_bias
from kerasbert.tasks import BertSummarizer
from kerasbert.tasks.r_drop import bernoulli_divergence, categorical_divergence, normal_divergence


def _categorical(teacher, student):
    """The divergence KL(teacher, student) of the softmaxes of two logits `(..., C)`, of shape `(...)`."""
    teacher, student = ops.log_softmax(teacher), ops.log_softmax(student)
    return ops.sum(ops.exp(teacher) * (teacher - student), axis=-1)


def _bernoulli(teacher, student):
    """The same divergence for C binary decisions: the mean over C."""
    yes = ops.sigmoid(teacher) * (ops.log_sigmoid(teacher) - ops.log_sigmoid(student))
    no = ops.sigmoid(-teacher) * (ops.log_sigmoid(-teacher) - ops.log_sigmoid(-student))
    return ops.mean(yes + no, axis=-1)


# The symmetric divergence by which R-Drop compares two predictions -> the one-sided one for distillation.
KL: dict[Any, Any] = {
    categorical_divergence: _categorical,
    bernoulli_divergence: _bernoulli,
    normal_divergence: normal_divergence,
    BertSummarizer.divergence: lambda teacher, student: _bernoulli(teacher[..., None], student[..., None]),
}


def hidden_distance(student, teacher, mask):
    """The mean squared difference of hidden states over the tokens of each row.

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
    """The mean squared difference of attention scores over the heads and the pairs of tokens of each row.

    Jiao et al. 2020, equation 7. These are the scores before the softmax.

    Args:
        student, teacher: triples of an `EncoderBlock`, its input, a float tensor `(B, S, D)`, and the
            encoder's relative positions, a float tensor `(N, S, S)`, or None.
        mask: as for `hidden_distance`.

    Returns:
        Float tensor `(B,)`.
    """
    scores = []
    for block, x, relative in (student, teacher):
        query, key = (_projected(block, name, x, block.num_heads) for name in ("query", "key"))
        products = _products(query, key)
        scores.append(products if relative is None else products + ops.cast(relative, "float32"))
    differences = ops.mean(ops.square(scores[0] - scores[1]), axis=-3)  # (B, S, S)
    # First the mean over the tokens to which a token attends, then over all tokens.
    return _over_tokens(_over_tokens(differences, mask[:, None, :]), mask)


def relation_distance(student, teacher, mask, relation_heads):
    """The divergence of self-attention relations, averaged over relation heads and the tokens of each row.

    Wang et al. 2021, section 3.1, https://arxiv.org/abs/2012.15828. A relation is the softmax of the scaled
    dot products of all pairs of queries; keys and values have relations too. The three divergences are added.

    Args:
        student, teacher: pairs of an `EncoderBlock` and its input, a float tensor `(B, S, D)`.
        mask: as for `hidden_distance`.
        relation_heads: int, the number of parts into which the vectors are split, whatever their width.

    Returns:
        Float tensor `(B,)`.
    """
    bias = padding_bias(mask)
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


def state_distances(distiller, student, teacher, mask):
    """The distances that a distiller gives a weight: of hidden states, attention and relations.

    Args:
        distiller: `Distiller`.
        student, teacher: lists of the hidden states of both encoders, from the embeddings on.
        mask: as for `hidden_distance`.

    Returns:
        dict of `hidden`, `attention` and `relation`, those that have a weight -> float tensor `(B,)`.
    """
    encoders = distiller.student.encoder, distiller.teacher.encoder
    ours, theirs = (encoder.blocks for encoder in encoders)
    imitated, weight_of, found = distiller.imitated, distiller.weight_of, {}
    if weight_of["hidden"]:
        first, later = distiller.projections or [keras.activations.linear] * 2
        pairs = [(later(x), teacher[i + 1]) for x, i in zip(student[1:], imitated, strict=True)]
        pairs = [(first(student[0]), teacher[0]), *pairs]
        found["hidden"] = sum(hidden_distance(*pair, mask) for pair in pairs) / len(pairs)
    if weight_of["attention"]:
        length = ops.shape(mask)[-1]
        relative = [encoder.embeddings.relative_positions(length) for encoder in encoders]
        each = [
            attention_distance((block, x, relative[0]), (theirs[i], teacher[i], relative[1]), mask)
            for block, x, i in zip(ours, student[:-1], imitated, strict=True)
        ]
        found["attention"] = sum(each) / len(each)
    if weight_of["relation"]:
        last = (ours[-1], student[-2]), (theirs[-1], teacher[-2])
        found["relation"] = relation_distance(*last, mask, distiller.relation_heads)
    return found


def attention_width(block):
    """The width of a block's queries, over all heads."""
    return block.attention.query_dense.kernel.shape[-1]


def _projected(block, name, x, heads):
    """The queries, keys or values of a block: (B, S, D) -> (B, heads, S, width / heads)."""
    vectors = ops.cast(getattr(block.attention, f"{name}_dense")(x), "float32")
    _, length, width = ops.shape(vectors)
    return ops.swapaxes(ops.reshape(vectors, (-1, length, heads, width // heads)), 1, 2)


def _products(first, second):
    """The scaled dot products of all pairs of vectors: (B, N, S, H) twice -> (B, N, S, S)."""
    return ops.matmul(first, ops.swapaxes(second, -2, -1)) * first.shape[-1] ** -0.5


def _over_tokens(values, mask):
    """The mean over the last axis, without padding."""
    return ops.sum(values * mask, axis=-1) / ops.maximum(ops.sum(mask, axis=-1), 1.0)


def computed(task, inputs, with_states, training):
    """A dict of a task's `logits` and, if `with_states` is True, its `hidden_states`."""
    if not with_states:
        return {"logits": task(inputs, training=training)}
    fix = "Override `logits`, or leave out the weights of hidden states, attention and relations."
    checks.not_overridden("Distiller", task, "call", fix=fix)
    *lead, length = ops.shape(inputs["token_ids"])
    rows = {name: ops.reshape(value, (-1, length)) for name, value in inputs.items()}  # a choice is a row too
    outputs = task.encoder(rows, return_all=True, training=training)
    logits = task.logits(outputs | {"padding_mask": padding_mask(rows)}, training=training)
    logits = ops.reshape(logits, lead) if len(lead) > 1 else logits
    return {"logits": logits, "hidden_states": outputs["hidden_states"]}


def padding_mask(inputs):
    """The padding mask of tokens; all ones if there is no mask."""
    mask = inputs.get("padding_mask")
    return ops.ones_like(inputs["token_ids"]) if mask is None else mask
