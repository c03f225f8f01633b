"""TFLite files that take text: a process that has the runtime alone gets the answers of the task."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from text_cases import PAIRS, TASKS, TEXTS, same
from wild_tasks import made

import kerasbert
from kerasbert import export
from kerasbert.export.text_files import check_tokens
from kerasbert.export.text_graphs import BY_ENDPOINT
from kerasbert.export.text_graphs.fixed import KINDS
from kerasbert.export.verification import VerificationError

# Long texts are among those below, and `predict` warns of them.
pytestmark = pytest.mark.filterwarnings("ignore:.*were truncated:UserWarning")
pytest.importorskip("ai_edge_litert", reason="pip install 'kerasbert[tflite]'")
# What a client does, with LiteRT and numpy alone.
CLIENT = """
import json, sys, zipfile
for name in ("tensorflow", "keras", "kerasbert"):
    sys.modules[name] = None
import numpy as np
from ai_edge_litert.interpreter import Interpreter
path, rows = sys.argv[1], json.loads(sys.argv[2])
task = json.loads(zipfile.ZipFile(path).read("task.json"))
model = Interpreter(path)

def code_points(texts):
    table = np.zeros((len(texts), max(map(len, texts)) + 2), "int32")  # zeros are padding
    for line, text in zip(table, texts):
        line[: len(text)] = [*map(ord, text)]
    return table

def answer(signature, inputs):
    return {name: value.tolist() for name, value in model.get_signature_runner(signature)(**inputs).items()}

test = task["self_test"]
found = answer(test["signature"], {k: np.array(v, "int32") for k, v in test["inputs"].items()})
for name, expected in test["outputs"].items():
    assert np.allclose(found[name], expected, atol=test["tolerance"])
