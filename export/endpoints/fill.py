"""The endpoint of masked language models: the most probable tokens at masks."""

import numpy as np

from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.masked_lm import TOP_K


def signatures(task):
    """Returns a graph function of texts `(B,)` with masks.

    It returns `token`, string, and `probability`, both `(B, M, 5)`: the best tokens for the masks of each
    text, in their order, padded with `""` and 0 if a text has fewer than M masks; and `truncated`.
    """
    tokenizer = task.mask_tokenizer("to_saved_model")
    return {
        task.endpoint: (
            lambda text: _answers(task, tokenizer, text),
            {"text": tf.TensorSpec((None,), tf.string, "text")},
        )
    }


def _answers(task, tokenizer, text):
    ids = tokenizer.tokenize(text)
    tokens = tokenizer.pack(ids, max_length=task.max_sequence_length)
    vectors = task.encoder(tokens, training=False)["sequence_output"]
    masks = tf.where(tokens["token_ids"] == tokenizer.mask_id)
    # Scores of the whole vocabulary are only computed at masks.
    vectors = tf.gather_nd(vectors, masks)
    probabilities = task.answers(task.logits({"sequence_output": vectors}))[task.output]
    count = min(TOP_K, tokenizer.vocabulary_size)
    best, token = tf.math.top_k(probabilities[:, : tokenizer.vocabulary_size], count)
    token = tf.gather(tf.constant(list(tokenizer.vocabulary)), token)
    rows = tf.cast(tf.size(text), tf.int64)
    by_row = (tf.RaggedTensor.from_value_rowids(x, masks[:, 0], rows, validate=False) for x in (token, best))
    token, probability = (values.to_tensor(shape=(None, None, count)) for values in by_row)
    truncated = tokenizer.packed_lengths(ids) > task.max_sequence_length
    return {"token": token, "probability": probability, "truncated": truncated}


def columns(x):
    """Returns the inputs by name."""
    return {"text": list(x)}


def predictions(task, outputs, x):
    """Returns what `BertMaskedLM.fill_masks` returns."""
    return [
        [
            [(token.decode(), float(p)) for token, p in zip(*mask, strict=True)]
            for mask in zip(tokens, probabilities, strict=True)
            if np.any(mask[1])
        ]
        for tokens, probabilities in zip(outputs["token"], outputs["probability"], strict=True)
    ]
