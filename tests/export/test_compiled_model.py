"""LiteRT's other way to run a file: CompiledModel, which Android's newer interface has."""

import numpy as np
import pytest

from kerasbert import export

compiled_model = pytest.importorskip("ai_edge_litert.compiled_model")


def run(model, tokens):
    """Answers of `CompiledModel` to one sequence."""
    for name, value in tokens.items():
        model.resize_input_tensor_by_name("classify", name, value.shape)
    inputs = {name: model.create_input_buffer_by_name("classify", name) for name in tokens}
    for name, value in tokens.items():
        inputs[name].write(value)
    outputs = {"probabilities": model.create_output_buffer_by_name("classify", "probabilities")}
    model.run_by_name("classify", inputs, outputs)
    return outputs["probabilities"].read(2, np.float32)


def test_it_answers_like_the_interpreter(trained, int8):
    model = compiled_model.CompiledModel.from_file(str(int8.path))
    runner = export.open_artifact(int8)
    for text in ("good film", "what a bad film!", "bad"):
        tokens = {name: np.asarray(x, "int32") for name, x in trained.tokenizer([text]).items()}
        np.testing.assert_allclose(run(model, tokens), runner(tokens)["probabilities"][0], atol=1e-6)
