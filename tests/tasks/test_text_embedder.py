import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasbert
from kerasbert.training import SimilarityLoss

FIRST = ["good film", "bad film", "very good", "what a film", "the film was bad", "not a film"] * 4
SECOND = ["a good film!", "film, bad", "very very good", "what film", "bad, the film was", "a film not"] * 4


@pytest.fixture
def embedder(config, tokenizer):
    return kerasbert.BertTextEmbedder(kerasbert.BertEncoder(config), tokenizer)


@pytest.mark.slow
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


@pytest.mark.slow
def test_vectors_teach_to_embed_as_another(embedder, config, tokenizer):
    teacher = kerasbert.BertTextEmbedder(kerasbert.BertEncoder(config), tokenizer)
    vectors = teacher.predict(FIRST, verbose=0)
    embedder.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse")
    history = embedder.fit(FIRST, vectors, epochs=40, verbose=0).history["loss"]
    assert history[-1] < history[0] / 4


def test_search_finds_the_texts_with_the_largest_cosines(embedder):
    found = embedder.search(FIRST[:3], SECOND[:5], top_k=2, verbose=0)
    cosines = embedder.similarity(FIRST[:3], SECOND[:5], verbose=0)
    assert [[number for number, _ in row] for row in found] == np.argsort(-cosines)[:, :2].tolist()
    assert found[0][0][1] == pytest.approx(cosines[0].max())
    vectors = 3 * embedder.encode(SECOND[:5])  # of any length
    again = embedder.search(FIRST[:3], vectors, top_k=9, verbose=0)
    assert [[number for number, _ in row[:2]] for row in again] == [[n for n, _ in row] for row in found]
    assert len(again[0]) == 5
    with pytest.raises(ValueError, match=r"must have the shape `\(N, "):
        embedder.search(FIRST[:1], np.tile(vectors, 2))


def test_hard_negatives_are_similar_and_no_partners(embedder):
    texts, partners = FIRST[:6], SECOND[:6]
    corpus = [*SECOND[:6], *FIRST[:6], "good", "bad bad", "film film film"]
    cosines = embedder.similarity(texts, corpus, verbose=0)
    for options in ({}, {"num_negatives": 2, "range_min": 1, "relative_margin": 0.0}):
        count, first = options.get("num_negatives", 1), options.get("range_min", 0)
        below = 1 - options.get("relative_margin", 0.05)
        expected = []
        for number, text in enumerate(texts):
            ranked = np.argsort(-cosines[number], kind="stable")
            ranked = [i for i in ranked if i != number and corpus[i] != text][first:]
            most = cosines[number, number] * below
            kept = [corpus[i] for i in ranked if cosines[number, i] <= most]
            expected += [(text, partners[number], negative) for negative in kept[:count]]
        found = embedder.mine_hard_negatives(texts, partners, corpus, **options)
        assert [*zip(*found, strict=True)] == expected
    # What is a partner of a text in any row is no negative of it.
    with pytest.raises(ValueError, match="Some row must have a negative"):
        embedder.mine_hard_negatives(["good film"] * 6, partners)
    with pytest.raises(ValueError, match="as many rows"):
        embedder.mine_hard_negatives(texts, partners[:5])
    for wrong in ([], (partners, texts), {"text": partners, "text_pair": texts}):
        with pytest.raises(ValueError, match="`corpus` must be at least one text, each a row of its own"):
            embedder.mine_hard_negatives(texts, partners, wrong)
    with pytest.raises(TypeError, match="`partners: text` must be text"):
        embedder.mine_hard_negatives(texts, range(6))


def test_vectors_can_be_shorter_and_coarser(embedder):
    whole = embedder.encode(SECOND[:5])
    half = embedder.encode(SECOND[:5], dimensions=4)
    np.testing.assert_allclose(half, whole[:, :4] / np.linalg.norm(whole[:, :4], axis=1)[:, None], rtol=1e-5)
    eighth = embedder.encode(SECOND[:5], precision="int8")
    assert eighth.dtype == np.int8
    np.testing.assert_allclose(eighth / 127 * np.abs(whole).max(1, keepdims=True), whole, atol=5e-3)
    signs = embedder.encode(SECOND[:5], precision="binary")
    np.testing.assert_array_equal(np.unpackbits(signs, axis=1), whole > 0)
    expected = dict(embedder.search(FIRST[:1], SECOND[:5])[0])
    for vectors, error in ((eighth, 0.01), (half, 1.0), (signs, 1.0)):
        found = dict(embedder.search(FIRST[:1], vectors)[0])
        assert all(abs(found[number] - expected[number]) < error for number in range(5))
    with pytest.raises(ValueError, match="multiple of 8"):
        embedder.encode(["film"], dimensions=9, precision="binary")


