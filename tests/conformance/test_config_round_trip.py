import json

import keras
import pytest
from conformance_cases import LAYERS


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


def test_a_task_too(trained, texts):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(trained))
    again.set_weights(trained.get_weights())
    assert again.labels == trained.labels
    assert (again.predict(texts, verbose=0) == trained.predict(texts, verbose=0)).all()
