"""Random models of KerasHub, their presets, and ours beside them."""

import h5py
import keras_hub
import numpy as np

from kerasbert.checkpoints.keras_hub_out import write_keras_hub

SIZES = {
    "vocabulary_size": 19,
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 8,
    "intermediate_dim": 12,
    "max_sequence_length": 16,
}


def random_weights(model):
    """Makes every weight random, biases and norms too: a swapped pair then shows."""
    for i, weight in enumerate(model.weights):
        random = np.random.default_rng(i)
        weight.assign(random.normal(1.0 if weight.name == "gamma" else 0.0, 0.4, weight.shape))
    return model


def backbone(**fields):
    return random_weights(keras_hub.models.BertBackbone(**SIZES | fields))


def hub_tokenizer(tokenizer):
    return keras_hub.models.BertTokenizer(list(tokenizer.vocabulary), lowercase=True, strip_accents=True)


def tokens():
    """Random ids of three rows, one with padding."""
    random = np.random.default_rng(0)
    mask = np.ones((3, 9), "int32")
    mask[1, 6:] = 0
    return {
        "token_ids": random.integers(0, 19, (3, 9)).astype("int32") * mask,
        "segment_ids": random.integers(0, 2, (3, 9)).astype("int32"),
        "padding_mask": mask,
    }


def check_all_loaded(model):
    """Asserts that file and model have the same weights."""
    assert not model.load_report.initialized
    assert not model.load_report.ignored


def check_equal(theirs, ours, inputs):
    expected, found = theirs(inputs), ours(inputs)
    if not isinstance(found, dict):
        expected, found = {"logits": expected}, {"logits": found}
    assert set(expected) == set(found)
    for name, value in found.items():
        np.testing.assert_allclose(np.asarray(value), np.asarray(expected[name]), rtol=0, atol=1e-5)


def check_same_weights(one, two):
    assert len(one.weights) == len(two.weights)
    for a, b in zip(one.weights, two.weights, strict=True):
        assert a.path.split("/")[1:] == b.path.split("/")[1:]
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b), err_msg=a.path)


def write(model, folder, heads=(), **options):
    config = getattr(model, "encoder", model).config
    write_keras_hub(folder, config, model.weight_values(), heads, **options)


def rewrite(path, change):
    """Writes an h5 file anew; `change` takes a name and an array and returns such a pair, or None."""
    with h5py.File(path) as file:
        arrays = {}
        file.visititems(
            lambda n, item: arrays.update({n: item[()]} if isinstance(item, h5py.Dataset) else {})
        )
    with h5py.File(path, "w") as file:
        for name, value in filter(None, (change(*item) for item in arrays.items())):
            file[name] = value
