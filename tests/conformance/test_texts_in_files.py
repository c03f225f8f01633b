"""A file that takes text answers as `predict` of its task, in a process with its runtime and numpy alone."""

import importlib
import pathlib
import re

import numpy as np
import pytest
from answers import same_answers
from conformance_cases import EXPORTED, make_wild_task, sample_texts, slow_but
from lone import RUNTIMES, run_alone
from piece_models import LINES, train

from kerasbert import BertConfig, SentencePieceTokenizer, export
from kerasbert.data import sentence_spans
from kerasbert.export.onnx_order import graphs
from kerasbert.export.text_graphs import BY_ENDPOINT, rows_of_texts
from kerasbert.export.text_graphs.fixed import CHARACTERS, KINDS

onnx = pytest.importorskip("onnx", reason="pip install 'kerasbert[onnx]'")
for module in ("ai_edge_litert", "tf2onnx", "onnxruntime"):
    pytest.importorskip(module, reason="pip install 'kerasbert[tflite,onnx]'")
pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*were truncated:UserWarning"),
]
ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of fixed shapes: one for more characters than any text below has, one for as many tokens as models take.
LENGTH, TOKENS = 64, 16
# With tokenizers of SentencePiece.
MANY_LANGUAGES, BYTES = "BertTextEmbedder of many languages", "BertTokenClassifier of bytes"
PIECES = {
    MANY_LANGUAGES: {},
    BYTES: {"byte_fallback": True, "character_coverage": 0.98, "vocab_size": 560, "model_type": "bpe"},
}


@pytest.fixture(scope="module", params=slow_but(("BertTokenClassifier",), [*EXPORTED, *PIECES]))
def task(request, config, tokenizer, tmp_path_factory):
    if request.param not in PIECES:
        return make_wild_task(request.param, config, tokenizer)
    pytest.importorskip("sentencepiece")
    path = train(tmp_path_factory.mktemp("pieces") / "it", **PIECES[request.param])
    tokenizer = SentencePieceTokenizer.from_file(path)
    wide = BertConfig.from_dict(config.to_dict() | {"vocabulary_size": tokenizer.vocabulary_size})
    return make_wild_task(request.param.partition(" of ")[0], wide, tokenizer)


def texts_of(task):
    """What a task takes; English, German, Chinese, Arabic and others if its tokenizer knows them."""
    many = isinstance(task.tokenizer, SentencePieceTokenizer)
    return [*LINES, *sample_texts(task)] if many else sample_texts(task)


@pytest.fixture(scope="module")
def files(task, tmp_path_factory):
    """Both files of a task, in float32."""
    folder = tmp_path_factory.mktemp("texts")
    lengths = (LENGTH, TOKENS) if task.endpoint in KINDS else ()
    pairs = task.endpoint == "classify" and isinstance(texts_of(task), tuple)
    return {
        "tflite": export.to_tflite(
            task, folder / "it.tflite", "float32", text=True, lengths=lengths, verify=False
        ),
        "onnx": export.to_onnx(task, folder / "it.onnx", text=True, pairs=pairs, verify=False),
    }


@pytest.mark.parametrize("format", RUNTIMES)
def test_a_process_with_the_runtime_alone_answers_as_predict(format, task, files, tmp_path):
    x = texts_of(task)
    rows = [list(row) for row in rows_of_texts(task.endpoint, x)]
    if task.endpoint == "summarize":
        rows = [[[text[slice(*span)] for span in spans] or [""]] for text, spans in sentence_spans(x)]
    client = ROOT / "examples/clients/python"
    found = run_alone(format, tmp_path, "client.py", client, files[format].path, [task.endpoint, rows])
    expected = task.predict(x, verbose=0)
    assert len(found) == len(expected) > 2
    if task.endpoint == "classify":
        assert [*found[0]] == list(task.labels)
        found = [[*row.values()] for row in found]
    elif task.endpoint == "summarize":
        found = [[row[i] for i in summary.indices] for row, summary in zip(found, expected, strict=True)]
        expected = [list(summary.scores) for summary in expected]
    elif task.endpoint in ("tag", "answer"):
        expected = [_fields(row) for row in expected]
        assert sum(map(len, found)) > 3
    same_answers(_values(found), _values(expected))


def _fields(row):
    """Entities or an answer as the client's dicts."""
    if isinstance(row, list):
        return [_fields(entity) for entity in row]
    fields = {name: value for name, value in vars(row).items() if "word" not in name}
    if "null_score" in fields:  # of a context without tokens
        fields["null_score"] = min(fields["null_score"], float(np.finfo("float32").max))
    return fields


def _values(answers):
    """Dicts as lists of what they hold, in the order of its names."""
    if isinstance(answers, dict):
        return [answers[name] for name in sorted(answers)]
    if isinstance(answers, (list, tuple)):
        return [_values(answer) for answer in answers]
    return answers


