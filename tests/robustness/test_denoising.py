"""Perturbed words are read as those that were meant, and what is above the lower blocks stays."""

import dataclasses

import keras
import numpy as np
import pytest

import kerasbert
from kerasbert.robustness import denoise, swapped_letters
from kerasbert.robustness.denoising import WordReader
from kerasbert.robustness.word_pairs import WordPairs

TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film", "g", "b", "f", "the", "!"]
TOKENS += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
TEXTS = ["good film!", "the bad film", "bad", "the  film the film"]


@pytest.fixture(scope="module")
def tokenizer():
    return kerasbert.BertTokenizer(TOKENS)


def pairs(tokenizer, texts=TEXTS, changes=(("swapped_letters", swapped_letters),), max_length=16, **kwargs):
    arguments = {"rate": 1.0, "batch_size": 2, "changed_weight": 3.0, "seed": 0} | kwargs
    return WordPairs(tokenizer, texts, list(changes), max_length=max_length, **arguments)


@pytest.fixture
def make(config, tokenizer):
    def make(**kind):
        keras.utils.set_random_seed(0)
        sizes = {"vocabulary_size": len(TOKENS), "num_layers": 2, "initializer_range": 0.5} | kind
        encoder = kerasbert.BertEncoder(dataclasses.replace(config, **sizes))
        return kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"])

    return make


@pytest.fixture
def task(make):
    return make()


def test_tokens_belong_to_words(tokenizer):
    """A misspelled word has more pieces, and a text that is too long loses words from its end."""
    rows = pairs(tokenizer, max_length=8)
    batch = rows.batch(
        [["gfod", "film!"], ["film", "bda", "the"]], [["good", "film!"], ["film", "bad", "the"]]
    )
    assert tokenizer.to_tokens(batch["token_ids"][0])[1:5] == ["g", "##f", "##o", "##d"]
    assert batch["words"].tolist() == [[0, 1, 1, 1, 1, 2, 2, 3], [0, 1, 2, 2, 2, 3, 4, -1]]
    assert batch["clean_words"].tolist() == [[0, 1, 2, 2, 3], [0, 1, 2, 3, 4]]
    assert batch["weight"].tolist() == [[1, 3, 1, 1, 0], [1, 1, 3, 1, 1]]
    cut = pairs(tokenizer, max_length=5).batch([["gfod", "film!"]], [["good", "film!"]])
    assert cut["words"].tolist() == [[0, 1, 1, 1, 3]]
    (long,) = pairs(tokenizer, ["film " * 1000], max_length=8).read()
    assert long[0]["weight"].shape == (1, 10)  # words that no row has room for take no memory


def test_each_pass_has_all_texts_and_other_mistakes(tokenizer):
    texts = ["wonderful film"] * 5
    rows = pairs(tokenizer, texts)
    first, second = ([b for (b,) in rows.read()] for _ in range(2))
    assert sorted(len(b["weight"]) for b in first) == [1, 2, 2]
    assert len(rows) == 3
    assert any(not np.array_equal(a["token_ids"], b["token_ids"]) for a, b in zip(first, second, strict=True))
    again = [b for (b,) in pairs(tokenizer, texts).read()]
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a["token_ids"], b["token_ids"])
    two = pairs(tokenizer, changes=[("two", lambda text: "two words")])
    assert all((b["weight"] <= 1).all() for (b,) in two.read())  # a word that would be split stays


@pytest.mark.parametrize("buckets", [0, 4])
def test_the_loss_by_hand(make, tokenizer, buckets):
    task = make(relative_position_buckets=buckets)
    batch = pairs(tokenizer).batch([["bda", "film"]], [["bad", "film"]])
    reader = WordReader(task.encoder, 1)
    found = float(reader.compute_loss(batch, y_pred=reader(batch)))
    states = [
        np.asarray(task.encoder({"token_ids": batch[name]}, return_all=True)["hidden_states"][1])[0]
        for name in ("token_ids", "clean_token_ids")
    ]
    words = [states[0][:1], states[0][1:4], states[0][4:5], states[0][5:6]]
    distances = [np.mean((w.mean(0) - meant) ** 2) for w, meant in zip(words, states[1], strict=True)]
    assert found == pytest.approx(np.average(distances, weights=[1, 3, 1, 1]), rel=1e-4)
    padded = pairs(tokenizer, few_lengths=True).batch([["bda", "film"]], [["bad", "film"]])
    assert {name: array.shape[1] for name, array in padded.items()} == dict.fromkeys(batch, 6) | {"weight": 8}
    assert float(reader.compute_loss(padded, y_pred=reader(padded))) == pytest.approx(found, rel=1e-4)
    same = pairs(tokenizer).batch([["bad", "film"]], [["bad", "film"]])
    assert float(reader.compute_loss(same, y_pred=reader(same))) == 0


@pytest.mark.slow  # the example of `denoise` runs by default
def test_the_lower_half_learns(task):
    before = {path: weight.numpy().copy() for path, weight in task.encoder.named_weights().items()}
    history = denoise(
        task, TEXTS * 4, swapped_letters, epochs=6, rate=0.7, learning_rate=3e-2, batch_size=8, verbose=0
    )
    loss = history.history["loss"]
    assert loss[-1] < 0.6 * loss[0]
    changed = {
        path
        for path, weight in task.encoder.named_weights().items()
        if not np.array_equal(weight.numpy(), before[path])
    }
    assert any("block_0" in path for path in changed)
    assert any("embeddings" in path for path in changed)
    assert not any("block_1" in path or "pooler" in path for path in changed)


def test_callbacks_watch_and_stop_it(task, tmp_path):
    stop = keras.callbacks.EarlyStopping("loss", min_delta=1e9)
    curves = keras.callbacks.CSVLogger(tmp_path / "curves.csv")
    history = denoise(task, TEXTS, epochs=9, rate=1.0, verbose=0, callbacks=[stop, curves])
    assert len(history.history["loss"]) == 2
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 3
    with pytest.raises(ValueError, match="cannot be resumed"):
        denoise(task, TEXTS, callbacks=kerasbert.training.ResumeTraining(tmp_path))


def test_what_cannot_be_learned_is_refused(task, make, config, tokenizer):
    with pytest.raises(ValueError, match="share their weights"):
        denoise(make(shared_blocks=True), TEXTS)
    with pytest.raises(ValueError, match="must be changed by a perturbation"):
        denoise(task, ["東京", ""])
    with pytest.raises(TypeError, match="join the words"):
        denoise(task, [["good", "film"]])
    with pytest.raises(TypeError, match="kerasbert task"):
        denoise(task.encoder, TEXTS)
    with pytest.raises(ValueError, match="rate"):
        denoise(task, TEXTS, rate=0.0)
    task.encoder.freeze(1)
    with pytest.raises(ValueError, match="must be trainable"):
        denoise(task, TEXTS)
    without = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), None, ["bad", "good"])
    tweets = kerasbert.BertweetTokenizer(["<s>", "<pad>", "</s>", "<unk>", "<mask>"], [], normalization=True)
    with pytest.raises(ValueError, match="have no places in the text"):
        denoise(kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tweets, ["bad", "good"]), TEXTS)
    with pytest.raises(ValueError, match="need a tokenizer"):
        denoise(without, TEXTS)
