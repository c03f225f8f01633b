import numpy as np
import pytest

import kerasbert
from kerasbert.data import RowStream
from kerasbert.optional import tensorflow as tf


@pytest.fixture
def task(config, tokenizer):
    return kerasbert.BertMaskedLM(kerasbert.BertEncoder(config), tokenizer)


def test_masks_are_filled_with_the_most_probable_tokens(task, tokenizer):
    texts = ["a [MASK] film", "[MASK] [MASK]!"] * 20
    filled = task.fill_masks(texts, top_k=3)
    assert [len(masks) for masks in filled] == [1, 2] * 20
    ids = [[2, 11, 4, 7, 3]]  # [CLS] a [MASK] film [SEP]
    assert tokenizer.to_tokens(ids) == [["[CLS]", "a", "[MASK]", "film", "[SEP]"]]
    logits = np.asarray(task({"token_ids": np.array(ids)}))[0, 2].astype("float64")
    probabilities = np.exp(logits) / np.exp(logits).sum()
    best = np.argsort(-probabilities)[:3]
    assert [token for token, _ in filled[0][0]] == [tokenizer.vocabulary[i] for i in best]
    np.testing.assert_allclose([p for _, p in filled[0][0]], probabilities[best], atol=1e-5)


def test_a_text_without_a_mask_is_named(task):
    with pytest.raises(ValueError, match=r"must hold \[MASK\].*'bad'.*row 1"):
        task.fill_masks(["[MASK]", "bad"])
    with pytest.raises(ValueError, match="row 0"):
        task.fill_masks(["good " * 30 + "[MASK]"])  # beyond the 16 tokens that it takes
    assert task.fill_masks([]) == []


def test_rows_come_in_every_form_that_fit_takes(task):
    texts = ["a [MASK] film", "[MASK] [MASK]!", "good [MASK]"]
    expected = task.predict(texts)
    read = tf.data.Dataset.from_tensor_slices(texts)
    for x in (
        {"text": texts},
        np.array(texts),
        RowStream(lambda: texts, labelled=False),
        read,
        read.batch(2),
    ):
        assert task.predict(x) == expected
    with pytest.raises(ValueError, match="one text"):
        task.predict((texts, texts))
    with pytest.raises(ValueError, match="row 2"):
        task.predict(RowStream(lambda: [*texts[:2], "bad"], labelled=False), batch_size=1)


def test_batches_have_the_size_that_was_asked_for(task):
    seen = []

    def run(tokens):
        seen.append(len(tokens["token_ids"]))
        return task.answer_tokens(tokens)

    assert len(task.predict_with(run, ["a [MASK] film"] * 5, batch_size=2)) == 5
    assert seen == [2, 2, 1]
    with pytest.raises(ValueError, match="batch_size"):
        task.predict(["a [MASK] film"], batch_size=0)


def test_a_real_model_knows_the_capital_of_france(shared_models):
    task = kerasbert.BertMaskedLM.from_preset(shared_models / "splade-tiny-mlm")
    [[found]] = task.fill_masks(["paris is the capital of [MASK]."], top_k=20)
    assert "france" in [token for token, _ in found]
