"""The layers of BERT, in pure `keras.ops`: each works on a single sequence or on a batch."""

from kerasbert.layers.embeddings import BertEmbeddings
from kerasbert.layers.encoder_block import EncoderBlock
from kerasbert.layers.feed_forward import FeedForward
from kerasbert.layers.pooler import Pooler
from kerasbert.layers.self_attention import SelfAttention, padding_bias

__all__ = ["BertEmbeddings", "EncoderBlock", "FeedForward", "Pooler", "SelfAttention", "padding_bias"]
