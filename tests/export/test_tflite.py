import dataclasses
import json
import subprocess
import sys

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import BuiltinOperator, TensorType
from ai_edge_litert.tools import flatbuffer_utils
from conformance_cases import make_task

import kerasbert
from kerasbert import export
from kerasbert.export.quantize import quantize

# Up to twice what was seen. The model is 8 wide: too few numbers for their errors to cancel out.
TOLERANCE = {
    "float32": 1e-5,
    "float16": 2e-3,
    "dynamic_wi8_afp32": 3e-2,
    "mixed48": 0.2,
    "dynamic_wi4_afp32": 0.3,
    "weight_only_wi8_afp32": 1e-2,
    "static_wi8_ai8": 0.4,
    "static_wi8_ai16": 0.4,
}


@pytest.mark.slow_after(1)
def test_it_gives_the_keras_models_answers_at_every_length(tflite, trained):
    texts = ["good " * n for n in range(15)] + ["bad film", ""]
    answers = export.answer_texts(export.open_artifact(tflite), trained, texts)
    expected = trained.predict(texts, verbose=0)
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers, expected, atol=TOLERANCE[tflite.recipe])


@pytest.mark.slow_after(2)
def test_verify_passes_it(tflite, trained):
    if export.RECIPES[tflite.recipe].calibrated:
        pytest.skip("coarse after four texts")
    texts = ["good film", "bad film", "what a good film!", "very bad.", "good", "", "the film was bad"]
    result = export.verify(trained, tflite, texts, ["good", "bad", "good", "bad", "good", "bad", "bad"])
    assert result.label_agreement == 1.0
    assert result.scores == result.keras_scores
    assert 0 <= result.mean_difference <= result.max_difference < 0.05


@pytest.mark.slow_after(1)
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


@pytest.mark.slow_after(2)
def test_the_file_is_what_a_phone_wants(tflite):
    assert tflite.signatures == {
        "classify": {"inputs": ["padding_mask", "segment_ids", "token_ids"], "outputs": ["probabilities"]}
    }
    assert tflite.partitions <= export.RECIPES[tflite.recipe].partitions
    assert tflite.ops["EMBEDDING_LOOKUP"] == 3
    assert not [op for op in tflite.ops if "Flex" in op or "VAR" in op or op.startswith("SELECT")]


@pytest.mark.slow_after(1)
def test_inputs_by_position_are_ids_mask_and_segments(tflite, trained):
    """As callers in other languages bind them, who see no names."""
    interpreter = Interpreter(str(tflite.path))
    places = interpreter.get_input_details()
    assert [place["name"] for place in places] == [
        f"classify_{name}:0" for name in ("token_ids", "padding_mask", "segment_ids")
    ]
    tokens = trained.tokenizer(["good"], ["a bad film"])
    rows = [tokens[name].numpy() for name in ("token_ids", "padding_mask", "segment_ids")]
    for place, row in zip(places, rows, strict=True):
        interpreter.resize_tensor_input(place["index"], row.shape)
    interpreter.allocate_tensors()
    for place, row in zip(places, rows, strict=True):
        interpreter.set_tensor(place["index"], row)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(found, export.open_artifact(tflite)(tokens)["probabilities"], atol=1e-6)


def test_weights_are_stored_as_the_recipe_says(tflite):
    kinds = {tensor["dtype"] for tensor in Interpreter(str(tflite.path)).get_tensor_details()}
    narrow = {"float32": set(), "float16": {np.float16}}
    assert kinds & {np.float16, np.int8} == narrow.get(tflite.recipe, {np.int8})


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


@pytest.mark.slow_after(1)
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


@pytest.fixture(scope="module")
def wide(config, tokenizer):
    """A task whose kernels blocks of 64 numbers divide."""
    config = config.to_dict() | {"hidden_dim": 64, "intermediate_dim": 128, "num_layers": 1}
    encoder = kerasbert.BertEncoder(kerasbert.BertConfig.from_dict(config))
    return kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"])


@pytest.mark.slow
def test_four_bits_are_smaller_and_less_exact(wide, texts, tmp_path):
    names = ("dynamic_wi8_afp32", "mixed48", "dynamic_wi4b64_afp32", "dynamic_wi4_afp32")
    expected, sizes, errors = wide.predict(texts, verbose=0), {}, {}
    for name in names:
        artifact = export.to_tflite(wide, tmp_path / name, name, verify=False)
        assert artifact.partitions == 1
        sizes[name] = artifact.size_bytes
        found = export.answer_texts(export.open_artifact(artifact), wide, texts)
        errors[name] = np.abs(found - expected).mean()
    int8, mixed, *int4 = names
    assert sizes[int8] > sizes[mixed] > max(sizes[name] for name in int4)
    assert 0 < errors[int8] < min(errors[name] for name in (mixed, *int4))


