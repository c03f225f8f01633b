"""A RoBERTa with its own tokenizer, from strings to every format and back."""

import keras
import numpy as np
import pytest

import kerasbert
from kerasbert import export

TEXTS = ["a film", "no film's a film", "", "héllo 中 🎉"]


@pytest.fixture
def task(config, byte_pairs):
    tokenizer = kerasbert.RobertaTokenizer(*byte_pairs)
    fields = config.to_dict() | {
        "position_offset": 2,
        "num_segments": 1,
        "vocabulary_size": tokenizer.vocabulary_size,
        "max_sequence_length": 32,
    }
    encoder = kerasbert.BertEncoder(kerasbert.BertConfig.from_dict(fields))
    return kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"])


@pytest.mark.slow
def test_it_learns_and_every_file_gives_its_answers(task, tmp_path):
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    task.fit(TEXTS * 4, [0, 1, 0, 1] * 4, epochs=20, verbose=0)
    expected = task.predict(TEXTS, verbose=0)
    assert task.predict_labels(TEXTS, verbose=0) == ["bad", "good", "bad", "good"]

    task.save(tmp_path / "it.keras")
    task.save_to_preset(tmp_path / "preset")
    for again in (
        keras.saving.load_model(tmp_path / "it.keras"),
        kerasbert.BertTextClassifier.from_preset(tmp_path / "preset"),
    ):
        np.testing.assert_array_equal(again.predict(TEXTS, verbose=0), expected)
        assert isinstance(again.tokenizer, kerasbert.RobertaTokenizer)
    for artifact in (
        export.to_saved_model(task, tmp_path / "saved"),
        export.to_tflite(task, tmp_path / "it.tflite", recipe="float32"),
    ):
        assert export.verify(task, artifact, TEXTS).max_difference < 1e-5
    pairs = task.predict((TEXTS, TEXTS[::-1]), verbose=0)
    export.verify(task, tmp_path / "saved", (TEXTS, TEXTS[::-1]))
    assert np.abs(pairs - expected).max() > 1e-3


def test_transformers_gives_its_answers_from_texts(task, tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    export.to_huggingface(task, tmp_path)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    inputs = tokenizer(TEXTS, TEXTS[::-1], padding=True, return_tensors="pt")
    with torch.no_grad():
        probabilities = model(**inputs).logits.softmax(-1).numpy()
    np.testing.assert_allclose(task.predict((TEXTS, TEXTS[::-1]), verbose=0), probabilities, atol=1e-5)
    assert model.config.id2label == {0: "bad", 1: "good"}


def test_a_tokenizer_of_another_kind_says_so(task, tmp_path):
    task.save_to_preset(tmp_path / "it")
    for name in ("tokenizer.json", "merges.txt", "vocab.json"):
        (tmp_path / "it" / name).unlink()
    (tmp_path / "it" / "bpe.codes").write_text("as BERTweet has it")
    with pytest.raises(FileNotFoundError, match=r"merges\.txt"):
        kerasbert.BertTextClassifier.from_preset(tmp_path / "it")
    tokens = kerasbert.BertTextClassifier.from_preset(tmp_path / "it", tokenizer=None)
    inputs = task.tokenizer(TEXTS)
    np.testing.assert_allclose(tokens.predict(inputs, verbose=0), task.predict(TEXTS, verbose=0), atol=1e-6)
    with pytest.raises(ValueError, match="takes only tokens"):
        tokens.predict(TEXTS)