print(json.dumps([task, [answer(s, {k: code_points(v) for k, v in i.items()}) for s, i in rows]]))
"""


def by_client(path, rows):
    """Outputs of rows: a signature, and by name the texts of each input."""
    command = [sys.executable, "-c", CLIENT, str(path), json.dumps(rows)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def text_file(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "film.tflite"
    return export.to_tflite(trained, path, "float32", text=True)


@pytest.fixture(scope="module")
def tasks(tokenizer, tmp_path_factory):
    """A function that returns the task of a name and its file, converted at the first call."""
    found, folder = {}, tmp_path_factory.mktemp("texts")

    def get(name):
        if name not in found:
            kind, arguments, _ = TASKS[name]
            task = made(kind, tokenizer, **arguments)
            path = folder / f"{name}.tflite"
            lengths = (4, 16) if task.endpoint in KINDS else ()
            artifact = export.to_tflite(task, path, "float32", text=True, lengths=lengths, verify=False)
            found[name] = task, artifact
        return found[name]

    return get


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_every_task_answers_texts_by_its_file_alone(name, tasks):
    task, artifact = tasks(name)
    x = TASKS[name][2]
    same(export.open_artifact(artifact).predict(x), task.predict(x, verbose=0))
    assert artifact.partitions == 1
    assert {task.endpoint, f"{task.endpoint}_text", "tokenize", "tokenize_pair"} <= artifact.signatures.keys()


def test_a_client_finds_entities(tasks):
    task, artifact = tasks("tag")
    description, rows = by_client(artifact.path, [("tag_text", {"code_points": [text]}) for text in TEXTS])
    found = [
        [
            (text[start:end], description["types"][kind], start, end)
            for start, end, kind in zip(row["start"][0], row["end"][0], row["type"][0], strict=True)
        ]
        for text, row in zip(TEXTS, rows, strict=True)
    ]
    expected = task.predict(TEXTS, verbose=0)
    assert sum(map(len, expected)) > 3
    assert found == [[(e.text, e.type, e.start, e.end) for e in row] for row in expected]


def test_a_client_with_the_runtime_alone_answers_as_predict(trained, text_file):
    task, rows = by_client(text_file.path, [("classify_text", {"code_points": [text]}) for text in TEXTS])
    found = np.concatenate([row[task["output"]] for row in rows])
    np.testing.assert_allclose(found, trained.predict(TEXTS, verbose=0), atol=1e-5)
    assert [row["truncated"] for row in rows] == [[0], [0], [0], [0], [1]]
    assert task["labels"] == list(trained.labels)
    assert task == export.describe(text_file)


def test_signatures_may_be_called_in_any_order(trained, text_file):
    runner, expected = export.open_artifact(text_file), trained.predict(TEXTS, verbose=0)
    for _ in range(5):
        for text, row in zip(TEXTS, expected, strict=True):
            np.testing.assert_allclose(runner.predict([text])[0], row, atol=1e-5)
            tokens = runner.tokenize(text)
            found = runner({name: tokens[name] for name in ("token_ids", "segment_ids", "padding_mask")})
            np.testing.assert_allclose(found["probabilities"][0], row, atol=1e-5)
    x = [*zip(*PAIRS, strict=True)]
    np.testing.assert_allclose(runner.predict(PAIRS), trained.predict(PAIRS, verbose=0), atol=1e-5)
    check_tokens(trained, runner, [*TEXTS, *x])
    with pytest.warns(UserWarning, match="1 of the 5 rows were longer than max_sequence_length=16 tokens"):
        runner.predict(TEXTS)


VALUES = {"token_ids": 5, "segment_ids": 0, "padding_mask": 1}
# Inputs that take several rows: choices, and sentences.
ROWS = {("choose_text", "pair_code_points"), ("summarize_text", "code_points")}


@pytest.mark.parametrize("name", ["classify", *TASKS])
def test_two_rows_are_refused(name, tasks, text_file):
    artifact = text_file if name == "classify" else tasks(name)[1]
    runner = export.open_artifact(artifact)
    interpreter, refused = runner._interpreter, []
    for signature, names in runner.signatures.items():
        run = interpreter.get_signature_runner(signature)
        one = {key: np.full((1, 4), VALUES.get(key, 97), "int32") for key in names["inputs"]}
        run(**one)
        for key in names["inputs"]:
            if (signature, key) not in ROWS:
                with pytest.raises((ValueError, RuntimeError)):
                    run(**one | {key: np.repeat(one[key], 2, axis=0)})
                refused.append((signature, key))
        if signature not in dict(ROWS):
            with pytest.raises((ValueError, RuntimeError)):
                run(**{key: np.repeat(row, 2, axis=0) for key, row in one.items()})
    assert len(refused) >= 6


def test_the_file_serves_tokens_like_any_other(trained, text_file):
    verification = export.verify(trained, text_file, TEXTS)
    assert verification.max_difference < 1e-5
    assert text_file.partitions == 1
    assert text_file.size_bytes == text_file.path.stat().st_size


def test_benchmark_measures_the_tokenizer_too(text_file):
    result = export.benchmark(text_file, 19, lengths=(2, 16), threads=(1,), repeats=3)
    assert result.tokenizer_ms.keys() == result.latency_ms.keys() == {(1, 2), (1, 16)}
    assert min(result.tokenizer_ms.values()) > 0


@pytest.mark.slow
def test_quantized_files(trained, tmp_path):
    plain = export.to_tflite(trained, tmp_path / "plain.tflite")
    artifact = export.to_tflite(trained, tmp_path / "text.tflite", text=True)
    found = export.open_artifact(artifact).predict(TEXTS)
    np.testing.assert_array_equal(found, trained.predict_with(export.open_artifact(plain), TEXTS))
    with zipfile.ZipFile(artifact.path) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.read("labels.txt") == b"bad\ngood\n"
    again = export.to_tflite(trained, tmp_path / "again.tflite", text=True)
    assert again.sha256 == artifact.sha256


def test_other_tokens_are_told(trained, text_file):
    class Other:
        tokenizer = kerasbert.BertTokenizer(list(trained.tokenizer.vocabulary), lowercase=False)
        max_sequence_length = trained.max_sequence_length
        endpoint = "classify"

    with pytest.raises(VerificationError, match="tokens of the file must be those of the task"):
        check_tokens(Other, export.open_artifact(text_file), ["Good film"])


def test_what_is_refused(int8):
    with pytest.raises(ValueError, match="description of themselves"):
        export.open_artifact(int8).predict(["a text"])
    with pytest.raises(ValueError, match="can answer texts"):
        export.open_artifact(int8).tokenize("a text")
    with pytest.raises(ValueError, match="description of themselves"):
        export.describe(int8)


def run_compiled(model, name, inputs, like):
    """Runs a signature where nothing can be resized; its outputs are `like` these."""
    given = {key: model.create_input_buffer_by_name(name, key) for key in inputs}
    for key, row in inputs.items():
        given[key].write(row)
    outputs = {key: model.create_output_buffer_by_name(name, key) for key in like}
    model.run_by_name(name, given, outputs)
    return {key: outputs[key].read(value.size, value.dtype.type) for key, value in like.items()}


@pytest.mark.parametrize("name", ["tag", "answer", "embed", "pairs"])
def test_fixed_lengths_run_where_nothing_can_be_resized(name, tasks):
    compiled_model = pytest.importorskip("ai_edge_litert.compiled_model")
    task, artifact = tasks(name)
    model = compiled_model.CompiledModel.from_file(str(artifact.path))
    runner, x = export.open_artifact(artifact), TASKS[name][2]
    for length in (16, 4):
        size = 8 * length
        for row in x if name in ("tag", "embed") else zip(*x, strict=True):
            row = tuple(text[:size] for text in ([row] if isinstance(row, str) else row))
            signature, inputs = BY_ENDPOINT[task.endpoint].inputs(task.endpoint, row)
            expected = runner.run_texts(signature, inputs)
            inputs = {
                key: np.pad(value, ((0, 0), (0, size - value.shape[1]))) for key, value in inputs.items()
            }
            if name == "tag":  # zeros behind the entities
                expected = {k: np.pad(v, ((0, 0), (0, size - v.shape[1]))) for k, v in expected.items()}
            found = run_compiled(model, f"{signature}_{length}", inputs, expected)
            for key, value in expected.items():
                np.testing.assert_allclose(found[key], value.reshape(-1), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lengths": (4,)}, "`text=True`"),
        ({"lengths": (4, 4), "text": True}, "different"),
        ({"lengths": (4,), "text": True, "recipe": "static_wi8_ai8"}, "calibration"),
    ],
)
def test_lengths_that_are_refused(arguments, message, trained, tmp_path):
    with pytest.raises(ValueError, match=message):
        export.to_tflite(trained, tmp_path / "it.tflite", **arguments)
