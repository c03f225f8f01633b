import keras
import numpy as np
import pytest

from kerasbert.layers.dropout import BertDropout


@pytest.mark.parametrize("shape", [(101, 99), (7,), (20, 30, 40)])
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.999])
def test_the_share_that_is_dropped(shape, rate):
    layer = BertDropout(rate, seed=0)
    x = np.ones(shape, "float32")
    draws = np.stack([keras.ops.convert_to_numpy(layer(x, training=True)) for _ in range(20)])
    kept = draws != 0
    part = rate * 256 % 1  # of the calls that drop at the upper of two multiples of 1 / 256
    deviation = np.sqrt(rate * (1 - rate) / draws.size + part * (1 - part) / 256**2 / len(draws))
    assert abs(kept.mean() - (1 - rate)) < 4 * deviation
    np.testing.assert_allclose(draws[kept], 1 / (1 - rate), rtol=2e-5)
    assert not kept.any(0).all() or not (kept[0] == kept[1:]).all()


def test_neighbours_are_dropped_independently():
    """Four numbers share a word of random bits."""
    dropped = np.asarray(BertDropout(0.25, seed=0)(np.ones(400_000, "float32"), training=True)) == 0
    for shift in range(1, 6):
        together = np.mean(dropped[:-shift] & dropped[shift:])
        assert abs(together - 1 / 16) < 4 * np.sqrt(1 / 16 * 15 / 16 / dropped.size)


@pytest.mark.tensorflow
def test_a_call_drops_at_a_multiple_of_one_in_256():
    layer = BertDropout(0.1, seed=0)
    x = np.ones(500_000, "float32")
    shares = np.array([np.mean(keras.ops.convert_to_numpy(layer(x, training=True)) == 0) for _ in range(30)])
    near = np.abs(shares[:, None] - np.array([25, 26]) / 256)
    np.testing.assert_array_less(near.min(1), 4 * np.sqrt(0.09 / x.size))
    assert set(near.argmin(1)) == {0, 1}


def test_without_training_nothing_happens():
    x = np.arange(5.0)
    for layer in (BertDropout(0.5), BertDropout(0.0)):
        np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(BertDropout(0.0)(x, training=True), x)


def test_equal_seeds_drop_alike():
    x = np.ones((50, 50), "float32")
    one, two = (np.asarray(BertDropout(0.5, seed=3)(x, training=True)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_in_half_precision(dtype):
    found = BertDropout(0.1, seed=0, dtype=dtype)(np.ones((100, 100), "float32"), training=True)
    assert keras.backend.standardize_dtype(found.dtype) == dtype.removeprefix("mixed_")
    assert 0.85 < np.mean(keras.ops.convert_to_numpy(keras.ops.cast(found, "float32")) != 0) < 0.95
