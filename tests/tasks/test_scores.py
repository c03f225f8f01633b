"""Scores of predictions are those of the task itself."""

import numpy as np
import pytest
import question_rows
import summarizing
import tagging
from conformance_cases import make_task

from kerasbert.data import IGNORED, RowStream, rouge_scores

pytestmark = pytest.mark.tensorflow


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("name", ["BertTextClassifier", "BertTextClassifier of several labels"])
def test_classes(name, config, tokenizer, texts):
    task = make_task(name, config, tokenizer)
    predictions = task.predict(texts, verbose=0)
    right = task.predict_labels(texts, verbose=0)
    accuracy = "accuracy" if "several" not in name else "subset_accuracy"
    assert task.scores(texts, right, verbose=0) == {accuracy: 1.0}
    wrong = [task.labels[0] if "several" not in name else list(task.labels)] * len(texts)
    share = np.mean([one == two for one, two in zip(right, wrong, strict=True)])
    assert task.score_predictions(predictions, texts, wrong) == {accuracy: pytest.approx(share)}


def test_numbers_have_none(config, tokenizer, texts):
    task = make_task("BertTextClassifier of numbers", config, tokenizer)
    assert task.score_predictions(task.predict(texts, verbose=0), texts, [0.0] * len(texts)) == {}
    with pytest.raises(ValueError, match="no score from 0 to 1"):
        task.scores(texts, [0.0] * len(texts), verbose=0)


def test_scores_of_a_reader_have_its_labels(config, tokenizer, texts):
    task = make_task("BertTextClassifier", config, tokenizer)
    right = task.predict_labels(texts, verbose=0)
    rows = RowStream(lambda: zip(texts, right, strict=True))
    assert task.scores(rows, verbose=0) == {"accuracy": 1.0}
    with pytest.raises(ValueError, match="Pass `x` and `y`"):
        task.scores(texts)


def test_choices(config, tokenizer):
    task = make_task("BertMultipleChoice", config, tokenizer)
    x = (["good", "bad"], [["film", "a"], ["the", "was"]])
    predictions = task.predict(x, verbose=0)
    right = predictions.argmax(-1)
    assert task.score_predictions(predictions, x, right) == {"accuracy": 1.0}
    assert task.score_predictions(predictions, x, [right[0], 1 - right[1]]) == {"accuracy": 0.5}


@pytest.fixture(scope="module")
def tagger():
    return tagging.teach()


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("seed", range(5))
def test_entities(tagger, seed):
    """Random labels, some of words that do not count, amid entities too."""
    random = np.random.default_rng(seed)
    y = [
        [IGNORED if random.random() < 0.2 else int(random.integers(len(tagger.labels))) for _ in row]
        for row in tagging.SENTENCES
    ]
    scores = tagger.entity_scores(tagging.SENTENCES, y, verbose=0)
    found = tagger.score_predictions(tagger.predict(tagging.SENTENCES, verbose=0), tagging.SENTENCES, y)
    assert found == tagger.scores(tagging.SENTENCES, y, verbose=0)
    assert found == {name: scores[name] for name in ("f1", "precision", "recall")}


def test_answers():
    task = question_rows.make()
    x, y = (question_rows.QUESTIONS, question_rows.CONTEXTS), question_rows.ANSWERS
    scores = task.scores(x, y, verbose=0)
    found = task.score_predictions(task.predict(x, verbose=0), x, y)
    assert found == {name: scores[name] for name in ("exact_match", "f1")}


def test_summaries():
    task = summarizing.make()
    x, _ = summarizing.documents(6)
    predictions = task.predict(x, verbose=0)
    summaries = [row[0] for row in x]
    scores = rouge_scores([summary.text for summary in predictions], summaries)
    found = task.score_predictions(predictions, x, summaries)
    assert found == scores
    assert 0 < found["rouge1"] < 1


def test_masks(config, tokenizer):
    task = make_task("BertMaskedLM", config, tokenizer)
    x = ["a [MASK] film", "[MASK] [MASK] good"]
    predictions = task.predict(x)
    best = [[mask[0][0] for mask in row] for row in predictions]
    assert task.score_predictions(predictions, x, best) == {"accuracy": 1.0}
    best[1][0] = "[PAD]" if best[1][0] != "[PAD]" else "good"
    assert task.score_predictions(predictions, x, best)["accuracy"] == pytest.approx(2 / 3)
