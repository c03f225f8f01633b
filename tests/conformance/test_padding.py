import numpy as np
import pytest
from conformance_cases import CONFIG, TOKENS

from kerasbert import BertConfig, BertEncoder


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_padding_changes_nothing(dtype):
    config = BertConfig.from_dict(CONFIG.to_dict() | {"max_sequence_length": 9})
    encoder = BertEncoder(config, dtype=dtype)
    tokens = dict(TOKENS, padding_mask=np.ones_like(TOKENS["token_ids"]))
    padded = {name: np.pad(value, ((0, 0), (0, 4))) for name, value in tokens.items()}
    padded["token_ids"][:, 5:] = 7  # whatever stands there
    short, long = encoder(tokens), encoder(padded)
    tolerance = 1e-6 if dtype == "float32" else 5e-3
    np.testing.assert_allclose(long["sequence_output"][:, :5], short["sequence_output"], atol=tolerance)
    np.testing.assert_allclose(long["pooled_output"], short["pooled_output"], atol=tolerance)


def test_a_row_of_padding_alone_is_finite():
    tokens = dict(TOKENS, padding_mask=np.zeros_like(TOKENS["token_ids"]))
    for dtype in ("float32", "mixed_float16", "mixed_bfloat16"):
        outputs = BertEncoder(CONFIG, dtype=dtype)(tokens)
        assert np.isfinite(np.asarray(outputs["sequence_output"], "float32")).all()


def test_a_task_answers_a_text_alike_in_any_batch(trained, texts):
    together = trained.predict(texts, verbose=0)
    alone = np.concatenate([trained.predict([text], verbose=0) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-6)
