import keras
import numpy as np
import numpy_bert
import pytest
from conformance_cases import CONFIG, TOKENS
from conformance_cases import outputs as arrays

from kerasbert import BertConfig, BertEncoder
from kerasbert.layers import self_attention

IDS = np.zeros((1, 3), "int32")


@pytest.mark.parametrize("activation", numpy_bert.ACTIVATIONS)
def test_the_encoder_is_the_one_in_numpy(activation):
    config = BertConfig.from_dict(CONFIG.to_dict() | {"activation": activation, "layer_norm_epsilon": 1e-3})
    encoder = BertEncoder(config)
    rng = np.random.default_rng(0)
    encoder.set_weights([rng.normal(0, 0.4, w.shape) for w in encoder.weights])
    sequence, pooled = numpy_bert.bert(numpy_bert.weights_of(encoder), config, **TOKENS)
    outputs = arrays(encoder(TOKENS))
    np.testing.assert_allclose(outputs["sequence_output"], sequence, atol=2e-5)
    np.testing.assert_allclose(outputs["pooled_output"], pooled, atol=2e-5)


def test_the_first_token_alone_is_the_first_token():
    encoder = BertEncoder(CONFIG)
    whole, first = arrays(encoder(TOKENS)), arrays(encoder(TOKENS, first_token_only=True))
    assert first["sequence_output"].shape == (3, 1, 8)
    np.testing.assert_allclose(first["sequence_output"], whole["sequence_output"][:, :1], atol=1e-6)
    np.testing.assert_allclose(first["pooled_output"], whole["pooled_output"], atol=1e-6)


def test_segments_and_mask_may_be_absent():
    encoder = BertEncoder(CONFIG)
    ids = TOKENS["token_ids"]
    full = {"token_ids": ids, "segment_ids": np.zeros_like(ids), "padding_mask": np.ones_like(ids)}
    np.testing.assert_array_equal(
        arrays(encoder({"token_ids": ids}))["sequence_output"], arrays(encoder(full))["sequence_output"]
    )


def test_all_intermediate_results_are_returned_when_asked_for():
    outputs = keras.tree.map_structure(
        keras.ops.convert_to_numpy, BertEncoder(CONFIG)(TOKENS, return_all=True)
    )
    assert [h.shape for h in outputs["hidden_states"]] == [(3, 5, 8)] * 3
    assert [a.shape for a in outputs["attentions"]] == [(3, 2, 5, 5)] * 2
    np.testing.assert_allclose(np.sum(outputs["attentions"][1], -1), 1, atol=1e-6)
    np.testing.assert_array_equal(outputs["hidden_states"][-1], outputs["sequence_output"])


def test_every_kernel_starts_different():
    kernels = [np.asarray(w) for w in BertEncoder(CONFIG).weights if w.path.endswith("query/kernel")]
    encoder = BertEncoder(CONFIG)
    kernels += [np.asarray(w) for w in encoder.weights if w.shape == (8, 8)]
    for i, kernel in enumerate(kernels):
        assert not any(np.array_equal(kernel, other) for other in kernels[:i])


def test_too_long_a_sequence_is_an_error_that_says_what_to_do():
    with pytest.raises(ValueError, match=r"length=6, max_sequence_length=5.*Truncate"):
        BertEncoder(CONFIG)({"token_ids": np.zeros((1, 6), "int32")})


@pytest.mark.parametrize("inputs", [{"input_ids": IDS}, [IDS], {"token_ids": IDS, "mask": IDS}])
def test_other_inputs_are_an_error(inputs):
    with pytest.raises(ValueError, match="must be a dict with `token_ids`"):
        BertEncoder(CONFIG)(inputs)


def test_the_summary_lists_every_part(capsys):
    BertEncoder(CONFIG).summary()
    printed = capsys.readouterr().out
    for part in ("embeddings", "block_0", "block_1", "pooler", "(None, None, 8)", "Total params"):
        assert part in printed


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="the kernel is JAX's")
@pytest.mark.parametrize("first_token_only", [False, True])
def test_fused_attention_gives_the_same(monkeypatch, first_token_only):
    encoder = BertEncoder(CONFIG)
    plain = encoder(TOKENS, first_token_only=first_token_only)
    calls = []
    fused = keras.ops.dot_product_attention
    monkeypatch.setattr(self_attention, "on_gpu_by_jax", lambda: True)
    monkeypatch.setattr(
        self_attention.ops,
        "dot_product_attention",
        lambda *args, **kw: calls.append(kw) or fused(*args, **kw),
    )
    for name, value in encoder(TOKENS, first_token_only=first_token_only).items():
        np.testing.assert_allclose(value, plain[name], atol=2e-6)
    assert len(calls) == 2
