"""Evaluations of entities, questions, several labels, numbers and retrieval, beside other libraries."""

import keras
import numpy as np
import pytest
import question_rows
import tagging

import kerasbert
from kerasbert import evaluation, export
from kerasbert.data import entities, read_csv, squad_scores
from kerasbert.evaluation.questions import question_type
from kerasbert.tasks.entities import scores_of

metrics = pytest.importorskip("sklearn.metrics", reason="pip install 'kerasbert[evaluation]'")
stats = pytest.importorskip("scipy.stats")


def about(rows):
    return "a model", [f"row {i}" for i in range(rows)], np.arange(rows), "characters", {}


# === Entities ===


def test_scores_of_entities_are_seqevals():
    pytest.importorskip("seqeval", reason="pip install 'kerasbert[ner]'")
    random = np.random.default_rng(0)
    names = ["O", "O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    true = [random.choice(names, 12).tolist() for _ in range(60)]
    answered = [[n if random.uniform() < 0.7 else str(random.choice(names)) for n in row] for row in true]
    rows = [[entities(row, "BIO") for row in labels] for labels in (true, answered)]
    found = evaluation.EntityEvaluation(*about(60), *rows, [["word"] * 12] * 60)
    theirs = scores_of(true, answered, "BIO")
    assert 0.2 < theirs["f1"] < 0.8
    for name in ("precision", "recall", "f1"):
        assert found.scores[name] == pytest.approx(theirs[name])
    for kind, scores in theirs["types"].items():
        assert {name: found.types[kind][name] for name in scores} == pytest.approx(scores)


def test_a_tagger_is_evaluated_on_words_and_on_texts():
    pytest.importorskip("seqeval", reason="pip install 'kerasbert[ner]'")
    tagger = tagging.make()
    words = evaluation.evaluate(tagger, tagging.SENTENCES, tagging.Y)
    expected = tagger.scores(tagging.SENTENCES, tagging.Y, verbose=0)
    assert {name: words.scores[name] for name in expected} == pytest.approx(expected)
    assert sum(words.types[kind]["support"] for kind in words.types) == 17
    texts = evaluation.evaluate(tagger, tagging.TEXTS, [tagging.spans(row) for row in tagging.SENTENCES])
    assert texts.scores["recall"] == pytest.approx(words.scores["recall"])
    assert texts.pieces[1] == ["the", "New", "York"]


def test_near_misses_count_half():
    true = [[(0, 2, "LOC"), (4, 5, "PER"), (6, 7, "PER")], [(0, 1, "LOC")]]
    answered = [[(0, 1, "LOC"), (4, 5, "LOC"), (6, 7, "PER")], [(3, 4, "PER")]]
    found = evaluation.EntityEvaluation(*about(2), true, answered, [list("abcdefgh")] * 2)
    assert found.scores == pytest.approx({"f1": 0.25, "precision": 0.25, "recall": 0.25, "partial_f1": 0.375})
    assert found.types["LOC"] == {
        **{"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 2},
        **{"wrong_borders": 1, "wrong_type": 0, "missed": 1, "invented": 0},
    }
    assert found.types["PER"]["wrong_type"] == found.types["PER"]["invented"] == 1
    worst = found.mistakes(1)[0]
    assert (worst.row, worst.expected, worst.answer) == (0, "a b (LOC), e (PER)", "a (LOC), e (LOC)")
    assert "wrong borders" in repr(found)


# === Questions ===


def test_questions_by_their_word_and_length():
    task = question_rows.make()
    rows = (question_rows.QUESTIONS * 4, question_rows.CONTEXTS * 4)
    found = evaluation.evaluate(task, rows, question_rows.ANSWERS * 4)
    theirs = task.scores(rows, question_rows.ANSWERS * 4, verbose=0)
    assert found.scores == pytest.approx({"f1": theirs["f1"], "exact_match": theirs["exact_match"]}, abs=1e-6)
    kinds = {part.value: part.rows for part in found.slices if part.column == "question"}
    assert kinds == {"where": 24, "who": 24}
    assert [question_type(q) for q in ("How many?", "To whom is it?", "Name one")] == ["how", "who", "other"]


def test_questions_without_an_answer():
    answered = ["the red car", "", "Bonn"]
    right = [["red car"], [], []]
    found = evaluation.QuestionEvaluation(*about(3), right, answered, "en", "2.0")
    theirs = squad_scores(answered, right)
    assert found.scores["exact_match"] == pytest.approx(theirs["exact_match"])
    assert [row[1:] for row in found.details()[0].rows] == [[1, 1.0, 1.0], [2, 0.5, 0.5]]
    assert [(m.row, m.expected, m.answer) for m in found.mistakes()] == [(2, "no answer", "Bonn")]


# === Several labels ===


def labels_evaluation(rows=200, thresholds=None):
    random = np.random.default_rng(0)
    true = random.uniform(size=(rows, 3)) < (0.5, 0.2, 0.05)
    probabilities = np.clip(random.normal(0.25, 0.15, true.shape) + 0.2 * true, 0, 1)
    labels = ("loud", "cheap", "new")
    return evaluation.LabelEvaluation(
        *about(rows), labels, true, probabilities, thresholds or dict.fromkeys(labels, 0.5)
    )


def test_scores_of_labels_are_scikit_learns():
    found = labels_evaluation()
    for name in ("micro", "macro"):
        theirs = metrics.f1_score(found.true, found.answered, average=name, zero_division=0)
        assert found.scores[f"{name}_f1"] == pytest.approx(theirs, abs=1e-6)
    assert found.scores["subset_accuracy"] == pytest.approx(
        metrics.accuracy_score(found.true, found.answered)
    )
    area = metrics.roc_auc_score(found.true[:, 1], found.probabilities[:, 1])
    assert found.classes["cheap"]["roc_auc"] == pytest.approx(area)
    every = metrics.roc_auc_score(found.true, found.probabilities, average="macro")
    assert found.scores["roc_auc"] == pytest.approx(every)


def test_no_other_threshold_has_a_better_f1():
    before = labels_evaluation()
    chosen = before.best_thresholds()
    after = labels_evaluation(thresholds=chosen)
    assert after.scores["macro_f1"] > before.scores["macro_f1"] + 0.1
    for i, label in enumerate(before.labels):
        others = [
            metrics.f1_score(before.true[:, i], before.probabilities[:, i] > t, zero_division=0)
            for t in np.linspace(0, 1, 60)
        ]
        assert after.classes[label]["f1"] >= max(others)


def test_thresholds_in_a_task(config, tokenizer):
    encoder = kerasbert.BertEncoder(config)
    task = kerasbert.BertTextClassifier(encoder, tokenizer, ["loud", "cheap"], problem="multi_label")
    texts, y = ["good film", "bad film", "a film"], [["loud"], [], ["cheap"]]
    probabilities = task.predict(texts, verbose=0)
    assert task.predict_labels(texts, threshold=0, verbose=0) == [["loud", "cheap"]] * 3
    limits = {"loud": 1.0, "cheap": float(np.sort(probabilities[:, 1])[1])}
    found = task.predict_labels(texts, limits, verbose=0)
    assert sum(map(len, found)) == 1
    result = evaluation.evaluate(task, texts, y, thresholds=limits)
    assert [
        [name for name, has in zip(task.labels, row, strict=True) if has] for row in result.answered
    ] == found
    for wrong in ({"loud": 0.5}, 1.5):
        with pytest.raises(ValueError, match="threshold"):
            task.predict_labels(texts, wrong, verbose=0)
    with pytest.raises(ValueError, match="each label"):
        evaluation.evaluate(task, texts, y, thresholds={"loud": 0.5})
    single = kerasbert.BertTextClassifier(encoder, tokenizer, ["a", "b"])
    with pytest.raises(ValueError, match="several labels"):
        single.predict_labels(texts, threshold=0.3, verbose=0)


@pytest.mark.slow
def test_thresholds_are_kept_in_the_task_and_its_files(config, tokenizer, tmp_path):
    task = kerasbert.BertTextClassifier(
        kerasbert.BertEncoder(config), tokenizer, ["loud", "cheap"], problem="multi_label"
    )
    texts, y = ["good film", "bad film", "a film"], [["loud"], [], ["cheap"]]
    probabilities = task.predict(texts, verbose=0)
    limits = {"cheap": float(np.sort(probabilities[:, 1])[1]), "loud": 1.0}
    before = task.predict_labels(texts, verbose=0)
    task.thresholds = limits
    expected = task.predict_labels(texts, verbose=0)
    assert expected != before
    assert expected == task.predict_labels(texts, limits, verbose=0)
    assert evaluation.evaluate(task, texts, y).thresholds == limits
    task.save(tmp_path / "film.keras")
    task.save_to_preset(tmp_path / "film")
    for again in (
        keras.saving.load_model(tmp_path / "film.keras"),
        kerasbert.BertTextClassifier.from_preset(tmp_path / "film"),
    ):
        assert again.thresholds == limits
        assert again.predict_labels(texts, verbose=0) == expected
    with pytest.warns(UserWarning, match="not loaded"):  # a head of other labels
        other = kerasbert.BertTextClassifier.from_preset(tmp_path / "film", labels=["new", "old", "lent"])
    assert other.thresholds is None
    served = export.open_artifact(export.to_saved_model(task, tmp_path / "served"))
    found = served({"text": texts})["has_label"]
    assert [[name for name, has in zip(task.labels, row, strict=True) if has] for row in found] == expected
    with pytest.raises(ValueError, match="must have all"):
        task.thresholds = {"loud": 0.5}


@pytest.mark.slow
def test_a_file_that_takes_text_knows_its_thresholds(config, tokenizer, tmp_path):
    task = kerasbert.BertTextClassifier(
        kerasbert.BertEncoder(config), tokenizer, ["loud", "cheap"], problem="multi_label", thresholds=0.2
    )
    file = export.to_tflite(task, tmp_path / "film.tflite", "float32", text=True)
    assert export.describe(file)["thresholds"] == {"loud": 0.2, "cheap": 0.2}
    texts = ["good film", "bad film", "a film"]
    found = evaluation.evaluate(file, texts, [["loud"], [], ["cheap"]])
    assert found.thresholds == task.thresholds


# === Numbers ===


def test_correlations_and_errors():
    random = np.random.default_rng(0)
    true = 1000 + random.normal(size=(80, 1))
    answered = true + random.normal(size=(80, 1)) + 0.5
    found = evaluation.NumberEvaluation(*about(80), ("stars",), true, answered)
    off = answered[:, 0] - true[:, 0]
    assert found.scores["pearson"] == pytest.approx(stats.pearsonr(true[:, 0], answered[:, 0]).statistic)
    assert found.scores["spearman"] == pytest.approx(stats.spearmanr(true[:, 0], answered[:, 0]).statistic)
    assert found.scores["mean_absolute_error"] == pytest.approx(np.abs(off).mean())
    assert found.scores["root_mean_squared_error"] == pytest.approx(np.sqrt((off**2).mean()))
    assert found.details()[0].rows[0][1] == pytest.approx(off.mean())
    assert found.intervals["pearson"].low < found.scores["pearson"] < found.intervals["pearson"].high
    assert found.mistakes(1)[0].row == np.abs(off).argmax()
    assert "mean absolute error" in repr(found)


def test_a_regression_is_evaluated(config, tokenizer):
    task = kerasbert.BertTextClassifier(
        kerasbert.BertEncoder(config), tokenizer, ["stars"], problem="regression"
    )
    texts = ["good film", "bad film", "a film"]
    found = evaluation.evaluate(task, texts, [5.0, 1.0, 3.0])
    np.testing.assert_allclose(found.answered, task.predict(texts, verbose=0), rtol=1e-6)
    assert found.verdict()[0].startswith("Pearson")


# === Retrieval ===


def test_retrieval_is_scikit_learns_ndcg(config, tokenizer):
    embedder = kerasbert.BertTextEmbedder(kerasbert.BertEncoder(config), tokenizer)
    words = ["good", "bad", "film", "the", "was", "what", "a", "not", "very", "!", ",", "."]
    texts = [f"{one} {other}" for one in words[:4] for other in words]
    queries = [f"{one} {other} film" for one in words[:3] for other in words[5:9]]
    random = np.random.default_rng(0)
    relevant = [
        {int(n): float(g) for n, g in zip(random.choice(48, 3, replace=False), (1, 2, 3), strict=True)}
        for _ in queries
    ]
    found = evaluation.evaluate_retrieval(embedder, queries, texts, relevant)
    similarities = embedder.similarity(queries, texts, verbose=0)
    gains = np.array([[row.get(i, 0.0) for i in range(48)] for row in relevant])
    assert found.scores["ndcg_at_10"] == pytest.approx(
        metrics.ndcg_score(gains, similarities, k=10), abs=1e-6
    )
    ranks = (-similarities).argsort(-1, kind="stable").argsort(-1)
    first = np.array([min(ranks[i, n] for n in row) for i, row in enumerate(relevant)])
    assert found.scores["mrr"] == pytest.approx(np.mean(1 / (1 + first)))
    assert found.scores["recall_at_5"] == pytest.approx(
        np.mean([np.mean([ranks[i, n] < 5 for n in row]) for i, row in enumerate(relevant)])
    )
    for wrong in ([], [48], {3: 0.0}):
        with pytest.raises(ValueError, match="relevant text"):
            evaluation.evaluate_retrieval(embedder, queries, texts, [*relevant[:-1], wrong])
    with pytest.raises(ValueError, match="evaluate_retrieval"):
        evaluation.evaluate(embedder, queries, relevant)


# === Rows of other forms ===


def test_choices_pairs_and_rows_of_a_reader(config, tokenizer, tmp_path):
    encoder = kerasbert.BertEncoder(config)
    chooser = kerasbert.BertMultipleChoice(encoder, tokenizer)
    rows = (["a film", "the film"], [["good", "bad"], ["bad", "not bad"]])
    found = evaluation.evaluate(chooser, rows, [0, 1])
    np.testing.assert_allclose(found.probabilities, chooser.predict(rows, verbose=0), rtol=1e-6)
    assert (found.labels, found.texts[0]) == (("choice 0", "choice 1"), "a film | good bad")
    classifier = kerasbert.BertTextClassifier(encoder, tokenizer, ["no", "yes"])
    pairs = evaluation.evaluate(classifier, (["a film", "bad"], ["good", "good"]), ["yes", "no"])
    assert pairs.texts == ["a film | good", "bad | good"]
    assert pairs.lengths.tolist() == [3, 2]
    (tmp_path / "rows.csv").write_text("text,label\na film,yes\nbad,no\n")
    read = evaluation.evaluate(classifier, read_csv(tmp_path / "rows.csv"))
    assert (read.texts, read.true.tolist()) == (["a film", "bad"], [1, 0])
    with pytest.raises(TypeError, match="answers rows of texts"):
        evaluation.evaluate(kerasbert.BertMaskedLM(encoder, tokenizer), ["a film"], ["x"])