def kernels(path):
    """Bits of the weights of each dense layer, by a part of its name."""
    model = flatbuffer_utils.read_model(str(path))
    graph, found = model.subgraphs[0], {}
    bits = {TensorType.FLOAT32: 32, TensorType.INT8: 8, TensorType.INT4: 4}
    for op in graph.operators:
        code = model.operatorCodes[op.opcodeIndex].builtinCode
        if code in (BuiltinOperator.FULLY_CONNECTED, BuiltinOperator.EMBEDDING_LOOKUP):
            table = graph.tensors[op.inputs[1]]
            is_table = code == BuiltinOperator.EMBEDDING_LOOKUP
            names = graph.tensors[op.outputs[0]].name.decode().split(";")
            (product,) = [f"table of {table.shape[0]}"] if is_table else [n for n in names if "/MatMul" in n]
            found[product] = bits[table.type]
    return found


def test_parts_keep_another_recipe(trained, tmp_path):
    part_recipes = {
        "block_0": "float32",
        "block_1/attention/query": "dynamic_wi8_afp32",
        "embeddings": "dynamic_wi8_afp32",
    }
    artifact = export.to_tflite(trained, tmp_path / "it", "dynamic_wi4_afp32", part_recipes=part_recipes)
    assert artifact.part_recipes == part_recipes
    for name, bits in kernels(artifact.path).items():
        expected = 4
        if name.startswith("block_0"):
            expected = 32
        elif name.startswith("table") or "query" in name:
            expected = 8
        assert bits == expected, name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["BertTextClassifier", "BertTextEmbedder"])
def test_longer_sequences_can_be_cut_in_the_file(name, config, tokenizer, tmp_path):
    task = make_task(name, config, tokenizer, max_sequence_length=9)
    plain = export.to_tflite(task, tmp_path / "plain", "float32")
    cutting = export.to_tflite(task, tmp_path / "cutting", "float32", truncate=True)
    assert cutting.partitions == 1
    for length in (3, 8, 9, 10, 30):
        tokens = {key: np.asarray(v) for key, v in tokenizer(["good bad " * 20], max_length=length).items()}
        short = {key: np.concatenate([v[:, : min(length, 9) - 1], v[:, -1:]], 1) for key, v in tokens.items()}
        found, expected = (export.open_artifact(a)(x) for a, x in ((cutting, tokens), (plain, short)))
        for key, value in expected.items():
            np.testing.assert_allclose(found[key], value, atol=1e-6)
    with pytest.raises(RuntimeError):
        export.open_artifact(plain)(tokens)


def test_only_the_table_of_tokens_has_four_bits(trained, tmp_path, config):
    found = kernels(export.to_tflite(trained, tmp_path / "it", "mixed48").path)
    assert found.pop(f"table of {config.vocabulary_size}") == 4
    assert set(found.values()) == {8}


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"recipe": "weight_only_wi4_afp32"}, "27 partitions"),
        ({"recipe": "dynamic_wi4c_hr_afp32"}, "rotations"),
        ({"recipe": "dynamic_wi4b64_afp32"}, "has 8 inputs"),
        ({"recipe": "static_wi8_ai8"}, "Static recipes need texts"),
        ({"calibration": ["good"]}, "Static recipes need texts"),
        ({"recipe": "static_wi8_ai8", "calibration": []}, "Calibration needs texts"),
        ({"part_recipes": {"block_7": "float32"}}, "part='block_7'"),
        ({"part_recipes": {"block_0": "int8"}}, "recipe='int8'"),
        ({"part_recipes": {"block_0": "float16"}}, "Recipes can only be mixed"),
        (
            {"recipe": "float32", "part_recipes": {"block_0": "dynamic_wi8_afp32"}},
            "Recipes can only be mixed",
        ),
        (
            {"part_recipes": {"block_0": "float32"}, "budget": export.AccuracyBudget("accuracy")},
            "A budget chooses",
        ),
    ],
)
def test_recipes_that_cannot_work_are_refused_with_the_reason(arguments, rule, trained, tmp_path):
    with pytest.raises(ValueError, match=rule):
        export.to_tflite(trained, tmp_path / "it", **arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_it_is_verified_before_it_replaces_the_old_file(trained, tmp_path):
    path, texts = tmp_path / "it", ["good film", "bad film", "very bad!"]
    path.write_bytes(b"old")
    for verify in ({"max_difference": 0.0}, {"max_mean_difference": 0.0}):
        with pytest.raises(export.VerificationError):
            export.to_tflite(trained, path, data=(texts, None), verify=verify)
    assert path.read_bytes() == b"old"
    assert export.to_tflite(trained, path, data=(texts, None), verify=False).size_bytes > 1000


def test_without_data_it_is_compared_on_sentences(trained, tmp_path, monkeypatch):
    """Whatever a processor's kernels make of NaN: some answer finite numbers."""
    monkeypatch.setattr("kerasbert.export.edge_graph.MASKED", float("nan"))
    with pytest.raises(export.VerificationError, match="must give the same answers as the Keras model"):
        export.to_tflite(trained, tmp_path / "it")
    assert not list(tmp_path.iterdir())


def test_an_unknown_recipe_is_an_error(trained, tmp_path):
    with pytest.raises(ValueError, match="recipe='int8'"):
        export.to_tflite(trained, tmp_path / "film.tflite", "int8")


@pytest.fixture
def half(config, tokenizer):
    """A task as `mixed_bfloat16` trains one."""
    return make_task("BertTextClassifier", config, tokenizer, dtype="mixed_bfloat16")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["film.tflite", "film.onnx"])
