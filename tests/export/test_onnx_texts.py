"""ONNX files that take text: code points to answers in one graph, for one task."""

import json

import numpy as np
import pytest
from text_cases import PAIRS, TEXTS
from wild_tasks import made

from kerasbert import export
from kerasbert.export.onnx_order import graphs
from kerasbert.export.text_benchmarks import TEXTS as TEXTS_FILE
from kerasbert.export.text_benchmarks import TOKENIZER as TOKENIZER_FILE
from kerasbert.export.text_benchmarks import write_onnx_texts
from kerasbert.export.text_files import check_tokens
from kerasbert.export.verification import VerificationError

# Long texts are among those of the cases, and `predict` warns of them.
pytestmark = pytest.mark.filterwarnings("ignore:.*were truncated:UserWarning")
onnx = pytest.importorskip("onnx", reason="pip install 'kerasbert[onnx]'")
pytest.importorskip("onnxruntime", reason="pip install 'kerasbert[onnx]'")
pytest.importorskip("tf2onnx", reason="pip install 'kerasbert[onnx]'")


@pytest.fixture(scope="module")
def film(trained, tmp_path_factory):
    return export.to_onnx(trained, tmp_path_factory.mktemp("onnx") / "film.onnx", text=True)


def test_a_file_answers_texts_alone(film, trained):
    runner = export.open_artifact(film.path)
    expected = trained.predict(TEXTS, verbose=0)
    with pytest.warns(UserWarning, match="1 of the 5 rows had a text .*max_sequence_length=16"):
        np.testing.assert_allclose(runner.predict(TEXTS), expected, atol=1e-5)
    assert film.signatures == runner.signatures
    assert film.signatures["classify_text"] == {
        "inputs": ["code_points"],
        "outputs": ["probabilities", "truncated"],
    }
    assert film.signatures["tokenize"]["outputs"] == [
        "ends",
        "padding_mask",
        "segment_ids",
        "starts",
        "token_ids",
    ]
    assert runner.tokenize("bad 😀 film")["ends"].tolist() == [[0, 3, 5, 10, 0]]
    assert export.verify(trained, film, TEXTS).max_difference < 1e-5


def test_what_the_file_says_of_itself(film, trained):
    description = export.describe(film)
    assert description == export.open_artifact(film).description()
    assert description["labels"] == list(trained.labels)
    assert description["signatures"] == film.signatures
    model = onnx.load(film.path)
    entries = {entry.key: entry.value for entry in model.metadata_props}
    assert entries["labels.txt"] == "bad\ngood\n"
    assert film.size_bytes == film.path.stat().st_size
    assert {node.domain for part in graphs(model.graph) for node in part.node} == {""}
    test = description["self_test"]
    inputs = {name: np.array(rows, "int32") for name, rows in test["inputs"].items()}
    found = export.open_artifact(film).run_texts(test["signature"], inputs)
    for name, expected in test["outputs"].items():
        np.testing.assert_allclose(found[name], expected, atol=1e-6)


def test_what_a_file_does_not_take(film, trained):
    runner = export.open_artifact(film)
    with pytest.raises(RuntimeError, match="ONNX Runtime"):
        runner.run_texts("classify_text", {"code_points": np.full((2, 4), 97, "int32")})
    with pytest.raises(ValueError, match="a signature `classify_text_pair`"):
        runner.predict(PAIRS)
    with pytest.raises(ValueError, match="must match one of the file"):
        runner(trained.tokenizer(["good film"]))
    with pytest.raises(ValueError, match="a signature `tokenize_pair`"):
        runner.tokenize("a", "b")


def test_a_benchmark_goes_from_text_to_answer(film, tmp_path):
    result = export.benchmark(film, 19, lengths=(5, 16), threads=(1,), repeats=3)
    assert result.from_text
    assert result.tokenizer_ms.keys() == result.latency_ms.keys() == {(1, 5), (1, 16)}
    assert 0 < result.tokenizer_ms[1, 16] < result.latency_ms[1, 16]
    assert write_onnx_texts(film.path, (5, 16), tmp_path)
    alone = onnx.load(tmp_path / TOKENIZER_FILE).graph  # without the model
    assert "MatMul" in film.ops
    assert "MatMul" not in {node.op_type for part in graphs(alone) for node in part.node}
    runner = export.open_artifact(film)
    for length, inputs in json.loads((tmp_path / TEXTS_FILE).read_text()).items():
        arrays = {name: np.array(rows, "int32") for name, rows in inputs.items()}
        assert runner.run_texts("tokenize", arrays)["token_ids"].shape == (1, int(length))
    with pytest.raises(ValueError, match="lengths that its texts can have"):
        export.benchmark(film, 19, lengths=(17,), threads=(1,), repeats=3)


def test_other_tokens_are_told(film, trained):
    class Other:
        tokenizer = type(trained.tokenizer)(list(trained.tokenizer.vocabulary), lowercase=False)
        max_sequence_length = trained.max_sequence_length
        endpoint = "classify"

    with pytest.raises(VerificationError, match="tokens of the file must be those of the task"):
        check_tokens(Other, export.open_artifact(film), ["Good film"])


def test_what_is_refused(trained, tmp_path, tokenizer):
    path = tmp_path / "it.onnx"
    with pytest.raises(ValueError, match="`pairs` is for files that take text"):
        export.to_onnx(trained, path, pairs=True)
    tagger = made("BertTokenClassifier", tokenizer, labels=["O", "B-X"])
    with pytest.raises(ValueError, match="classifiers and embedders"):
        export.to_onnx(tagger, path, text=True, pairs=True)
    assert not path.exists()
