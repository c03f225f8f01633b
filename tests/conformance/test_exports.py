"""Each task gives the same answers from a SavedModel, a TFLite and an ONNX file, whatever the task."""

import numpy as np
import pytest
from answers import same_answers
from conformance_cases import DIVERSE, EXPORTED, make_task, sample_texts, slow_but

from kerasbert import export

pytest.importorskip("ai_edge_litert", reason="pip install 'kerasbert[tflite]'")
for module in ("onnx", "tf2onnx", "onnxruntime"):
    pytest.importorskip(module, reason="pip install 'kerasbert[onnx]'")
pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module", params=slow_but(DIVERSE, EXPORTED))
def task(request, config, tokenizer):
    task = make_task(request.param, config, tokenizer)
    for i, weight in enumerate(task.weights):  # no bias of zero, no norm of one
        weight.assign(weight + np.random.default_rng(i).normal(size=weight.shape) * 0.3)
    return task


@pytest.mark.filterwarnings("ignore:.*were truncated")
def test_answers_are_the_same_in_every_format(task, tmp_path):
    x = sample_texts(task)
    expected = task.predict(x, verbose=0)
    exact = [
        export.to_saved_model(task, tmp_path / "saved"),
        export.to_tflite(task, tmp_path / "it.tflite", recipe="float32"),
        export.to_onnx(task, tmp_path / "it.onnx"),
    ]
    for artifact in exact:
        result = export.verify(task, artifact, x)
        assert result.rows == len(expected)
        assert result.max_difference < 1e-5
        same_answers(export.answer_texts(export.open_artifact(artifact), task, x), expected)
    assert exact[0].signatures["serving_default"] == exact[0].signatures[task.endpoint]
    assert exact[1].partitions == 1
    int8 = export.to_tflite(task, tmp_path / "it.tflite")
    assert int8.partitions == 1
    result = export.verify(task, int8, x, max_mean_difference=0.05, min_agreement=0)
    assert result.mean_difference > 1e-6
