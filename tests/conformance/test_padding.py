import numpy as np
import pytest
from conformance_cases import TASK_CONFIG, TASKS, TOKENS, make_task, outputs, training_rows

from kerasbert import BertConfig, BertEncoder


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
def test_padding_changes_nothing(dtype):
    config = BertConfig.from_dict(TASK_CONFIG.to_dict() | {"max_sequence_length": 9})
    encoder = BertEncoder(config, dtype=dtype)
    tokens = dict(TOKENS, padding_mask=np.ones_like(TOKENS["token_ids"]))
    padded = {name: np.pad(value, ((0, 0), (0, 4))) for name, value in tokens.items()}
    padded["token_ids"][:, 5:] = 7  # whatever stands there
    short, long = outputs(encoder(tokens)), outputs(encoder(padded))
    tolerance = 1e-6 if dtype == "float32" else 5e-3
    np.testing.assert_allclose(long["sequence_output"][:, :5], short["sequence_output"], atol=tolerance)
    np.testing.assert_allclose(long["pooled_output"], short["pooled_output"], atol=tolerance)


def test_a_row_of_padding_alone_is_finite():
    tokens = dict(TOKENS, padding_mask=np.zeros_like(TOKENS["token_ids"]))
    for dtype in ("float32", "mixed_float16", "mixed_bfloat16"):
        found = outputs(BertEncoder(TASK_CONFIG, dtype=dtype)(tokens))
        assert np.isfinite(found["sequence_output"]).all()


@pytest.mark.slow
def test_a_task_answers_a_text_alike_in_any_batch(trained, texts):
    together = trained.predict(texts, verbose=0)
    alone = np.concatenate([trained.predict([text], verbose=0) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("name", TASKS)
def test_padding_changes_no_task(name, config, tokenizer, texts):
    task = make_task(name, config, tokenizer)
    tokens = training_rows(name, tokenizer, texts)[0]
    length = tokens["token_ids"].shape[-1]
    widths = [(0, 0)] * (tokens["token_ids"].ndim - 1) + [(0, config.max_sequence_length - length)]
    padded = {key: np.pad(value, widths) for key, value in tokens.items()}
    padded["token_ids"][..., length:] = 7  # whatever stands there
    expected = outputs(task(tokens))
    for key, value in outputs(task(padded)).items():
        if value.shape != expected[key].shape:  # an answer at each token
            value = value[:, :length]
        np.testing.assert_allclose(value, expected[key], atol=1e-5)
