import json
import subprocess
import sys

import numpy as np
import pytest
from conformance_cases import make_task, sample_texts

from kerasbert import BertConfig, export
from kerasbert.text import TOKEN_INPUTS

onnx = pytest.importorskip("onnx", reason="pip install 'kerasbert[onnx]'")
onnxruntime = pytest.importorskip("onnxruntime", reason="pip install 'kerasbert[onnx]'")
pytest.importorskip("tf2onnx", reason="pip install 'kerasbert[onnx]'")

RELATIVES = {
    "positions from 2": {"position_offset": 2, "activation": "gelu_tanh"},
    "sinusoidal positions, no segments": {
        "position_embedding": "sinusoidal",
        "embedding_dim": 6,
        "num_segments": 0,
        "pooler_activation": "relu",
    },
}


@pytest.fixture(scope="module")
def artifact(trained, tmp_path_factory):
    return export.to_onnx(trained, tmp_path_factory.mktemp("onnx") / "film.onnx")


@pytest.fixture(scope="module")
def graph(artifact):
    return onnx.load(artifact.path).graph


def dimensions(values):
    return {v.name: [d.dim_value or d.dim_param for d in v.type.tensor_type.shape.dim] for v in values}


def test_it_gives_the_keras_models_answers_at_every_length(artifact, trained):
    texts = ["good " * n for n in range(15)] + ["bad film", ""]
    answers = export.answer_texts(export.open_artifact(artifact), trained, texts)
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers, trained.predict(texts, verbose=0), atol=1e-5)
    pairs = (["good", "bad film", "a"], ["bad", "good film", "very good"])
    answers = export.answer_texts(export.open_artifact(str(artifact.path), num_threads=2), trained, pairs)
    np.testing.assert_allclose(answers, trained.predict(pairs, verbose=0), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["BertTextClassifier", "BertTokenClassifier", "BertTextEmbedder"])
def test_padding_changes_nothing(name, config, tokenizer, tmp_path):
    task = make_task(name, config, tokenizer)
    runner = export.open_artifact(export.to_onnx(task, tmp_path / "it.onnx"))
    rows = [tokenizer([text]) for text in ("good film", "the film was not very good", "")]
    lengths = [row["token_ids"].shape[1] for row in rows]
    padded = {
        name: np.concatenate(
            [np.pad(row[name], ((0, 0), (0, 12 - n))) for row, n in zip(rows, lengths, strict=True)]
        )
        for name in TOKEN_INPUTS
    }
    padded["token_ids"][padded["padding_mask"] == 0] = 7  # whatever stands there
    together = runner(padded)[task.output]
    for row, found, length in zip(rows, together, lengths, strict=True):
        alone = runner(row)[task.output][0]
        np.testing.assert_allclose(found[:length] if alone.ndim == 2 else found, alone, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "relative"), [*zip(["BertMultipleChoice", "BertMaskedLM"], RELATIVES, strict=True)]
)
@pytest.mark.filterwarnings("ignore:.*were truncated")
def test_relatives_of_bert(name, relative, config, tokenizer, tmp_path):
    config = BertConfig.from_dict(config.to_dict() | RELATIVES[relative])
    task = make_task(name, config, tokenizer)
    for i, weight in enumerate(task.weights):
        weight.assign(weight + np.random.default_rng(i).normal(size=weight.shape) * 0.3)
    artifact = export.to_onnx(task, tmp_path / "it.onnx")
    assert export.verify(task, artifact, sample_texts(task)).max_difference < 1e-5
    assert artifact.signatures["choose" if "Choice" in name else "fill"]["inputs"] == sorted(TOKEN_INPUTS)


def test_the_file_says_what_it_takes_and_returns(artifact, graph, trained):
    assert (artifact.format, artifact.recipe) == ("onnx", "float32")
    assert artifact.signatures == {"classify": {"inputs": sorted(TOKEN_INPUTS), "outputs": ["probabilities"]}}
    assert dimensions(graph.input) == {name: ["batch", "sequence"] for name in TOKEN_INPUTS}
    assert dimensions(graph.output) == {"probabilities": ["batch", 2]}
    model = onnx.load(artifact.path)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for path, weight in trained.named_weights().items():
        np.testing.assert_array_equal(weights[path], weight)


@pytest.mark.slow
def test_answers_at_tokens_have_their_names_and_axes(config, tokenizer, tmp_path):
    task = make_task("BertQuestionAnswerer", config, tokenizer)
    artifact = export.to_onnx(task, tmp_path / "it.onnx")
    axes = ["batch", "sequence"]
    assert dimensions(onnx.load(artifact.path).graph.output) == {"start": axes, "end": axes}
    tokens = tokenizer(["good film", "bad"])
    found = export.open_artifact(artifact)(tokens)
    for name, expected in task.answer_tokens(tokens).items():
        np.testing.assert_allclose(found[name], expected, atol=1e-5)


def test_what_runtimes_have_kernels_for_is_there_for_them(artifact, tmp_path):
    """ONNX Runtime's optimizer finds both GELUs; norms, maps and heads need no arithmetic of shapes."""
    assert artifact.ops["LayerNormalization"] == 5
    assert artifact.ops["Reshape"] == 9  # heads of 2 blocks, 4 each, and the pooler
    assert artifact.ops["Shape"] == 1  # of the positions
    assert not {"GlobalAveragePool", "ReduceMean", "Sqrt"} & set(artifact.ops)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
    onnxruntime.InferenceSession(str(artifact.path), options, providers=["CPUExecutionProvider"])
    kinds = [node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node]
    assert kinds.count("BiasGelu") == 2
    assert "Erf" not in kinds


