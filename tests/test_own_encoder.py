"""An encoder of a user's own class stays one wherever it is copied, with its arguments and its layers."""

import keras
import numpy as np
import pytest
from conformance_cases import make_task

import kerasbert
from kerasbert import compression
from kerasbert.export.artifact import in_float32
from kerasbert.robustness.denoising import WordReader

BATCH = {
    "token_ids": np.array([[2, 6, 7, 3]], "int32"),
    "words": np.array([[0, 1, 2, 3]], "int32"),
    "weight": np.ones((1, 4), "float32"),
}
BATCH |= {f"clean_{name}": BATCH[name] for name in ("token_ids", "words")}


@keras.saving.register_keras_serializable(package="tests")
class Mixing(kerasbert.BertEncoder):
    """An encoder with an argument, a layer and blocks that no other has."""

    def __init__(self, config, scale, built=True, **kwargs):
        self.scale, self.built_early = scale, built
        super().__init__(config, **kwargs)
        for block in self.blocks:
            block.feed_forward.activation = "relu"

    def build(self, inputs_shape):
        super().build(inputs_shape)
        width = self.config.hidden_dim
        self.mixing = keras.layers.Dense(width, name="mixing", dtype=self.dtype_policy)
        if self.built_early:
            self.mixing.build((None, width))

    def transform(self, vectors, *args, **kwargs):
        return super().transform(self.scale * self.mixing(vectors), *args, **kwargs)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "built": self.built_early}


@pytest.fixture
def make(config, tokenizer):
    def make(dtype=None, **arguments):
        task = make_task("BertTextClassifier", config, tokenizer, dtype=dtype)
        encoder = Mixing(config, 0.5, dtype=dtype, **arguments)
        return type(task)(encoder, tokenizer, task.labels, dtype=dtype)

    return make


@pytest.fixture
def task(make):
    return make()


def answers(task):
    return np.asarray(task({"token_ids": BATCH["token_ids"]}))


@pytest.mark.parametrize("built", [True, False])
def test_denoise_reads_what_it_read_before(make, built):
    reader = WordReader(make(built=built).encoder, 2)
    assert float(reader.compute_loss(BATCH, y_pred=reader(BATCH))) == 0
    clipped = {**BATCH, "token_ids": np.array([[2, 6, 6, 3]], "int32")}
    assert float(reader.compute_loss(clipped, y_pred=reader(clipped))) > 0


def test_a_smaller_task_has_its_encoder(task, tokenizer):
    task.encoder.freeze(1)
    task.compile()
    texts, labels = ["good film", "bad", "a film"], ["good", "bad", "good"]
    whole = compression.drop_layers(task, 2)
    for smaller in (
        whole,
        compression.drop_layers(task, 1),
        compression.trim_vocabulary(task, texts),
        compression.prune(task, texts, labels, heads=0.5, units=0.5),
    ):
        assert isinstance(smaller.encoder, Mixing)
        assert smaller.encoder.scale == 0.5
        assert all(weight.trainable for weight in smaller.encoder.weights)
        np.testing.assert_array_equal(smaller.encoder.mixing.kernel, task.encoder.mixing.kernel)
    np.testing.assert_allclose(answers(whole), answers(task), atol=1e-6)


def test_layers_that_are_built_late_are_not_lost(make):
    task = make(built=False)
    answers(task)
    with pytest.raises(ValueError, match="Build the layers that your class adds in its `build`") as error:
        compression.drop_layers(task, 1)
    assert "encoder/mixing/kernel" in str(error.value)


@pytest.mark.tensorflow
def test_an_export_in_float32_has_its_encoder(make):
    task = make("mixed_bfloat16")
    copy = in_float32(task)
    assert isinstance(copy.encoder, Mixing)
    np.testing.assert_array_equal(copy.encoder.mixing.kernel, task.encoder.mixing.kernel)


def test_files(task, tmp_path):
    """A `.keras` file keeps the class; a preset names none, and says what it has no place for."""
    task.save(tmp_path / "task.keras")
    np.testing.assert_array_equal(answers(keras.saving.load_model(tmp_path / "task.keras")), answers(task))
    task.save_to_preset(tmp_path / "preset")
    with pytest.warns(UserWarning, match="has no place for encoder/mixing"):
        type(task).from_preset(tmp_path / "preset")
