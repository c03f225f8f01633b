"""Entities that a SavedModel finds are those that `predict` finds, whatever texts and labels are like."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasbert
from kerasbert import BertConfig, BertEncoder
from kerasbert.data import scheme_labels
from kerasbert.export.endpoints import tag

CHARACTERS = "ab b b  c,.)!東京\u00ad\ufeff\x07\n👩\u200d\ufffd\x00Éßı"


def tagger(tokenizer, labels, scheme=None):
    keras.utils.set_random_seed(0)
    config = BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        max_sequence_length=12,
        initializer_range=2.0,
    )
    encoder = BertEncoder(config, pooler=False)
    return kerasbert.BertTokenClassifier(encoder, tokenizer, labels, scheme=scheme, window_step=3)


def same_entities(task, texts):
    ((function, _),) = tag.signatures(task).values()
    outputs = tf.function(function, [tf.TensorSpec((None,), tf.string)])(tf.constant(texts))
    found = tag.predictions(task, {name: value.numpy() for name, value in outputs.items()}, texts)
    expected = task.predict(texts, verbose=0)
    assert task.hard_predictions(found) == task.hard_predictions(expected)
    assert [[e.text for e in row] for row in found] == [[e.text for e in row] for row in expected]
    assert [[e.first_word for e in row] for row in found] == [[e.first_word for e in row] for row in expected]
    scores = ([entity.score for row in rows for entity in row] for rows in (found, expected))
    np.testing.assert_allclose(*scores, atol=1e-5)
    return sum(map(len, expected))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["IO", "IOB1", "BIO", "IOBES", "BILOU"])
def test_in_every_scheme(scheme, tokenizer):
    generator = random.Random(scheme)
    words = ["good", "bad", "film", "!", "漢字", "\x07"]
    texts = [" ".join(generator.choices(words, k=generator.randrange(30))) for _ in range(40)]
    labels = scheme_labels(["X", "Y"], scheme)
    assert same_entities(tagger(tokenizer, labels, scheme), texts) > 10


@pytest.mark.slow
def test_of_any_characters_and_bytes(tokenizer, byte_pairs):
    generator = random.Random(0)
    texts = ["".join(generator.choices(CHARACTERS, k=generator.randrange(40))) for _ in range(100)]
    assert same_entities(tagger(tokenizer, ["O", "B-X", "I-X"]), texts) > 10
    roberta = kerasbert.RobertaTokenizer(*byte_pairs)
    assert same_entities(tagger(roberta, ["O", "B-X", "I-X"]), texts) > 10


@pytest.mark.slow
def test_nothing_to_tag(tokenizer):
    for texts in (["", " ", "\x07"], ["\x07"]):
        assert same_entities(tagger(tokenizer, ["O", "B-X", "I-X"]), texts) == 0
