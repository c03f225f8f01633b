"""Exports of BERT's relatives, of tasks for which one is not made, and what `verify` measures of a task."""

import numpy as np
import pytest
from conformance_cases import make_task

from kerasbert import BertConfig, export

RELATIVES = {
    "roberta, distilbert and electra in one": {"position_offset": 2, "num_segments": 0, "embedding_dim": 6},
    "sinusoidal": {"position_embedding": "sinusoidal"},
}


def check(task, texts, folder):
    """Exports a task, and compares."""
    for i, weight in enumerate(task.weights):  # no bias of zero, no norm of one
        weight.assign(weight + np.random.default_rng(i).normal(size=weight.shape) * 0.3)
    expected = task.predict(texts, verbose=0)
    exact = [
        export.to_saved_model(task, folder / "saved"),
        export.to_tflite(task, folder / "it.tflite", recipe="float32"),
    ]
    for artifact in exact:
        result = export.verify(task, artifact, texts)
        assert result.max_difference < 1e-5
        found = export.answer_texts(export.open_artifact(artifact), task, texts)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert exact[1].partitions == 1
    return export.to_tflite(task, folder / "int8.tflite")


@pytest.mark.slow
@pytest.mark.parametrize("relative", RELATIVES)
def test_every_relative(relative, config, tokenizer, texts, tmp_path):
    config = BertConfig.from_dict(config.to_dict() | RELATIVES[relative])
    task = make_task("BertTextClassifier", config, tokenizer)
    assert check(task, texts, tmp_path).partitions == 1


def test_a_task_that_takes_no_texts(config, tokenizer, tmp_path):
    for task in (make_task("BertPretrainer", config, tokenizer), make_task("BertTextEmbedder", config, None)):
        for to in (export.to_saved_model, export.to_tflite):
            with pytest.raises(ValueError, match="Only tasks that take texts"):
                to(task, tmp_path / "it.tflite")


@pytest.mark.slow
def test_verify_measures_what_the_problem_asks_for(config, tokenizer, texts, tmp_path):
    task = make_task("BertTextClassifier of several labels", config, tokenizer)
    artifact = export.to_saved_model(task, tmp_path / "it")
    right = [[task.labels[i] for i in row.nonzero()[0]] for row in task.predict(texts, verbose=0) > 0.5]
    result = export.verify(task, artifact, texts, right)
    assert result.keras_scores == result.scores == {"subset_accuracy": 1.0}
    assert result.label_agreement == 1.0
    wrong = [*right[:-1], [label for label in task.labels if label not in right[-1]]]
    assert export.verify(task, artifact, texts, wrong).scores == {
        "subset_accuracy": pytest.approx(1 - 1 / len(texts))
    }
    task = make_task("BertTextClassifier of numbers", config, tokenizer)
    result = export.verify(task, export.to_saved_model(task, tmp_path / "it"), texts, [0.5] * len(texts))
    assert (result.label_agreement, result.scores) == (None, {})
