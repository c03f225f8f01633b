import keras
import numpy as np
import pytest
from conformance_cases import DIVERSE, LAYERS, make_task, outputs, slow_but


@pytest.mark.parametrize("name", LAYERS)
def test_a_keras_file_gives_the_same_outputs(name, tmp_path):
    make, inputs = LAYERS[name]
    layer = make()
    model = layer if isinstance(layer, keras.Model) else keras.Sequential([layer])
    if name == "BertEmbeddings":
        inputs = inputs[:1]  # a Sequential passes one input on
    before = outputs(model(*inputs))
    model.save(tmp_path / "it.keras")
    after = outputs(keras.saving.load_model(tmp_path / "it.keras")(*inputs))
    for key, value in before.items():
        np.testing.assert_array_equal(after[key], value)


@pytest.mark.parametrize("name", slow_but(DIVERSE))
def test_a_keras_file_of_a_task_gives_the_same_outputs(name, config, tokenizer, texts, tmp_path):
    task = make_task(name, config, tokenizer)
    tokens = {key: value[None] for key, value in tokenizer(texts).items()}  # one row of six choices
    if name != "BertMultipleChoice":
        tokens = {key: value[0] for key, value in tokens.items()}
    before = outputs(task(tokens))
    task.save(tmp_path / "it.keras")
    after = outputs(keras.saving.load_model(tmp_path / "it.keras")(tokens))
    for key, value in before.items():
        np.testing.assert_array_equal(after[key], value)


@pytest.mark.slow
def test_a_task_keeps_tokenizer_labels_and_training(classifier, texts, tmp_path):
    classifier.compile()
    classifier.fit(texts, [0, 1, 0, 1, 0, 1], verbose=0)
    classifier.save(tmp_path / "it.keras")
    loaded = keras.saving.load_model(tmp_path / "it.keras")
    assert loaded.labels == classifier.labels
    assert list(loaded.tokenizer.vocabulary) == list(classifier.tokenizer.vocabulary)
    np.testing.assert_array_equal(loaded.predict(texts, verbose=0), classifier.predict(texts, verbose=0))
    assert int(loaded.optimizer.iterations) == int(classifier.optimizer.iterations) > 0
    loaded.fit(texts, [0, 1, 0, 1, 0, 1], verbose=0)
