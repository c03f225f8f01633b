"""Tasks whose answers differ between texts, though nobody trained them."""

import keras

import kerasbert
from kerasbert import BertConfig, BertEncoder


def made(kind, tokenizer, length=12, **arguments):
    """A task of wild weights, whose answers differ between texts."""
    keras.utils.set_random_seed(0)
    config = BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        max_sequence_length=length,
        initializer_range=2.0,
    )
    return getattr(kerasbert, kind)(BertEncoder(config), tokenizer, **arguments)
