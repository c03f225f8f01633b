import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasbert

FIRST = ["good film", "bad film", "very good", "what a film", "the film was bad", "not a film"] * 4
SECOND = ["a good film!", "film, bad", "very very good", "what film", "bad, the film was", "a film not"] * 4


@pytest.fixture
def embedder(config, tokenizer):
    return kerasbert.BertTextEmbedder(kerasbert.BertEncoder(config), tokenizer)


def test_pairs_teach_which_texts_belong_together(embedder):
    embedder.compile(optimizer=keras.optimizers.Adam(1e-2))
    before = embedder.evaluate((FIRST, SECOND), batch_size=6, verbose=0, return_dict=True)
    embedder.fit((FIRST, SECOND), batch_size=6, epochs=20, verbose=0, validation_data=((FIRST, SECOND), None))
    after = embedder.evaluate((FIRST, SECOND), batch_size=6, verbose=0, return_dict=True)
    assert after["loss"] < before["loss"] / 2
    assert after["accuracy"] > 0.9
    similar = embedder.similarity(FIRST[:6], SECOND[:6], verbose=0)
    assert (similar.argmax(1) == np.arange(6)).mean() > 0.8


def test_pairs_come_in_many_forms(embedder):
    embedder.compile(optimizer=keras.optimizers.SGD(0.0))
    expected = embedder.evaluate((FIRST, SECOND), batch_size=24, verbose=0)
    columns = {"text": FIRST, "text_pair": SECOND}
    rows = tf.data.Dataset.from_tensor_slices((FIRST, SECOND)).map(lambda a, b: ((a, b),))
    for x in (columns, rows, rows.batch(5)):
        np.testing.assert_allclose(embedder.evaluate(x, batch_size=24, verbose=0), expected, rtol=1e-4)


def test_vectors_teach_to_embed_as_another(embedder, config, tokenizer):
    teacher = kerasbert.BertTextEmbedder(kerasbert.BertEncoder(config), tokenizer)
    vectors = teacher.predict(FIRST, verbose=0)
    embedder.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse", metrics=None)
    history = embedder.fit(FIRST, vectors, epochs=40, verbose=0).history["loss"]
    assert history[-1] < history[0] / 4


def test_wrong_forms_are_errors(embedder):
    embedder.compile()
    with pytest.raises(ValueError, match="takes pairs of texts"):
        embedder.fit(["a", "b"])
    with pytest.raises(ValueError, match=r"takes pairs of texts.*rows=0"):
        embedder.fit(([], []))
    with pytest.raises(ValueError, match="as many rows"):
        embedder.fit((["a", "b"], ["c"]))
    with pytest.raises(ValueError, match="need a loss that compares vectors"):
        embedder.fit(["a"], np.ones((1, 8)))
    embedder.compile(loss="mse", metrics=None)
    with pytest.raises(ValueError, match="8 finite numbers to a row"):
        embedder.fit(["a"], np.ones((1, 7)))