def test_a_task_in_mixed_precision_is_exported_in_float32(name, half, texts, tmp_path):
    if name == "film.onnx":
        pytest.importorskip("tf2onnx", reason="pip install 'kerasbert[onnx]'")
        artifact = export.to_onnx(half, tmp_path / name)
    else:
        artifact = export.to_tflite(half, tmp_path / name, "float32")
    assert export.open_artifact(artifact).bits == 32
    assert half.compute_dtype == "bfloat16"
    assert export.verify(half, artifact, texts).max_difference < 1e-5
    # In bfloat16 the model itself rounds more than that.
    answers = export.answer_texts(export.open_artifact(artifact), half, texts)
    assert 1e-5 < np.abs(answers - half.predict(texts, verbose=0)).max() < 0.05


@pytest.mark.parametrize("write", [export.to_tflite, export.to_saved_model, export.to_onnx])
def test_weights_that_are_not_finite_are_refused(write, config, tokenizer, tmp_path):
    task = make_task("BertTextClassifier", config, tokenizer)
    kernel = task.named_weights()["encoder/block_0/attention/query/kernel"]
    kernel.assign(np.full(kernel.shape, np.nan))
    with pytest.raises(ValueError, match="block_0/attention/query/kernel"):
        write(task, tmp_path / "film.onnx")
    assert not list(tmp_path.iterdir())


def test_other_backends_are_told_what_to_do(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(ValueError, match="with KERAS_BACKEND=tensorflow"):
        export.to_tflite(trained, tmp_path / "it")


def test_keras_own_export_says_what_to_write(trained, tmp_path):
    with pytest.raises(ValueError, match=r"export\.to_saved_model\(task, path\)"):
        trained.export(tmp_path / "film")


def test_a_failed_conversion_leaves_the_old_file_and_says_why(trained, tmp_path, monkeypatch):
    path = tmp_path / "film.tflite"
    path.write_bytes(b"old")
    monkeypatch.setattr(
        "kerasbert.export.tflite_files.write_edge_graph", lambda *arguments: ["classify"]
    )  # nothing to convert
    with pytest.raises(RuntimeError, match="The conversion to TFLite failed"):
        export.to_tflite(trained, path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["film.tflite"]


def test_a_file_that_would_be_wrong_is_not_kept(trained, tmp_path, monkeypatch):
    """A graph in many pieces, as a boolean mask would give, is refused."""
    monkeypatch.setitem(
        export.RECIPES, "float32", dataclasses.replace(export.RECIPES["float32"], partitions=0)
    )
    with pytest.raises(RuntimeError, match="at most 0 XNNPACK partitions"):
        export.to_tflite(trained, tmp_path / "film.tflite", "float32")
    assert not list(tmp_path.iterdir())


def test_weights_are_written_in_one_piece(config, tokenizer, tmp_path, monkeypatch):
    # A table of 320 kB: what the quantizer makes of small models has another form.
    config = dataclasses.replace(config, vocabulary_size=40_000)
    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
    path = export.to_tflite(task, tmp_path / "film.tflite", "float32", verify=False).path
    written, write = [], flatbuffers.Builder.PrependUint8
    monkeypatch.setattr(flatbuffers.Builder, "PrependUint8", lambda *args: written.append(1) or write(*args))
    quantize(path, tmp_path / "int8.tflite", "dynamic_wi8_afp32", {}, config.vocabulary_size)
    assert not written
