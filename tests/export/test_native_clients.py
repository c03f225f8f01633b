"""The programs of examples/clients: each answers the texts of make_vectors.py as Python does."""

import pathlib
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("ai_edge_litert", reason="pip install 'kerasbert[tflite]'")
pytestmark = pytest.mark.slow
CLIENTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "clients"


@pytest.fixture(scope="module")
def vectors(minilm, tmp_path_factory):
    """The folder that make_vectors.py writes, of small models."""
    folder = tmp_path_factory.mktemp("vectors")
    code, _, errors = run(sys.executable, CLIENTS / "make_vectors.py", folder, "--small")
    assert code == 0, errors
    return folder


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr[-2000:]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The program in C++, built by CMake."""
    if not (shutil.which("cmake") and shutil.which("c++")):
        pytest.skip("this needs cmake and a C++ compiler")
    folder = tmp_path_factory.mktemp("cpp")
    python = f"-DPython3_EXECUTABLE={sys.executable}"
    for command in (["cmake", "-S", CLIENTS / "cpp", "-B", folder, python], ["cmake", "--build", folder]):
        code, _, errors = run(*command)
        assert code == 0, errors
    return folder / "kerasbert"


@pytest.mark.parametrize(
    ("script", "models"),
    [("cpp/test.sh", 4), ("cpp/test_arm64.sh", 4), ("android/test.sh", 4), ("python/test.sh", 8)],
)
def test_answers(script, models, vectors, monkeypatch):
    monkeypatch.setenv("PYTHON", sys.executable)
    code, output, errors = run(CLIENTS / script, vectors)
    if code == 77:
        pytest.skip(output)
    assert code == 0, output + errors
    assert output.count("rows, the largest difference") == models


def test_cpp_takes_arguments_and_says_what_is_wrong(vectors, program, tmp_path):
    code, output, _ = run(program, vectors / "assistant.tflite", "wake me\nat 7", "now")
    assert code == 0
    assert output.startswith("{")
    for arguments, message in (
        ([tmp_path / "none.tflite", "x"], "cannot be opened"),
        ([__file__, "x"], "a file that takes text is needed"),
        ([vectors / "questions.tflite", "one text"], "a question and a context are needed"),
        ([vectors / "entities.tflite", "two", "texts"], "one text is needed"),
    ):
        code, output, errors = run(program, *arguments)
        assert (code, output) == (1, "")
        assert message in errors
