import json

import keras
import pytest
from conformance_cases import LAYERS, TASKS, make_task


@pytest.mark.parametrize("name", LAYERS)
def test_a_config_is_json_and_builds_the_same_layer(name):
    make, inputs = LAYERS[name]
    layer = make(name="it")
    layer(*inputs)
    again = keras.saving.deserialize_keras_object(
        json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    )
    again(*inputs)
    assert again.get_config() == layer.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in layer.weights]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_too(name, config, tokenizer):
    task = make_task(name, config, tokenizer, max_sequence_length=9)
    again = keras.saving.deserialize_keras_object(
        json.loads(json.dumps(keras.saving.serialize_keras_object(task)))
    )
    assert again.get_config() == task.get_config()
    assert {p: w.shape for p, w in again.named_weights().items()} == {
        p: w.shape for p, w in task.named_weights().items()
    }
