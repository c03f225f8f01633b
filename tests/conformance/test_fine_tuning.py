"""Every task can be fine-tuned with all of our craft at once."""

import keras
import numpy as np
import pytest
from conformance_cases import DIVERSE, make_task, slow_but, training_rows

from kerasbert.training import (
    BertAdamW,
    GradualUnfreezing,
    SmoothedCrossentropy,
    TokenBinaryCrossentropy,
)

# Labels that are no numbers of classes, and vectors.
NOT_SMOOTHED = ("BertTextClassifier of several labels", "BertTextClassifier of numbers", "BertTextEmbedder")


@pytest.mark.slow
@pytest.mark.parametrize("name", slow_but(DIVERSE))
def test_everything_at_once(name, config, tokenizer, texts):
    task = make_task(name, config, tokenizer)
    tokens, y, options = training_rows(name, tokenizer, texts)
    if name != "BertTextEmbedder":
        options |= {"r_drop": 1.0}
    if name == "BertSummarizer":
        options |= {"loss": TokenBinaryCrossentropy(label_smoothing=0.1)}
    elif name not in NOT_SMOOTHED:
        options |= {"loss": SmoothedCrossentropy(0.1)}
    task.encoder.enable_lora(rank=2)
    learning = [variable.path for variable in task.trainable_variables]
    before = {weight.path: weight.numpy() for weight in task.weights}
    task.compile(BertAdamW(1e-2, use_ema=True, gradient_accumulation_steps=2), run_eagerly=True, **options)
    callbacks = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)]
    if keras.backend.backend() != "jax":  # there, what learns is settled when training begins
        callbacks.append(GradualUnfreezing())
    history = task.fit(tokens, y, batch_size=3, epochs=4, verbose=0, callbacks=callbacks).history
    assert np.isfinite(history["loss"]).all()
    moved = [weight.path for weight in task.weights if not np.array_equal(weight, before[weight.path])]
    assert sorted(moved) == sorted(learning)
    task.encoder.merge_lora()
    task.compile(run_eagerly=True, **options)
    task.fit(tokens, y, verbose=0)
