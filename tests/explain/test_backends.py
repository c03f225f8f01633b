"""Explanations are the same on every backend of Keras; without gradients there is an error that says so."""

import json
import os
import subprocess
import sys

import keras
import pytest

from kerasbert import explain
from kerasbert.explain.gradients import gradient

TEXTS = ["what a good film!", "the film was very badly, not good"]
SHARES = """
import json, sys, keras
from kerasbert import explain
task, found = keras.saving.load_model(sys.argv[1]), {}
for name in ("integrated_gradients", "gradient_times_input", "occlusion", "attention"):
    every = getattr(explain, name)(task, json.loads(sys.argv[2]), "good")
    found[name] = [[token.attribution for token in explanation.tokens] for explanation in every]
print(json.dumps([keras.backend.backend(), found]))
"""


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_explanations_on_another_backend(random_classifier, tmp_path, backend):
    pytest.importorskip(backend)
    path = tmp_path / "film.keras"
    random_classifier.save(path)
    done = subprocess.run(
        [sys.executable, "-c", SHARES, path, json.dumps(TEXTS)],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    name, theirs = json.loads(done.stdout.splitlines()[-1])
    assert name == backend
    for method, rows in theirs.items():
        ours = getattr(explain, method)(random_classifier, TEXTS, "good")
        for explanation, shares in zip(ours, rows, strict=True):
            mine = [token.attribution for token in explanation.tokens]
            assert max(map(abs, mine)) > 1e-3
            assert mine == pytest.approx(shares, abs=2e-5)


def test_a_backend_without_gradients_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    with pytest.raises(ValueError, match=r"TensorFlow, JAX or PyTorch.*backend='numpy'"):
        gradient(lambda x: x, None)