def test_prompts_are_part_of_a_preset(embedder, tmp_path):
    prompts = {"query": "good ", "passage": "bad "}
    embedder = kerasbert.BertTextEmbedder(embedder.encoder, embedder.tokenizer, prompts=prompts)
    np.testing.assert_array_equal(embedder.encode(["film"], prompt="query"), embedder.encode(["good film"]))
    embedder.save_to_preset(tmp_path / "it")
    again = kerasbert.BertTextEmbedder.from_preset(tmp_path / "it")
    assert again.prompts == prompts
    assert kerasbert.BertTextEmbedder.from_config(embedder.get_config()).prompts == prompts
    [found] = again.search(["film"], ["what a film", "film"], top_k=1)
    asked, texts = again.encode(["good film"]), again.encode(["bad what a film", "bad film"])
    assert found[0][1] == pytest.approx(float((asked @ texts.T).max()), abs=1e-6)
    with pytest.raises(ValueError, match="name of one of the embedder's prompts"):
        again.encode(["film"], prompt="document")
    with pytest.raises(TypeError, match="`prompts` must be a dict of str"):
        kerasbert.BertTextEmbedder(embedder.encoder, embedder.tokenizer, prompts={"query": 3})


def test_wrong_forms_are_errors(embedder):
    embedder.compile()
    with pytest.raises(ValueError, match="takes pairs of texts"):
        embedder.fit(["a", "b"])
    with pytest.raises(ValueError, match=r"takes pairs of texts.*rows=0"):
        embedder.fit(([], []))
    with pytest.raises(ValueError, match="as many rows"):
        embedder.fit((["a", "b"], ["c"]))
    with pytest.raises(ValueError, match="must fit the loss"):
        embedder.fit(["a"], np.ones((1, 8)))
    with pytest.raises(ValueError, match=r"must fit the loss.*SimilarityLoss\(\)"):
        embedder.fit((["a"], ["b"]), [0.5])
    embedder.compile(loss="mse")
    with pytest.raises(ValueError, match=r"must fit the loss.*'mse'"):
        embedder.fit((["a"], ["b"]), [0.5])
    with pytest.raises(ValueError, match="8 finite numbers in each row"):
        embedder.fit(["a"], np.ones((1, 7)))


NEGATIVE = ["bad film", "good film", "very bad", "the film", "the film was good", "a film"] * 4
SCORES = [1.0, 0.8, 0.1, 0.5, 0.0, 0.3] * 4


@pytest.mark.slow
def test_triplets_teach_what_a_text_does_not_mean(embedder):
    embedder.compile(optimizer=keras.optimizers.Adam(1e-2))
    x = (FIRST, SECOND, NEGATIVE)
    before = embedder.evaluate(x, batch_size=6, verbose=0, return_dict=True)
    embedder.fit(x, batch_size=6, epochs=20, verbose=0, validation_split=0.25)
    after = embedder.evaluate(x, batch_size=6, verbose=0, return_dict=True)
    assert after["loss"] < before["loss"] / 2
    right, wrong = (np.diag(embedder.similarity(FIRST, others, verbose=0)) for others in (SECOND, NEGATIVE))
    assert np.mean(right > wrong) > 0.9


@pytest.mark.slow
def test_triplets_come_in_many_forms(embedder):
    embedder.compile(optimizer=keras.optimizers.SGD(0.0))
    expected = embedder.evaluate((FIRST, SECOND, NEGATIVE), batch_size=24, verbose=0)
    assert expected[0] > embedder.evaluate((FIRST, SECOND), batch_size=24, verbose=0)[0]
    named = {"text": FIRST, "text_pair": SECOND, "text_negative": NEGATIVE}
    rows = tf.data.Dataset.from_tensor_slices((FIRST, SECOND, NEGATIVE)).map(lambda *x: (x,))
    triplets = list(zip(FIRST, SECOND, NEGATIVE, strict=True))
    stream = kerasbert.data.RowStream(lambda: iter(triplets), labelled=False)
    for x in (named, rows, rows.batch(5), stream):
        np.testing.assert_allclose(embedder.evaluate(x, batch_size=24, verbose=0), expected, rtol=1e-4)


