"""Tasks with random weights, and one whose explanation is known."""

import dataclasses

import keras
import numpy as np
import pytest
from conformance_cases import ENCODERS
from keras import ops

import kerasbert


class SumOfTokens(kerasbert.BertTextClassifier):
    """Each logit is a sum over the tokens; without attention, each of them adds what it would add alone."""

    first_token_only = False

    def logits(self, encoder_outputs, training=None):
        mask = ops.cast(encoder_outputs["padding_mask"], "float32")[..., None]
        return ops.sum(self.head(encoder_outputs["sequence_output"]) * mask, axis=-2)


def without_attention(task, without_positions=True):
    for block in task.encoder.blocks:
        block.attention.output_dense.kernel.assign(ops.zeros_like(block.attention.output_dense.kernel))
    if without_positions:
        table = task.encoder.embeddings.position_embedding.embeddings
        table.assign(ops.zeros_like(table))
    return task


@pytest.fixture(scope="session")
def sum_of_tokens(config, tokenizer):
    keras.utils.set_random_seed(1)
    encoder = kerasbert.BertEncoder(config)
    return without_attention(SumOfTokens(encoder, tokenizer, ["bad", "good"], problem="multi_label"))


@pytest.fixture(scope="session")
def random_classifier(request, config, tokenizer):
    """Not trained: weights are random, and large enough for answers that differ."""
    keras.utils.set_random_seed(2)
    if hasattr(request, "param"):
        sizes = {"vocabulary_size": config.vocabulary_size, "max_sequence_length": config.max_sequence_length}
        config = dataclasses.replace(ENCODERS[request.param], **sizes)
    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good", "so-so"])
    task.head.dense.kernel.assign(np.random.default_rng(0).normal(size=(8, 3)))
    return task