STAND_ALONE = """
import sys, json
for name in ("kerasbert", "keras", "tensorflow", "onnx", "tf2onnx"):
    sys.modules[name] = None
import numpy as np
import onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
batch = {name: np.array(value, "int32") for name, value in json.loads(sys.argv[2]).items()}
print(json.dumps(session.run(["probabilities"], batch)[0].tolist()))
"""


def test_it_stands_alone(artifact, trained, texts):
    batch = {name: x.numpy().tolist() for name, x in trained.tokenizer(texts, max_length=16).items()}
    command = [sys.executable, "-c", STAND_ALONE, str(artifact.path), json.dumps(batch)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    np.testing.assert_allclose(json.loads(done.stdout), trained.predict(texts, verbose=0), atol=1e-5)


@pytest.mark.slow
def test_weights_take_no_part_in_the_conversion(trained, tmp_path, monkeypatch):
    """So it holds no copies of them."""
    sizes = []

    def spy(graph):
        sizes.extend(np.prod(tensor.dims) for tensor in graph.initializer)

    monkeypatch.setattr("kerasbert.export.onnx_files.simplify", spy)
    artifact = export.to_onnx(trained, tmp_path / "film.onnx")
    assert max(sizes) <= 4
    assert artifact.size_bytes > 4 * trained.count_params()


@pytest.mark.slow
def test_two_exports_give_one_file(artifact, trained, tmp_path):
    assert export.to_onnx(trained, tmp_path / "film.onnx").sha256 == artifact.sha256


def test_a_file_that_others_quantized_is_not_exact(artifact, trained, texts, tmp_path):
    quantization = pytest.importorskip("onnxruntime.quantization")
    quantization.quantize_dynamic(artifact.path, tmp_path / "int8.onnx")
    assert export.open_artifact(artifact).bits == 32
    assert export.open_artifact(tmp_path / "int8.onnx").bits == 8
    result = export.verify(trained, tmp_path / "int8.onnx", texts, max_mean_difference=0.05)
    assert result.max_difference > 1e-5


def test_benchmark_measures_it(artifact):
    result = export.benchmark(artifact, 19, lengths=(4, 16), threads=(1, 2), repeats=3)
    assert set(result.latency_ms) == {(n, length) for n in (1, 2) for length in (4, 16)}
    assert result.memory_bytes[1] > 0
    with pytest.raises(RuntimeError, match="max_sequence_length"):
        export.benchmark(artifact, 19, lengths=(17,), threads=(1,), repeats=3)


@pytest.mark.slow
def test_what_cannot_be_exported_is_an_error(trained, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"must end in `\.onnx`"):
        export.to_onnx(trained, tmp_path / "film")
    monkeypatch.setattr("kerasbert.export.onnx_files.LIMIT", 1000)
    with pytest.raises(ValueError, match="smaller than 2 GiB"):
        export.to_onnx(trained, tmp_path / "film.onnx")
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'kerasbert\[onnx\]'"):
        export.to_onnx(trained, tmp_path / "film.onnx")
    assert not list(tmp_path.iterdir())


def test_other_inputs_are_an_error(artifact):
    with pytest.raises(ValueError, match=r"must match one of the file.s signatures\..*classify"):
        export.open_artifact(artifact)({"text": ["good"]})


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("wrong", ["invalid", "operation of others", "name"])
def test_a_file_that_would_be_wrong_is_not_kept(wrong, trained, tmp_path, monkeypatch):
    path = tmp_path / "film.onnx"
    path.write_bytes(b"old")

    def spoil(graph):
        last = graph.node[-1]
        if wrong == "invalid":
            last.op_type = "Nonsense"
        elif wrong == "operation of others":
            last.domain = "com.microsoft"
        else:
            last.output[0] = graph.output[0].name = "Identity:0"

    monkeypatch.setattr("kerasbert.export.onnx_files.simplify", spoil)
    with pytest.raises(RuntimeError, match="The converted graph must be valid"):
        export.to_onnx(trained, path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["film.onnx"]


def renamed(path, target, names):
    """A copy whose inputs have other names and, as Hugging Face's, 64 bits."""
    model = onnx.load(path)
    for node in model.graph.node:
        node.input[:] = [f"{name}_32" if name in names else name for name in node.input]
    for value in model.graph.input:
        inputs, outputs = [names[value.name]], [f"{value.name}_32"]
        cast = onnx.helper.make_node("Cast", inputs, outputs, to=onnx.TensorProto.INT32)
        model.graph.node.insert(0, cast)
        value.name, value.type.tensor_type.elem_type = names[value.name], onnx.TensorProto.INT64
    onnx.save(model, target)
    return target


def test_files_of_others_are_measured_too(artifact, tmp_path):
    names = {"token_ids": "input_ids", "segment_ids": "token_type_ids", "padding_mask": "attention_mask"}
    path = renamed(artifact.path, tmp_path / "theirs.onnx", names)
    result = export.benchmark(path, 19, lengths=(4,), threads=(1,), repeats=3)
    assert result.size_bytes == path.stat().st_size
    assert result.latency_ms[1, 4] > 0
    path = renamed(artifact.path, tmp_path / "others.onnx", {name: f"the_{name}_1" for name in names})
    with pytest.raises(RuntimeError) as caught:
        export.benchmark(path, 19, lengths=(4,), threads=(1,), repeats=3)
    assert "the_padding_mask_1" in str(caught.value.__cause__)
