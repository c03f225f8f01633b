"""An encoder of a user's own class stays one wherever it is copied, with its arguments and its layers."""

import re

import keras
import numpy as np
import pytest
from conformance_cases import make_task

import kerasbert
from kerasbert import compression, explain, export, layers
from kerasbert.export.artifact import in_float32
from kerasbert.robustness import denoise
from kerasbert.robustness.denoising import WordReader

BATCH = {
    "token_ids": np.array([[2, 6, 7, 3]], "int32"),
    "words": np.array([[0, 1, 2, 3]], "int32"),
    "weight": np.ones((1, 4), "float32"),
}
BATCH |= {f"clean_{name}": BATCH[name] for name in ("token_ids", "words")}
TEXTS = ["good film", "a very bad film"]


@keras.saving.register_keras_serializable(package="tests")
class Rectified(kerasbert.BertEncoder):
    """An encoder with an argument and blocks that no other has."""

    def __init__(self, config, activation, **kwargs):
        super().__init__(config, **kwargs)
        self.activation = activation
        for block in self.blocks:
            block.feed_forward.activation = activation

    def get_config(self):
        return {**super().get_config(), "activation": self.activation}


@keras.saving.register_keras_serializable(package="tests")
class Mixing(Rectified):
    """One with another argument, and a layer between the embeddings and the blocks."""

    def __init__(self, config, scale, built=True, activation="relu", **kwargs):
        self.scale, self.built_early = scale, built
        super().__init__(config, activation, **kwargs)

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


class Calling(kerasbert.BertEncoder):
    """One that changes what its call returns."""

    def call(self, inputs, first_token_only=False, return_all=False, training=None):
        outputs = super().call(inputs, first_token_only, return_all, training)
        return {**outputs, "pooled_output": outputs["pooled_output"] ** 3}


class CallingTask(kerasbert.BertTextClassifier):
    """A task that changes its logits where only `predict` looks."""

    def call(self, inputs, training=None):
        return super().call(inputs, training) * 2


class CallingBlock(layers.EncoderBlock):
    """A block that normalises its input, so that its queries are not the projection of it."""

    def call(self, sequence, **kwargs):
        return super().call(self.attention_norm(sequence), **kwargs)


class CallingAttention(layers.SelfAttention):
    """Attention whose scores are others than those of its projections."""

    def call(self, sequence, **kwargs):
        return super().call(sequence * 2, **kwargs)


class CallingEmbeddings(layers.BertEmbeddings):
    """Embeddings that are scaled."""

    def call(self, token_ids, segment_ids=None, training=None):
        return super().call(token_ids, segment_ids, training) * 2


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


def with_encoder(encoder, tokenizer, task_class=kerasbert.BertTextClassifier):
    return task_class(encoder, tokenizer, ["bad", "good"])


def test_denoise_reads_what_it_read_before(config):
    reader = WordReader(Rectified(config, "relu"), 2)
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
    with pytest.warns(UserWarning, match=r"does not hold Mixing\.transform, and `from_preset` builds"):
        task.save_to_preset(tmp_path / "preset")
    with pytest.warns(UserWarning, match="has no place for encoder/mixing"):
        type(task).from_preset(tmp_path / "preset")


# === Methods that would be ignored ===


def refused(where, *overridden):
    names = ", ".join(map(repr, overridden))
    return pytest.raises(ValueError, match=rf"overridden=\[{re.escape(names)}\]\. In: {re.escape(where)}\.")


def test_denoise_refuses_what_it_would_not_call(task, config, tokenizer):
    with refused("denoise", "Mixing.transform"):
        denoise(task, TEXTS, verbose=0)
    with refused("denoise", "Calling.call"):
        denoise(with_encoder(Calling(config), tokenizer), TEXTS, verbose=0)


METHODS = [explain.integrated_gradients, explain.gradient_times_input, explain.occlusion]


@pytest.mark.parametrize("method", METHODS)
def test_explanations_call_transform_and_refuse_another_call(task, config, tokenizer, method):
    [explanation] = method(task, TEXTS[:1])
    probability = float(np.max(task.predict(TEXTS[:1], verbose=0)))
    assert explanation.value == pytest.approx(np.log(probability / (1 - probability)), abs=1e-4)
    calling = with_encoder(Calling(config), tokenizer)
    with refused("kerasbert.explain", "Calling.call"):
        method(calling, TEXTS)
    with refused("kerasbert.explain", "CallingTask.call"):
        method(with_encoder(kerasbert.BertEncoder(config), tokenizer, CallingTask), TEXTS)
    assert len(explain.attention(calling, TEXTS)) == 2  # it calls the encoder


@pytest.mark.tensorflow
def test_files_for_devices_refuse_another_call(config, tokenizer, tmp_path):
    pytest.importorskip("ai_edge_litert")
    with refused("to_tflite", "Calling.call"):
        export.to_tflite(with_encoder(Calling(config), tokenizer), tmp_path / "it.tflite")
    scaled = kerasbert.BertEncoder(config)
    scaled.embeddings.__class__ = CallingEmbeddings
    with refused("to_tflite", "CallingEmbeddings.call"):
        export.to_tflite(with_encoder(scaled, tokenizer), tmp_path / "it.tflite")


@pytest.mark.tensorflow
@pytest.mark.parametrize("write", [export.to_saved_model, export.to_tflite, export.to_onnx])
def test_exports_refuse_another_call_of_a_task(config, tokenizer, tmp_path, write):
    task = with_encoder(kerasbert.BertEncoder(config), tokenizer, CallingTask)
    with refused(write.__name__, "CallingTask.call"):
        write(task, tmp_path / "it")


@pytest.mark.parametrize("write", [export.to_huggingface, export.to_google, export.to_keras_hub])
def test_other_libraries_have_no_such_encoder(task, config, tokenizer, tmp_path, write):
    scaled = kerasbert.BertEncoder(config)
    scaled.embeddings.__class__ = CallingEmbeddings
    for encoder, *overridden in (
        (task.encoder, "Mixing.transform"),
        (Calling(config), "Calling.call"),
        (scaled, "CallingEmbeddings.call"),
    ):
        for model in encoder, with_encoder(encoder, tokenizer):
            with refused(write.__name__, *overridden):
                write(model, tmp_path / "it")


def test_distillation_refuses_what_it_would_not_call(config, tokenizer):
    student, teacher = (with_encoder(kerasbert.BertEncoder(config), tokenizer) for _ in range(2))
    block = teacher.encoder.blocks[-1]
    for layer, kind in ((block.attention, CallingAttention), (block, CallingBlock)):
        layer.__class__ = kind
        for part in "attention", "relation":
            with refused("Distiller", f"{kind.__name__}.call"):
                compression.Distiller(student, teacher, **{f"{part}_weight": 1.0})
    student = with_encoder(kerasbert.BertEncoder(config), tokenizer, CallingTask)
    teacher = with_encoder(kerasbert.BertEncoder(config), tokenizer, CallingTask)
    tokens = {"token_ids": BATCH["token_ids"]}
    assert compression.Distiller(student, teacher)(tokens)["logits"].shape == (1, 2)
    with refused("Distiller", "CallingTask.call"):
        compression.Distiller(student, teacher, hidden_weight=1.0)(tokens)
