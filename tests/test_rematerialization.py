import keras
import numpy as np
import pytest
import tensorflow as tf
from conformance_cases import CONFIG, TOKENS

from kerasbert import BertConfig, BertEncoder

DROPPING = BertConfig.from_dict(CONFIG.to_dict() | {"hidden_dropout": 0.3, "attention_dropout": 0.3})


RELATIVES = [
    {},
    {"relative_position_buckets": 8, "position_offset": 2, "num_segments": 0},
    {"shared_blocks": True, "embedding_dim": 6, "num_layers": 3},
]


def gradients(encoder, first_token_only):
    with tf.GradientTape() as tape:
        outputs = encoder(TOKENS, first_token_only=first_token_only, training=True)
        loss = sum(tf.reduce_sum(x**2) for x in (outputs["sequence_output"], outputs["pooled_output"]))
    return [
        tf.convert_to_tensor(gradient)
        for gradient in tape.gradient(loss, [weight.value for weight in encoder.trainable_weights])
    ]


@pytest.mark.slow_after(3)
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("first_token_only", [False, True])
@pytest.mark.parametrize("relative", RELATIVES, ids=["BERT", "MPNet", "ALBERT"])
def test_gradients_are_those_of_the_same_dropout(compiled, first_token_only, relative):
    encoder = BertEncoder(BertConfig.from_dict(DROPPING.to_dict() | relative))
    before = [np.array(variable) for variable in encoder.variables]
    found = {}
    for encoder.rematerialize in (False, True):
        for variable, value in zip(encoder.variables, before, strict=True):
            variable.assign(value)
        function = tf.function(gradients) if compiled else gradients
        values = [function(encoder, first_token_only) for _ in range(2)]
        # The states too: what dropout draws next must not depend on it either.
        found[encoder.rematerialize] = [*values[0], *values[1], *map(np.array, encoder.variables)]
    for plain, again in zip(found[False], found[True], strict=True):
        np.testing.assert_allclose(plain, again, rtol=1e-5, atol=1e-6)
    assert not np.allclose(values[0][0], values[1][0])  # dropout was on


def test_blocks_run_again_in_training_alone():
    encoder = BertEncoder(DROPPING)

    def products(function, *args):
        operations = tf.function(function).get_concrete_function(*args).graph.get_operations()
        return sum("MatMul" in operation.type for operation in operations)

    plain = products(gradients, encoder, False), products(lambda: encoder(TOKENS))
    encoder.rematerialize = True
    again = products(gradients, encoder, False), products(lambda: encoder(TOKENS))
    assert again[0] - plain[0] == 2 * 8  # two blocks with eight products
    assert again[1] == plain[1]


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="it works there")
def test_other_backends_say_that_they_do_not():
    encoder = BertEncoder(DROPPING)
    encoder.rematerialize = True
    with pytest.raises(ValueError, match="TensorFlow alone"):
        encoder(TOKENS, training=True)
