"""Each task gives the same answers from a SavedModel, a TFLite and an ONNX file, whatever the task."""

import numpy as np
import pytest
from answers import same_answers
from conformance_cases import DIVERSE, EXPORTED, make_wild_task, sample_texts, slow_but

from kerasbert import export

Interpreter = pytest.importorskip(
    "ai_edge_litert.interpreter", reason="pip install 'kerasbert[tflite]'"
).Interpreter
for module in ("onnx", "tf2onnx", "onnxruntime"):
    pytest.importorskip(module, reason="pip install 'kerasbert[onnx]'")
pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module", params=slow_but(DIVERSE, EXPORTED))
def task(request, config, tokenizer):
    return make_wild_task(request.param, config, tokenizer)


@pytest.mark.slow_after(1)
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
        runner = export.open_artifact(artifact)
        same_answers(export.answer_texts(runner, task, x), expected)
        none = ([], []) if isinstance(x, tuple) else []
        assert np.shape(export.answer_texts(runner, task, none)) == np.shape(task.predict(none, verbose=0))
    assert exact[0].signatures["serving_default"] == exact[0].signatures[task.endpoint]
    assert exact[1].partitions == 1
    two_rows_fail(exact[1])
    int8 = export.to_tflite(task, tmp_path / "it.tflite")
    assert int8.partitions == 1
    result = export.verify(task, int8, x, max_mean_difference=0.05, min_agreement=0)
    assert result.mean_difference > 1e-6


TWO_TEXTS = ((2, 5), (2, 5), (2, 5)), ((2, 5), (1, 5), (1, 5))
TWO_LENGTHS = ((1, 5), (1, 5), (1, 1)), ((1, 5), (1, 1), (1, 5))


def two_rows_fail(artifact):
    """A TFLite file for one sequence must not read two rows as one text, nor one row as long as another."""
    for shapes in (*TWO_TEXTS, *TWO_LENGTHS):
        for strict in (False, True):
            with pytest.raises(RuntimeError, match=r"PACK|ResizeInputTensorStrict"):
                resized(artifact, shapes, strict)
        run = Interpreter(str(artifact.path)).get_signature_runner()
        inputs = zip(run.get_input_details(), shapes, strict=True)
        with pytest.raises(RuntimeError, match="PACK"):
            run(**{name: np.ones(shape, "int32") for name, shape in inputs})


def resized(artifact, shapes, strict):
    interpreter = Interpreter(str(artifact.path))
    for place, shape in zip(interpreter.get_input_details(), shapes, strict=True):
        interpreter.resize_tensor_input(place["index"], shape, strict=strict)
    interpreter.allocate_tensors()
