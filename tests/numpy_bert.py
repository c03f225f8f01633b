"""BERT in plain numpy, slow and obvious: the second opinion on the layers."""

import math

import numpy as np

erf = np.vectorize(math.erf)
ACTIVATIONS = {
    "gelu": lambda x: x * (1 + erf(x / math.sqrt(2))) / 2,
    "gelu_tanh": lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "tanh": np.tanh,
}


def weights_of(encoder):
    return {w.path.removeprefix(f"{encoder.name}/"): np.asarray(w, "float64") for w in encoder.weights}


def dense(w, name, x):
    return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]


def layer_norm(w, name, x, epsilon):
    centred = x - x.mean(-1, keepdims=True)
    normalized = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)
    return normalized * w[f"{name}/gamma"] + w[f"{name}/beta"]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def bert(w, config, token_ids, segment_ids, padding_mask):
    """One sequence at a time, one head at a time: sequence_output (B, S, D) and pooled_output (B, D)."""
    sequences, pooled = [], []
    for tokens, segments, mask in zip(token_ids, segment_ids, padding_mask, strict=True):
        x = (
            w["embeddings/token_embedding/embeddings"][tokens]
            + w["embeddings/segment_embedding/embeddings"][segments]
            + w["embeddings/position_embedding/embeddings"][: len(tokens)]
        )
        x = layer_norm(w, "embeddings/layer_norm", x, config.layer_norm_epsilon)
        for i in range(config.num_layers):
            x = block(w, f"block_{i}", config, x, mask)
        sequences.append(x)
        pooled.append(np.tanh(dense(w, "pooler/dense", x[0])))
    return np.stack(sequences), np.stack(pooled)


def block(w, name, config, x, mask):
    q, k, v = (dense(w, f"{name}/attention/{part}", x) for part in ("query", "key", "value"))
    heads = []
    for h in range(config.num_heads):
        part = slice(h * config.head_dim, (h + 1) * config.head_dim)
        scores = q[:, part] @ k[:, part].T / math.sqrt(config.head_dim)
        scores[:, np.asarray(mask) == 0] = -np.inf
        heads.append(softmax(scores) @ v[:, part])
    attended = dense(w, f"{name}/attention/output", np.concatenate(heads, -1))
    x = layer_norm(w, f"{name}/attention_norm", x + attended, config.layer_norm_epsilon)
    inner = ACTIVATIONS[config.activation](dense(w, f"{name}/feed_forward/intermediate", x))
    x = x + dense(w, f"{name}/feed_forward/output", inner)
    return layer_norm(w, f"{name}/feed_forward_norm", x, config.layer_norm_epsilon)
