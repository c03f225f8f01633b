"""Without gradients there is an error that says so."""

import keras
import pytest

from kerasbert.explain.gradients import gradient


def test_a_backend_without_gradients_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"TensorFlow or PyTorch.*backend='jax'"):
        gradient(lambda x: x, None)
