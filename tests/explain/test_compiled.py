"""Explanations are compiled once for a task, again if its weights are others, and leave nothing behind."""

import gc
import weakref

import keras
import numpy as np
import pytest

import kerasbert
from kerasbert import explain

pytestmark = pytest.mark.tensorflow

TEXTS = ["what a good film!", "Bad", "the film was very badly, not good"]


def graphs(task):
    return {key: f.get_concrete_function().graph for key, f in task._explaining.functions.items()}


def shares(task, texts, **arguments):
    found = explain.integrated_gradients(task, texts, "good", steps=8, **arguments)
    return [[token.attribution for token in explanation.tokens] for explanation in found]


def test_functions_are_compiled_once_and_read_the_weights_of_now(config, tokenizer):
    keras.utils.set_random_seed(3)
    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
    before = shares(task, TEXTS[:1])
    first = graphs(task)
    assert len(first) == 2  # gradients and answers
    shares(task, TEXTS, batch_size=3)
    explain.occlusion(task, TEXTS, "bad")
    assert graphs(task) == first

    task.head.dense.kernel.assign(task.head.dense.kernel * 2)
    assert np.abs(np.subtract(shares(task, TEXTS[:1]), before)).max() > 1e-4
    assert graphs(task) == first


@pytest.mark.slow
def test_other_weights_need_other_functions_and_no_graph_is_left(config, tokenizer):
    keras.utils.set_random_seed(3)
    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
    before, left = shares(task, TEXTS[:1]), [*map(weakref.ref, graphs(task).values())]
    task.encoder.enable_lora(2)
    for block in task.encoder.blocks:
        dense = block.attention.value_dense
        dense.lora_kernel_b.assign(np.ones(dense.lora_kernel_b.shape))
    assert np.abs(np.subtract(shares(task, TEXTS[:1]), before)).max() > 1e-4
    left += map(weakref.ref, graphs(task).values())
    assert len(left) == 4
    del task, block, dense
    gc.collect()
    assert [reference() for reference in left] == [None] * 4
