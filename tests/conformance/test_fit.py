import keras
import numpy as np
import pytest
from conformance_cases import TASKS, make_task

import kerasbert
from kerasbert.training import BertAdamW


def test_fit_lowers_the_loss(classifier):
    texts = ["good", "very good!", "bad", "very bad!"] * 8
    labels = ["good" if "good" in text else "bad" for text in texts]
    classifier.compile(optimizer=keras.optimizers.Adam(1e-2))
    history = classifier.fit(texts, labels, batch_size=8, epochs=15, verbose=0)
    assert history.history["loss"][-1] < 0.2 < history.history["loss"][0]
    assert history.history["accuracy"][-1] == 1.0
    assert classifier.predict_labels(["very good", "bad"], verbose=0) == ["good", "bad"]


@pytest.mark.parametrize("name", TASKS)
def test_every_task_learns_from_tokens_with_its_own_defaults(name, config, tokenizer, texts):
    task = make_task(name, config, tokenizer)
    tokens = {key: np.asarray(value) for key, value in tokenizer(texts).items()}
    if name == "BertMultipleChoice":
        tokens = {key: np.stack([value, value[::-1]]) for key, value in tokens.items()}
    rows, length = len(tokens["token_ids"]), tokens["token_ids"].shape[-1]
    one, each = np.arange(rows) % 2, np.arange(rows * length).reshape(rows, length) % 2
    y = {
        "BertTextClassifier of several labels": np.eye(3)[one],
        "BertTextClassifier of numbers": one.astype("float32"),
        "BertTokenClassifier": each,
        "BertSummarizer": each,
        "BertQuestionAnswerer": {"start": one, "end": one + 1},
        "BertMaskedLM": each,
        "BertPretrainer": {"masked_lm": each, "next_sentence": one},
        "BertTextEmbedder": np.ones((rows, 8)),
    }.get(name, one)
    loss = {"loss": "mse", "metrics": None} if name == "BertTextEmbedder" else {}
    task.compile(optimizer=BertAdamW(1e-2), **loss)
    losses = task.fit(tokens, y, epochs=12, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    task.compile(**loss)
    task.fit(tokens, y, batch_size=4, verbose=0)


def test_equal_seeds_give_equal_runs(config, tokenizer):
    def run():
        keras.utils.set_random_seed(3)
        task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
        task.compile()
        task.fit(["good", "bad", "film"] * 20, [1, 0, 1] * 20, batch_size=4, epochs=2, verbose=0)
        return task.get_weights()

    for one, two in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(one, two)
