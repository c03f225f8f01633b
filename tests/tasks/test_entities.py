import sys
import warnings

import keras
import numpy as np
import pytest
from tagging import SENTENCES, TEXTS, Y, make, numbers, spans, teach

import kerasbert
from kerasbert.data import convert, scheme_labels
from kerasbert.tasks import Entity


@pytest.fixture
def task():
    task = make(dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    return task


@pytest.fixture(scope="module")
def taught():
    """A task that knows its few words by heart. Not to be changed."""
    return teach()


# === predict ===


@pytest.mark.slow
def test_entities_stand_where_they_say(taught):
    texts = [
        "👩‍🚀 Anna\u0301 is in  NEW\tYork, 東 🎉.",
        "\ufeffBonn\u200b",
        "Ｒｏｍｅ rome",
        "\ud800 São. Sa\u0303o",
    ]
    found = taught.predict(texts, verbose=0)
    for text, row in zip(texts, found, strict=True):
        for entity in row:
            assert text[entity.start : entity.end] == entity.text
            assert 0 < entity.score <= 1
    named = [[(entity.text, entity.type) for entity in row] for row in found]
    assert ("NEW\tYork", "LOC") in named[0]
    assert ("東", "LOC") in named[0]
    assert ("Anna\u0301", "PER") in named[0]
    assert named[1] == [("Bonn", "LOC")]
    assert ("rome", "LOC") in named[2]
    assert named[3][:1] == [("São", "LOC")]
    assert ("Sa\u0303o", "LOC") in named[3]


def test_words_and_texts_give_the_same_entities(taught):
    assert taught.predict(SENTENCES, verbose=0) == taught.predict(TEXTS, verbose=0)
    entity = taught.predict([SENTENCES[1]], verbose=0)[0][0]
    assert entity == Entity("New York", "LOC", entity.score, 4, 12, 1, 3)
    assert SENTENCES[1][entity.first_word : entity.end_word] == ["New", "York"]


def test_the_score_is_the_mean_over_words(taught):
    tokens = taught.tokenizer(["the New York"])
    probabilities = taught.predict({k: np.asarray(v) for k, v in tokens.items()}, verbose=0)
    assert probabilities.shape == (1, 5, 5)
    expected = (probabilities[0, 2].max() + probabilities[0, 3].max()) / 2
    np.testing.assert_allclose(taught.predict(["the New York"], verbose=0)[0][0].score, expected, rtol=1e-5)


@pytest.mark.slow
def test_rows_come_back_in_order_and_alike_in_any_batch(taught):
    rows = [words * n for n in (1, 4, 2) for words in SENTENCES] + [[]]
    together = taught.predict_labels(rows, batch_size=4, verbose=0)
    assert together == [taught.predict_labels([row], verbose=0)[0] for row in rows]
    assert [len(row) for row in together] == [len(row) for row in rows]


def test_each_word_is_decided_where_it_stands_farthest_from_a_border(taught):
    """The windows of a long row, cut by hand."""
    row = [word for words in SENTENCES for word in words if word != "Rome"] * 2
    room, window_step = 22, taught.preprocessor.window_step
    ids = np.concatenate([taught.tokenizer.tokenize(word).numpy() for word in row])
    assert len(ids) == len(row)  # a token a word
    starts = [*range(0, len(ids) - room, window_step), len(ids) - room]
    probabilities = {}
    for start in starts:
        window = [2, *ids[start : start + room], 3]
        inputs = {
            "token_ids": np.array([window]),
            "segment_ids": np.zeros((1, 24)),
            "padding_mask": np.ones((1, 24)),
        }
        probabilities[start] = np.asarray(keras.ops.softmax(taught(inputs)))[0, 1:-1]
    found = taught._decide(taught.preprocessor.words([row]), 2, 0, None)[1][0]
    for word, score in enumerate(found):
        inside = [s for s in starts if s <= word < s + room]
        best = max(
            inside,
            key=lambda s: (min(word - s if s else 99, s + room - 1 - word if s < starts[-1] else 99), -s),
        )
        np.testing.assert_allclose(score, probabilities[best][word - best].max(), atol=1e-5)


@pytest.mark.slow
def test_odd_rows_have_a_defined_answer(taught):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert taught.predict([], verbose=0) == []
        assert taught.predict_labels([], verbose=0) == []
        assert taught.predict(["", "  ", "\x07"], verbose=0) == [[], [], []]
        assert taught.predict_labels([[], ["\x07", "Bonn", ""], []], verbose=0) == [
            [],
            ["O", "B-LOC", "O"],
            [],
        ]
        giant = "x" * 100_000
        for text in (giant, giant + " is in Bonn"):
            for entity in taught.predict([text], verbose=0)[0]:
                assert text[entity.start : entity.end] == entity.text
        assert len(taught.predict_labels([giant], verbose=0)[0]) == 1
        assert taught.predict_labels([[giant]], verbose=0) == taught.predict_labels([giant], verbose=0)


@pytest.mark.slow
def test_roberta(byte_pairs):
    roberta = kerasbert.RobertaTokenizer(*byte_pairs)
    task = make(["O", "B-X", "I-X"], roberta, dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    rows = [["a", "film", "no"], ["film", "film"], ["héllo", "中", "a"]]
    labels = [["O", "B-X", "O"], ["B-X", "B-X"], ["O", "B-X", "I-X"]]
    task.fit(rows, labels, epochs=40, verbose=0)
    assert task.predict_labels(rows, verbose=0) == labels
    # Words alone and in their text have the same tokens, " 中" with a blank alone among them.
    assert task.predict([" ".join(row) for row in rows], verbose=0) == task.predict(rows, verbose=0)
    giant = "é" * 50_000  # of 50,000 tokens, in 2,000 windows: one decides
    assert len(task.predict_labels([giant], verbose=0)[0]) == 1


@pytest.mark.slow
def test_as_transformers_pipeline_has_it(tmp_path):
    """Entities of the pipeline that lets the first piece decide, on a random model."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("torch")
    task = make()
    task.head.dense.kernel.assign(np.random.default_rng(0).normal(size=(16, 5)))
    task.save_to_preset(tmp_path / "it")
    pipeline = transformers.pipeline(
        "token-classification", str(tmp_path / "it"), aggregation_strategy="first"
    )
    generator = np.random.default_rng(0)
    words = [
        *(w for words in SENTENCES for w in words),
        "annas",
        "Bonna",
        "york,",
        "(rome)",
        "unknown",
        "東东",
        "5%",
    ]
    texts = [" ".join(generator.choice(words, generator.integers(1, 9))) for _ in range(60)]
    count = 0
    for text, row in zip(texts, task.predict(texts, verbose=0), strict=True):
        theirs = [(e["start"], e["end"], e["entity_group"], float(e["score"])) for e in pipeline(text)]
        ours = [(e.start, e.end, e.type, e.score) for e in row]
        assert [e[:3] for e in ours] == [e[:3] for e in theirs], text
        np.testing.assert_allclose([e[3] for e in ours], [e[3] for e in theirs], atol=1e-5)
        count += len(row)
    assert count > 60


# === Scores ===


def test_scores_are_those_of_seqeval(task):
    metrics = pytest.importorskip("seqeval.metrics")
    names = task.predict_labels(SENTENCES, verbose=0)
    report = metrics.classification_report(Y, names, output_dict=True, zero_division=0)
    for x, y in ((SENTENCES, Y), (SENTENCES, numbers()), (TEXTS, [spans(words) for words in SENTENCES])):
        scores = task.entity_scores(x, y, verbose=0)
        assert scores["f1"] == metrics.f1_score(Y, names, zero_division=0)
        assert scores["precision"] == metrics.precision_score(Y, names, zero_division=0)
        assert scores["recall"] == metrics.recall_score(Y, names, zero_division=0)
        assert set(scores["types"]) == set(report) - {"micro avg", "macro avg", "weighted avg"}
        for type_, row in scores["types"].items():
            assert row["f1"] == report[type_]["f1-score"]
            assert row["support"] == report[type_]["support"]


def test_scores_of_what_is_known_by_heart_and_of_nothing(taught):
    pytest.importorskip("seqeval")
    assert taught.entity_scores(SENTENCES, Y, verbose=0)["f1"] == 1.0
    wrong = [["B-PER" if name == "B-LOC" else name for name in row] for row in Y]
    scores = taught.entity_scores(SENTENCES, wrong, verbose=0)
    assert 0 < scores["f1"] < 1
    assert scores["types"]["LOC"]["recall"] == 0
    nothing = taught.entity_scores([["the"], []], [["O"], []], verbose=0)
    assert nothing == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0, "types": {}}
    ignored = [[-100] * len(row) for row in Y]
    assert taught.entity_scores(SENTENCES, ignored, verbose=0) == nothing


@pytest.mark.slow
@pytest.mark.parametrize("scheme", [pytest.param("IO", marks=pytest.mark.slow), "BILOU"])
def test_every_scheme_learns_and_scores(scheme):
    pytest.importorskip("seqeval")
    task = make(scheme_labels(["LOC", "PER"], scheme), dropout=0.0, scheme=scheme)
    task.compile(optimizer=keras.optimizers.Adam(2e-2))
    task.fit(SENTENCES, Y, batch_size=4, epochs=40, verbose=0)
    assert task.predict_labels(SENTENCES, verbose=0) == [convert(row, "BIO", scheme) for row in Y]
    assert task.entity_scores(SENTENCES, Y, verbose=0)["f1"] == 1.0


@pytest.mark.slow
def test_parts_of_speech():
    tags = [["NOUN" if word[0].isupper() else "X" for word in words] for words in SENTENCES]
    task = make(["NOUN", "X"], dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(2e-2))
    task.fit(SENTENCES, tags, epochs=40, verbose=0)
    assert task.scheme == "IO"
    assert task.predict_labels(SENTENCES, verbose=0) == tags


def test_without_seqeval_it_says_what_to_install(taught, monkeypatch):
    monkeypatch.setitem(sys.modules, "seqeval.metrics", None)
    with pytest.raises(ImportError, match=r'pip install "kerasbert\[ner\]"'):
        taught.entity_scores(SENTENCES, Y, verbose=0)
