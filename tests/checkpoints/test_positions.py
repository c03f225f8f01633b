"""Positions beyond those that were learned, and sinusoidal ones."""

import math

import numpy as np
import pytest

import kerasbert
from kerasbert.checkpoints.positions import extended_positions
from kerasbert.layers.positions import sinusoidal_positions


def test_extension_follows_the_paper():
    table = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    longer = extended_positions(table, 25)
    base = (table - 0.4 * table[0]) / 0.6
    for position in range(25):
        i, j = divmod(position, 5)
        np.testing.assert_allclose(longer[position], 0.4 * base[i] + 0.6 * base[j], atol=1e-6)
    np.testing.assert_array_equal(longer[:5], table)
    for rows in (4, 26):
        with pytest.raises(ValueError, match=f"between 5 and 25.*rows={rows}"):
            extended_positions(table, rows)


def test_sines_and_cosines_follow_the_paper():
    table = sinusoidal_positions(50, 6)
    for position in range(50):
        for i in range(3):
            angle = position / 10000 ** (2 * i / 6)
            assert math.isclose(table[position, 2 * i], math.sin(angle), abs_tol=1e-6)
            assert math.isclose(table[position, 2 * i + 1], math.cos(angle), abs_tol=1e-6)


@pytest.mark.parametrize("offset", [0, 2])
def test_a_longer_model_computes_the_same_where_it_was_trained(config, offset, tmp_path):
    config = kerasbert.BertConfig.from_dict(config.to_dict() | {"position_offset": offset})
    encoder = kerasbert.BertEncoder(config)
    encoder.save_to_preset(tmp_path / "it")
    longer = kerasbert.BertEncoder.from_preset(tmp_path / "it", extend_positions_to=40)
    assert longer.config.max_sequence_length == 40
    assert longer.embeddings.position_embedding.embeddings.shape == (40 + offset, 8)
    ids = np.random.default_rng(0).integers(5, 19, (2, 40))
    short = {"token_ids": ids[:, :16]}
    np.testing.assert_allclose(longer(short)["sequence_output"], encoder(short)["sequence_output"], atol=1e-6)
    assert np.isfinite(longer({"token_ids": ids})["sequence_output"]).all()
    longer.save_to_preset(tmp_path / "longer")  # and it is an ordinary model from then on
    again = kerasbert.BertEncoder.from_preset(tmp_path / "longer")
    assert again.config == longer.config


def test_a_task_with_more_positions(config, tokenizer, tmp_path):
    encoder = kerasbert.BertEncoder(config)
    encoder.save_to_preset(tmp_path / "it", tokenizer)
    task = kerasbert.BertTextClassifier.from_preset(
        tmp_path / "it", labels=["bad", "good"], extend_positions_to=64
    )
    assert task.max_sequence_length == 64
    with pytest.warns(UserWarning, match="The answers are random") as caught:
        assert task.predict(["good film " * 25], verbose=0).shape == (1, 2)  # 52 tokens, none cut off
    assert not any("truncated" in str(warning.message) for warning in caught)


def test_what_cannot_be_extended(config, tmp_path):
    kerasbert.BertEncoder(config).save_to_preset(tmp_path / "it")
    with pytest.raises(ValueError, match=r"Only learned positions.*extend_positions_to=16"):
        kerasbert.BertEncoder.from_preset(tmp_path / "it", extend_positions_to=16)
    with pytest.raises(ValueError, match="between 16 and 256"):
        kerasbert.BertEncoder.from_preset(tmp_path / "it", extend_positions_to=257)
    config = kerasbert.BertConfig.from_dict(config.to_dict() | {"position_embedding": "sinusoidal"})
    kerasbert.BertEncoder(config).save_to_preset(tmp_path / "it")
    with pytest.raises(ValueError, match=r"Only learned positions.*'sinusoidal'"):
        kerasbert.BertEncoder.from_preset(tmp_path / "it", extend_positions_to=40)


ELECTRA = {"embedding_dim": 6, "pooler_activation": "gelu"}


@pytest.mark.parametrize("changes", [{}, {"position_offset": 2}, ELECTRA])
def test_sinusoidal_positions_have_no_weight(config, changes, tmp_path):
    fields = config.to_dict() | {"position_embedding": "sinusoidal"} | changes
    config = kerasbert.BertConfig.from_dict(fields)
    encoder = kerasbert.BertEncoder(config, pooler=False)
    assert not any("position" in path for path in encoder.named_weights())
    encoder.save_to_preset(tmp_path / "it")
    again = kerasbert.BertEncoder.from_preset(tmp_path / "it")
    assert again.config == config
    assert again.load_report.ignored == ()
    tokens = {"token_ids": np.array([[5, 6, 7, 6, 5]])}
    np.testing.assert_array_equal(again(tokens)["sequence_output"], encoder(tokens)["sequence_output"])
    output = np.asarray(encoder(tokens)["sequence_output"])
    assert np.abs(output[0, 0] - output[0, 4]).max() > 1e-3  # the same token at another position


def test_transformers_computes_the_same_with_sinusoidal_positions(config, tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    import transformers_models as models

    config = kerasbert.BertConfig.from_dict(config.to_dict() | {"position_embedding": "sinusoidal"})
    encoder = kerasbert.BertEncoder(config)
    encoder.save_to_preset(tmp_path)
    theirs = models.load_strictly("Bert", "Model", tmp_path)
    models.check_equal_outputs(theirs, encoder, models.tokens(theirs))
