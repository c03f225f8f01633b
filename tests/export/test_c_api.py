"""A SavedModel without Python: a C program, against the library and the headers in TensorFlow's wheel."""

import os
import pathlib
import shutil
import subprocess

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text
from tensorflow.python.saved_model import loader_impl

SOURCE = pathlib.Path(__file__).with_name("run_saved_model.c")
TEXT_LIBRARIES = sorted((pathlib.Path(tensorflow_text.__file__).parent / "python" / "ops").glob("*.so"))


@pytest.fixture(scope="module")
def run(saved_model, tmp_path_factory):
    """Returns a function that runs a signature in the C program."""
    folder, compiler = tmp_path_factory.mktemp("c"), shutil.which("cc") or shutil.which("gcc")
    # libtensorflow_cc exports sessions, graphs and strings; libtensorflow_framework tensors and status.
    library = pathlib.Path(tf.sysconfig.get_lib())
    libraries = [*library.glob("libtensorflow_cc.so.*"), *library.glob("libtensorflow_framework.so.*")]
    if compiler is None or len(libraries) != 2:
        pytest.skip("this needs a C compiler (cc or gcc), and TensorFlow's wheel for Linux")
    program = folder / "run_saved_model"
    options = [f"-I{tf.sysconfig.get_include()}", *libraries, f"-Wl,-rpath,{library}", "-o", program]
    subprocess.run([compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", SOURCE, *options], check=True)
    graph = loader_impl.parse_saved_model(str(saved_model.path)).meta_graphs[0]

    def run(name, output, inputs, libraries=TEXT_LIBRARIES):
        signature, arguments = graph.signature_def[name], []
        for key, lines in inputs.items():
            file = folder / (f"{key}.txt" if signature.inputs[key].dtype == tf.string else key)
            file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
            arguments.append(f"{signature.inputs[key].name}={file}")
        options = [f"--library={path}" for path in libraries]
        command = [program, saved_model.path, signature.outputs[output].name, *options, *arguments]
        quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        return subprocess.run(command, capture_output=True, text=True, env=quiet)

    return run


def numbers(done):
    assert done.returncode == 0, done.stderr[-3000:]
    return np.array(done.stdout.split(), "float32").reshape(-1, 2)


@pytest.mark.slow
def test_texts(run, trained, texts):
    found = numbers(run("serving_default", "probabilities", {"text": texts}))
    np.testing.assert_allclose(found, trained.predict(texts, verbose=0), atol=1e-5)


@pytest.mark.slow
def test_pairs(run, trained, texts):
    found = numbers(run("classify_pair", "probabilities", {"text": texts, "text_pair": texts[::-1]}))
    np.testing.assert_allclose(found, trained.predict((texts, texts[::-1]), verbose=0), atol=1e-5)


@pytest.mark.slow
def test_tokens(run, trained, texts):
    tokens = trained.tokenizer(texts, max_length=16)
    rows = {name: [" ".join(map(str, row)) for row in value.numpy()] for name, value in tokens.items()}
    found = numbers(run("classify_tokens", "probabilities", rows))
    np.testing.assert_allclose(found, trained.predict(texts, verbose=0), atol=1e-5)


@pytest.mark.slow
def test_even_tokens_need_the_operations_of_tensorflow_text(run):
    row = {name: ["2 3"] for name in ("token_ids", "segment_ids", "padding_mask")}
    done = run("classify_tokens", "probabilities", row, libraries=[])
    assert done.returncode == 1
    assert "Op type not registered" in done.stderr
