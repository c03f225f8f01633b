import keras
import numpy as np
import pytest
from conformance_cases import DIVERSE, LAYERS, make_task, outputs, slow_but, training_rows


def share_random_weights(*models):
    """Gives all models the same weights, large enough that every part of them shows in the outputs."""
    random = np.random.default_rng(0)
    values = [random.normal(scale=0.5, size=weight.shape) for weight in models[0].weights]
    for model in models:
        for weight, value in zip(model.weights, values, strict=True):
            weight.assign(value)


def check_near(found, expected):
    """Asserts that arrays differ by rounding: bfloat16 keeps 8 bits of each number, so 0.4 % at each step."""
    error, scale = np.linalg.norm(found - expected), np.linalg.norm(expected)
    assert error < 0.05 * scale, f"The error is {error / scale:.1%} of the outputs."


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
@pytest.mark.parametrize("name", LAYERS)
def test_half_precision_is_near_float32(name, policy):
    make, inputs = LAYERS[name]
    exact, half = make(), make(dtype=policy)
    exact(*inputs), half(*inputs)  # builds them
    share_random_weights(exact, half)
    expected = outputs(exact(*inputs))
    result = half(*inputs)
    named = result if isinstance(result, dict) else {"output": result}
    assert {keras.backend.standardize_dtype(v.dtype) for v in named.values()} == {half.compute_dtype}
    assert {w.dtype for w in half.weights} == {half.variable_dtype}
    for key, value in outputs(half(*inputs)).items():
        check_near(value, expected[key])


@pytest.mark.slow
def test_a_task_trains_in_mixed_precision(config, tokenizer):
    import kerasbert

    for policy in ("mixed_bfloat16", "mixed_float16"):
        encoder = kerasbert.BertEncoder(config, dtype=policy)
        classifier = kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"], dtype=policy)
        classifier.compile()
        history = classifier.fit(["good", "bad"] * 8, [1, 0] * 8, epochs=2, verbose=0)
        assert np.isfinite(history.history["loss"]).all()
        assert classifier.predict(["good"], verbose=0).dtype == np.float32


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", slow_but(DIVERSE))
def test_a_task_in_half_precision_is_near_float32(name, policy, config, tokenizer, texts):
    exact, half = make_task(name, config, tokenizer), make_task(name, config, tokenizer, dtype=policy)
    share_random_weights(exact, half)
    tokens = training_rows(name, tokenizer, texts)[0]
    expected = outputs(exact(tokens))
    for key, value in outputs(half(tokens)).items():
        check_near(value, expected[key])
