"""Every layer and head, one line each: how to make it, and inputs for a batch of sequences."""

import numpy as np

from kerasbert import BertConfig, BertEncoder
from kerasbert.heads import ClassificationHead
from kerasbert.layers import BertEmbeddings, EncoderBlock, FeedForward, Pooler, SelfAttention

B, S, D, V = 3, 5, 8, 20
CONFIG = BertConfig(
    vocabulary_size=V,
    num_layers=2,
    num_heads=2,
    hidden_dim=D,
    intermediate_dim=16,
    max_sequence_length=S,
    initializer_range=0.3,
)


def vectors(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def ids(high=V):
    return np.random.default_rng(1).integers(0, high, (B, S)).astype("int32")


TOKENS = {"token_ids": ids(), "segment_ids": ids(2), "padding_mask": (ids() > 4).astype("int32")}
TOKENS["padding_mask"][:, 0] = 1

# name -> (constructor of keyword arguments, positional inputs)
LAYERS = {
    "BertEmbeddings": (lambda **kw: BertEmbeddings(V, D, S, **kw), (ids(), ids(2))),
    "SelfAttention": (lambda **kw: SelfAttention(num_heads=2, **kw), (vectors(B, S, D),)),
    "FeedForward": (lambda **kw: FeedForward(intermediate_dim=16, **kw), (vectors(B, S, D),)),
    "EncoderBlock": (lambda **kw: EncoderBlock(2, 16, hidden_dropout=0.5, **kw), (vectors(B, S, D),)),
    "Pooler": (lambda **kw: Pooler(**kw), (vectors(B, S, D),)),
    "ClassificationHead": (lambda **kw: ClassificationHead(3, **kw), (vectors(B, D),)),
    "BertEncoder": (lambda **kw: BertEncoder(CONFIG, **kw), (TOKENS,)),
}


def outputs(result):
    """The arrays of a result, by name."""
    named = result if isinstance(result, dict) else {"output": result}
    return {name: np.asarray(value, "float32") for name, value in named.items()}
