import json
import subprocess
import sys

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import kerasbert
from kerasbert import export

TOLERANCE = {"float32": 1e-5, "float16": 5e-3, "dynamic_wi8_afp32": 5e-2}


def test_it_gives_the_keras_models_answers_at_every_length(tflite, trained):
    texts = ["good " * n for n in range(15)] + ["bad film", ""]
    answers = export.answer_texts(export.open_artifact(tflite), trained, texts)
    expected = trained.predict(texts, verbose=0)
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers, expected, atol=TOLERANCE[tflite.recipe])


def test_pairs_and_padding(tflite, trained):
    runner = export.open_artifact(tflite)
    pairs = (["good", "bad film", "a"], ["bad", "good film", "very good"])
    answers = export.answer_texts(runner, trained, pairs)
    expected = trained.predict(pairs, verbose=0)
    np.testing.assert_allclose(answers, expected, atol=TOLERANCE[tflite.recipe])
    tokens = trained.tokenizer(["good"])
    padded = {name: np.pad(x, ((0, 0), (0, 3))) for name, x in tokens.items()}
    run = Interpreter(str(tflite.path)).get_signature_runner("classify")
    np.testing.assert_allclose(
        run(**padded)["probabilities"], runner(tokens)["probabilities"], atol=TOLERANCE[tflite.recipe]
    )


def test_the_file_is_what_a_phone_wants(tflite):
    assert tflite.signatures == {
        "classify": {"inputs": ["padding_mask", "segment_ids", "token_ids"], "outputs": ["probabilities"]}
    }
    assert tflite.partitions <= (2 if tflite.recipe == "float16" else 1)
    assert tflite.ops["EMBEDDING_LOOKUP"] == 3
    assert not [op for op in tflite.ops if "Flex" in op or "VAR" in op or op.startswith("SELECT")]


def test_weights_are_stored_as_the_recipe_says(tflite):
    kinds = {tensor["dtype"] for tensor in Interpreter(str(tflite.path)).get_tensor_details()}
    narrow = {"float32": set(), "float16": {np.float16}, "dynamic_wi8_afp32": {np.int8}}
    assert kinds & {np.float16, np.int8} == narrow[tflite.recipe]


STAND_ALONE = """
import sys, json
for name in ("kerasbert", "keras", "tensorflow", "litert_quantizer"):
    sys.modules[name] = None
import numpy as np
from ai_edge_litert.interpreter import Interpreter
run = Interpreter(sys.argv[1]).get_signature_runner("classify")
rows = [{name: np.array([x], "int32") for name, x in row.items()} for row in json.loads(sys.argv[2])]
print(json.dumps([run(**row)["probabilities"][0].tolist() for row in rows]))
"""


def test_it_stands_alone(tflite, trained, texts):
    rows = []
    for text in texts:
        tokens = trained.tokenizer([text], max_length=16)
        rows.append({name: value.numpy()[0].tolist() for name, value in tokens.items()})
    command = [sys.executable, "-c", STAND_ALONE, str(tflite.path), json.dumps(rows)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    np.testing.assert_allclose(
        json.loads(done.stdout), trained.predict(texts, verbose=0), atol=TOLERANCE[tflite.recipe]
    )


def test_an_unknown_recipe_and_another_dtype_are_errors(trained, tmp_path, config, tokenizer):
    with pytest.raises(ValueError, match="recipe='int8'"):
        export.to_tflite(trained, tmp_path / "film.tflite", "int8")
    encoder = kerasbert.BertEncoder(config, dtype="mixed_bfloat16")
    half = kerasbert.BertTextClassifier(encoder, tokenizer, ["a", "b"], dtype="mixed_bfloat16")
    with pytest.raises(ValueError, match="compute in float32"):
        export.to_tflite(half, tmp_path / "film.tflite")


def test_a_failed_conversion_leaves_the_old_file_and_says_why(trained, tmp_path, monkeypatch):
    path = tmp_path / "film.tflite"
    path.write_bytes(b"old")
    monkeypatch.setattr(
        "kerasbert.export.tflite.write_edge_graph", lambda task, folder: None
    )  # nothing to convert
    with pytest.raises(RuntimeError, match="The converter must finish"):
        export.to_tflite(trained, path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["film.tflite"]


def test_a_file_that_would_be_wrong_is_not_kept(trained, tmp_path, monkeypatch):
    """A graph in many pieces, as a boolean mask would give, is refused."""
    monkeypatch.setitem(export.tflite.PARTITIONS, "float32", 0)
    with pytest.raises(RuntimeError, match="at most 0 XNNPACK partitions"):
        export.to_tflite(trained, tmp_path / "film.tflite", "float32")
    assert not list(tmp_path.iterdir())