@pytest.mark.parametrize("format", RUNTIMES)
def test_tokens_and_answers_are_those_of_the_task(format, task, files):
    x, artifact = texts_of(task), files[format]
    assert export.verify(task, artifact, x).max_difference < 1e-5
    runner = export.open_artifact(artifact)
    same_answers(runner.predict(x), task.predict(x, verbose=0))
    none = ([], []) if isinstance(x, tuple) else []
    assert np.shape(runner.predict(none)) == np.shape(task.predict(none, verbose=0))
    if format == "tflite":
        assert artifact.partitions == 1
        names = {task.endpoint, f"{task.endpoint}_text", "tokenize", "tokenize_pair"}
        assert names <= artifact.signatures.keys()
    else:  # loops read the weights from around them, and do not hand them on as states
        parts = graphs(onnx.load(artifact.path).graph)
        assert max(len(node.input) for part in parts for node in part.node if node.op_type == "Loop") < 12


def test_shapes_can_be_fixed(task, files, tmp_path):
    if task.endpoint not in KINDS:
        pytest.skip("a file of this task has no fixed lengths")
    rows = [
        BY_ENDPOINT[task.endpoint].inputs(task.endpoint, row)
        for row in rows_of_texts(task.endpoint, texts_of(task))
    ]
    rows = [[signature, {name: row.tolist() for name, row in inputs.items()}] for signature, inputs in rows]
    sizes = map(str, (LENGTH, TOKENS))
    path = files["tflite"].path
    worst = run_alone("tflite", tmp_path, "fixed_shapes.py", path, task.endpoint, *sizes, rows)
    assert worst < 1e-6


# Of what models have, the operations that TensorFlow's GPU delegate takes, by its gpu_compatibility.cc.
ON_GPUS = {"ADD", "BATCH_MATMUL", "FULLY_CONNECTED", "GELU", "MEAN", "MUL", "RELU", "RESHAPE", "RSQRT"}
ON_GPUS |= {"SOFTMAX", "SQUARED_DIFFERENCE", "STRIDED_SLICE", "SUB", "SUM", "TANH", "TRANSPOSE"}


def test_the_encoder_of_fixed_shape_has_what_a_gpu_delegate_takes(task, files):
    if task.endpoint not in KINDS:
        pytest.skip("a file of this task has no fixed lengths")
    schema = importlib.import_module("ai_edge_litert.schema_py_generated")
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(files["tflite"].path.read_bytes(), 0))
    key = f"{task.endpoint}_{TOKENS}".encode()
    (number,) = (s.subgraphIndex for s in model.signatureDefs if s.signatureKey == key)
    graph = model.subgraphs[number]
    ops = [(names[model.operatorCodes[op.opcodeIndex].builtinCode], op) for op in graph.operators]
    kinds = [name for name, _ in ops]
    last = len(kinds) - kinds[::-1].index("SQUARED_DIFFERENCE")  # of the last normalization
    encoder = ops[kinds.index("MEAN") : last]  # behind the sum of the embeddings
    assert len(encoder) > 20
    assert {name for name, _ in encoder} - ON_GPUS == set()
    slices = [op for name, op in encoder if name == "STRIDED_SLICE"]
    assert all(len(graph.tensors[op.inputs[0]].shape) > 2 for op in slices)
    assert not any(-1 in (t.shapeSignature if t.shapeSignature is not None else ()) for t in graph.tensors)


# Inputs that take several rows: choices, and sentences.
ROWS = {"choose_text": "pair_code_points", "summarize_text": "code_points"}


@pytest.mark.parametrize("format", RUNTIMES)
def test_two_rows_are_refused(format, task, files):
    runner, refused = export.open_artifact(files[format]), []
    for signature, names in runner.signatures.items():
        one = {name: _row(signature, name) for name in names["inputs"]}
        two = {name: np.repeat(row, 2, axis=0) for name, row in one.items()}
        # An ONNX file has one graph, tokens and all.
        free = ROWS.get(f"{task.endpoint}_text" if format == "onnx" else signature)
        _run(runner, signature, one)
        for name in names["inputs"]:
            if name != free:
                with pytest.raises((ValueError, RuntimeError)):
                    _run(runner, signature, one | {name: two[name]})
                refused.append((signature, name))
        if set(names["inputs"]) != {free}:
            with pytest.raises((ValueError, RuntimeError)):
                _run(runner, signature, two)
    assert refused or (format, task.endpoint) == ("onnx", "summarize")


def _row(signature, name):
    """One row of what an input takes."""
    length = re.search(r"_(\d+)$", signature)
    size = int(length[1]) if length else 4
    if "code_points" in name:
        return np.full((1, CHARACTERS * size if length else size), 97, "int32")
    return np.full((1, size), {"token_ids": 5, "padding_mask": 1}.get(name, 0), "int32")


def _run(runner, signature, inputs):
    if "code_points" in inputs:
        return runner.run_texts(signature, inputs)
    return runner._interpreter.get_signature_runner(signature)(**inputs)  # without the runner's own checks
