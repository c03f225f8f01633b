import keras
import numpy as np
import pytest

from kerasbert.training import BertAdamW, BertLamb

RNG = np.random.default_rng(0)
KERNEL, BIAS = RNG.normal(size=(4, 3)).astype("float32"), RNG.normal(size=3).astype("float32")
GRADIENTS = [
    (RNG.normal(size=(4, 3)).astype("float32"), RNG.normal(size=3).astype("float32")) for _ in range(4)
]


def by_hand(weight, gradients, rate, decay, adapted, epsilon=1e-6):
    """Algorithm 2 of You et al. 2020, with phi(z) = z."""
    m = v = np.zeros_like(weight)
    for step, gradient in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        r = m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + epsilon)
        if adapted:
            r = r + decay * weight
            r = r * np.linalg.norm(weight) / np.linalg.norm(r)
        weight = weight - rate * r
    return weight


def test_lamb_is_that_of_the_paper():
    kernel, bias = keras.Variable(KERNEL, name="kernel"), keras.Variable(BIAS, name="bias")
    optimizer = BertLamb(0.1, weight_decay=0.2, global_clipnorm=None)
    for gradients in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in gradients], [kernel, bias])
    kernels, biases = zip(*GRADIENTS, strict=True)
    np.testing.assert_allclose(kernel, by_hand(KERNEL, kernels, 0.1, 0.2, True), atol=1e-5)
    np.testing.assert_allclose(bias, by_hand(BIAS, biases, 0.1, 0.2, False), atol=1e-5)


def test_its_config_comes_back():
    config = BertLamb(0.1, weight_decay=0.2).get_config()
    again = BertLamb.from_config(config)
    assert again.get_config() == config
    assert again.lamb_weight_decay == 0.2


def test_a_weight_of_zeros_moves():
    zeros = keras.Variable(np.zeros((4, 3), "float32"), name="kernel")
    BertLamb(0.1).apply([keras.ops.convert_to_tensor(GRADIENTS[0][0])], [zeros])
    assert np.abs(np.asarray(zeros)).min() > 0


@pytest.mark.parametrize("kind", [BertAdamW, BertLamb])
def test_the_norm_of_gradients_is_that_before_clipping(kind):
    table = keras.Variable(KERNEL, name="embeddings")
    optimizer = kind(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5), global_clipnorm=0.01)
    optimizer.watch_gradient_norm()
    optimizer.apply([keras.ops.convert_to_tensor(GRADIENTS[0][0])], [table])
    assert float(optimizer.gradient_norm) == pytest.approx(np.linalg.norm(GRADIENTS[0][0]), rel=1e-5)


@pytest.mark.parametrize("kind", [BertAdamW, BertLamb])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_gradients_that_are_not_finite_show(kind, wrong):
    """Clipped to nothing, they would train on in silence."""
    kernel = keras.Variable(KERNEL, name="kernel")
    gradient = GRADIENTS[0][0].copy()
    gradient[1, 1] = wrong
    optimizer = kind(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5))
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [kernel])
    assert np.isnan(np.asarray(kernel)).any()