@pytest.mark.slow
def test_scores_of_pairs_teach_how_much_alike_they_are(embedder, tmp_path):
    embedder.compile(optimizer=keras.optimizers.Adam(1e-2), loss=SimilarityLoss())
    x = (FIRST, SECOND)
    history = embedder.fit(x, SCORES, batch_size=6, epochs=30, verbose=0, validation_data=(x, SCORES)).history
    assert history["loss"][-1] < history["loss"][0] / 4
    found = embedder.evaluate(x, SCORES, batch_size=5, verbose=0, return_dict=True)
    scores = embedder.similarity_scores(x, SCORES, verbose=0)
    np.testing.assert_allclose(found["pearson"], scores["pearson"], atol=1e-4)
    np.testing.assert_allclose(history["val_pearson"][-1], scores["pearson"], atol=1e-4)
    assert min(scores.values()) > 0.9
    embedder.save(tmp_path / "it.keras")
    again = keras.saving.load_model(tmp_path / "it.keras")
    assert again.evaluate(x, SCORES, verbose=0) == pytest.approx(embedder.evaluate(x, SCORES, verbose=0))


@pytest.mark.slow
def test_scores_come_in_many_forms(embedder):
    embedder.compile(optimizer=keras.optimizers.SGD(0.0), loss=SimilarityLoss())
    weights = np.arange(24) % 3
    kept = [rows[weights > 0] for rows in map(np.array, (FIRST, SECOND, SCORES))]
    cosines = np.diag(embedder.similarity(kept[0], kept[1], verbose=0))
    share = weights[weights > 0] / 24
    expected = np.sum(share * (cosines - kept[2]) ** 2)
    rows = tf.data.Dataset.from_tensor_slices(((FIRST, SECOND), SCORES, weights.astype("float32")))
    triples = list(zip(zip(FIRST, SECOND, strict=True), SCORES, weights.tolist(), strict=True))
    for x, given in (
        ((FIRST, SECOND), {"y": SCORES, "sample_weight": weights}),
        (rows, {}),
        (rows.batch(5), {}),
        (kerasbert.data.RowStream(lambda: iter(triples)), {}),
    ):
        found = embedder.evaluate(x, batch_size=24, verbose=0, **given)
        np.testing.assert_allclose(found[0], expected, rtol=1e-4)


def test_ranks_of_equal_numbers_are_shared(embedder, monkeypatch):
    stats = pytest.importorskip("scipy.stats")
    vectors = np.random.default_rng(0).normal(size=(24, 4)).round()
    monkeypatch.setattr(type(embedder), "predict", lambda self, x, **kw: _numbered(x, vectors))
    cosines = [
        a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        for a, b in zip(_numbered(FIRST, vectors), _numbered(SECOND, vectors), strict=True)
    ]
    found = embedder.similarity_scores((FIRST, SECOND), SCORES)
    assert found["spearman"] == pytest.approx(stats.spearmanr(cosines, SCORES).statistic)
    assert found["pearson"] == pytest.approx(stats.pearsonr(cosines, SCORES).statistic)


def _numbered(texts, vectors):
    """A vector for each text, the same for the same text."""
    texts = [text.decode() if isinstance(text, bytes) else text for text in np.array(texts).tolist()]
    return np.stack([vectors[sum(text.encode()) % 24] + 0.5 for text in texts])


def test_scores_that_are_wrong_are_errors(embedder):
    embedder.compile(loss=SimilarityLoss())
    with pytest.raises(ValueError, match=r"from 0 to 1.*row 1.*by 5"):
        embedder.fit((["a", "b"], ["c", "d"]), [0.5, 3.5])
    with pytest.raises(ValueError, match="belong to pairs"):
        embedder.fit(["a", "b"], [0.5, 1.0])
    with pytest.raises(ValueError, match="need labels"):
        embedder.fit((["a", "b"], ["c", "d"]))
    with pytest.raises(ValueError, match="as many rows"):
        embedder.fit((["a", "b"], ["c", "d"]), [0.5])
    with pytest.raises(ValueError, match=r"not negative.*sample_weight, row 1"):
        embedder.fit((["a", "b"], ["c", "d"]), [0.5, 1.0], sample_weight=[1.0, -1.0])
    rows = tf.data.Dataset.from_tensor_slices(((["a"], ["b"]), [3.5]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Scores must be from 0 to 1"):
        embedder.fit(rows, verbose=0)
    rows = tf.data.Dataset.from_tensor_slices(((["a"], ["b"]), [0.5], [-1.0]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="not negative"):
        embedder.fit(rows, verbose=0)
    four = tf.data.Dataset.from_tensor_slices((["a"],) * 4).map(lambda *x: (x,))
    with pytest.raises(TypeError, match="must give texts"):
        embedder.fit(four)


def test_three_texts_in_a_row_are_refused_by_other_tasks(classifier):
    classifier.compile()
    rows = tf.data.Dataset.from_tensor_slices(((["a"], ["b"], ["c"]), ["good"]))
    with pytest.raises(TypeError, match="must give texts"):
        classifier.fit(rows, verbose=0)
